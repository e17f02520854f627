/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a file with a schedule: refused with errors in order, or read, and then what is
 * written of it is read as the same, and it can be replayed or does not fit.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore_file.h"
#include "explore/explore_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "scenario: s\n"
    "schedule: explore\n"
    "machine: {cpus: 2, tlb: caching, features: {vpid: yes}}\n"
    "host:\n"
    "  memory: 16M\n"
    "  spaces: {main: [{at: 0x1000, size: 64K}, {at: 0x100000, size: 64K}]}\n"
    "guest:\n"
    "  spaces: {main: {root: 0x1000, map: [{gva: 0x400000, gpa: 0x100000, size: 4K}]}}\n"
    "threads:\n"
    "  - {name: master, role: master, steps: [read: 0x400000, pmap: {op: inval, gva: 0x400000}]}\n"
    "  - {name: slave, role: slave, cpu: 1, steps: [read: 0x400000, read: 0x400000]}\n";

static void
check(int condition)
{
	if (!condition)
		abort();
}

static const struct scenario *
scenario_once(void)
{
	static struct scenario *scenario;
	struct scenario_errors errors;
	struct scenario_list list;

	if (scenario != NULL)
		return scenario;
	check(scenario_load("s", text, sizeof(text) - 1, &list, &errors) == SCENARIO_OK);
	scenario = scenario_list_make(&list, 0);
	scenario_list_free(&list);
	scenario_errors_free(&errors);
	return scenario;
}

struct written {
	char *bytes;
	size_t size;
};

static void
keep(void *ctx, const char *bytes, size_t size)
{
	struct written *written = ctx;

	written->bytes = realloc(written->bytes, written->size + size);
	check(written->bytes != NULL || size == 0);
	if (size != 0)
		memcpy(written->bytes + written->size, bytes, size);
	written->size += size;
}

static void
check_written(const struct scenario *scenario, const struct explore_schedule *schedule)
{
	struct written written = { NULL, 0 };
	struct scn_sink sink = { keep, &written };
	struct scenario_errors errors;
	struct explore_file again;

	explore_file_write(&sink, scenario, schedule, "of\na\rfuzzer");
	check(explore_file_read("again", written.bytes, written.size, scenario, &again, &errors) ==
	    EXPLORE_FILE_OK);
	check(again.schedule.cells == schedule->cells && again.schedule.moves == schedule->moves);
	check(schedule->cells == 0 || memcmp(again.schedule.cell, schedule->cell,
	    schedule->cells * sizeof(*schedule->cell)) == 0);
	check(schedule->moves == 0 || memcmp(again.schedule.move, schedule->move,
	    schedule->moves * sizeof(*schedule->move)) == 0);
	explore_file_free(&again);
	scenario_errors_free(&errors);
	free(written.bytes);
}

static void
check_errors(const struct scenario_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->count; i++) {
		check(errors->error[i].text[0] != '\0');
		check(i == 0 || errors->error[i].line == 0 ||
		    errors->error[i].line >= errors->error[i - 1].line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct scenario *scenario = scenario_once();
	const struct explore_replay_options options = { .lenient = false };
	struct explore_replayed replayed;
	struct scenario_errors errors;
	struct explore_file file;
	enum explore_file_status status;

	status = explore_file_read("input", (const char *)data, size, scenario, &file, &errors);
	check((status == EXPLORE_FILE_BAD) == (errors.count > 0));
	check_errors(&errors);
	if (status == EXPLORE_FILE_OK) {
		check_written(scenario, &file.schedule);
		explore_replay(scenario, &file.schedule, &options, &replayed);
		check(replayed.status != EXPLORE_REPLAYED || replayed.stop == EXPLORE_BROKEN ||
		    replayed.made.moves == file.schedule.moves + replayed.added);
		explore_replayed_free(&replayed);
	}
	explore_file_free(&file);
	scenario_errors_free(&errors);
	return 0;
}
