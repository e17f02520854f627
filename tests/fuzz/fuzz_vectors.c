/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a file of vectors: refused with errors of one line each, or played; what is counted
 * adds up, and the report is JSON whatever names and texts the file brings.
 *
 * The first byte chooses the options and how many bytes a read brings, so that lines come in parts.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
	const uint8_t *at;
	size_t left, part;
};

struct written {
	char *bytes;
	size_t size, room;
};

static void
check(int condition)
{
	if (!condition)
		abort();
}

static ptrdiff_t
read_part(void *ctx, void *bytes, size_t size, const char **why)
{
	struct source *source = ctx;
	size_t part = source->part < size ? source->part : size;

	(void)why;
	if (part > source->left)
		part = source->left;
	memcpy(bytes, source->at, part);
	source->at += part;
	source->left -= part;
	return (ptrdiff_t)part;
}

static void
keep(void *ctx, const char *text, size_t size)
{
	struct written *written = ctx;

	while (written->room < written->size + size + 1) {
		written->room = written->room == 0 ? 4096 : 2 * written->room;
		written->bytes = realloc(written->bytes, written->room);
		check(written->bytes != NULL);
	}
	memcpy(written->bytes + written->size, text, size);
	written->size += size;
}

static void
check_counts(const struct conform_report *report)
{
	const struct conform_family *total = &report->total;
	uint64_t cases = 0;
	unsigned i;

	check(total->cases == total->agree + total->differ + total->unsupported);
	for (i = 0; i < report->families; i++) {
		cases += report->family[i].cases;
		check(i == 0 || strcmp(report->family[i - 1].name, report->family[i].name) < 0);
	}
	check(report->families == CONFORM_FAMILIES_MAX ? cases <= total->cases :
	    cases == total->cases);
	for (i = 0; i < report->errors; i++)
		check(report->error[i][0] != '\0' && strchr(report->error[i], '\n') == NULL);
	for (i = 0; i < report->differences; i++)
		check(report->difference[i].fields != 0);
}

static void
check_written(const struct conform_report *report)
{
	static const struct conform_options all = { .show = 3 };
	struct written json = { NULL, 0, 0 }, text = { NULL, 0, 0 };
	json_t *root;

	check(conform_write_json(report, keep, &json));
	root = json_loadb(json.bytes, json.size, JSON_REJECT_DUPLICATES, NULL);
	check(json_is_object(root));
	json_decref(root);
	conform_write_text(report, &all, keep, &text);
	check(text.size != 0);
	free(json.bytes);
	free(text.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conform_report report;
	struct conform_options options = { .show = 3 };
	struct source source;

	if (size == 0)
		return 0;
	options.either = data[0] & 1;
	options.lenient = (data[0] & 2) != 0;
	source = (struct source){ data + 1, size - 1, data[0] >> 4 == 0 ? size :
	    (size_t)(data[0] >> 4) * 37 };
	conform_report_init(&report);
	conform_stream("input", read_part, &source, &options, &report);
	check(!report.environment_failed);
	check_counts(&report);
	check_written(&report);
	conform_report_free(&report);
	return 0;
}
