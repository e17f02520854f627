/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a core, plain or packed: read, with runs in order and bytes that are there; or
 * refused, with a sentence.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "image/image_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
	if (!condition)
		abort();
}

static void
check_refusal(enum image_status status, const struct image_error *error)
{
	size_t length = strlen(error->text);

	check(status == IMAGE_BAD && length > 0 && length < sizeof(error->text));
	check(memchr(error->text, '\n', length) == NULL);
}

/* Looks at both ends of every run, and at what lies around them. */
static void
check_memory(const struct image *image)
{
	unsigned char scratch[VK_PAGE_BYTES];
	uint64_t word, end = 0;
	size_t i;

	check(image->runs > 0);
	for (i = 0; i < image->runs; i++) {
		const struct image_run *run = &image->run[i];

		check(run->start >= end && run->start < run->end && run->end <= VK_BIT(52));
		end = run->end;
		check(image_find(image, vk_hpa(run->start)) == run);
		check(image_find(image, vk_hpa(run->end - 1)) == run);
		(void)image_load(image, vk_hpa(run->start), &word);
		(void)image_load(image, vk_hpa(run->end - 1), &word);
		(void)image_page(image, vk_hpa(run->start & ~0xfffull), scratch);
		(void)image_page(image, vk_hpa((run->end - 1) & ~0xfffull), scratch);
	}
	check(image_find(image, vk_hpa(end)) == NULL);
}

static void
try_core(const uint8_t *data, size_t size)
{
	struct image_error error = { .text = "" };
	struct image_core core;
	enum image_status status = image_core_read(data, size, &core, &error);

	if (status != IMAGE_OK) {
		check_refusal(status, &error);
		return;
	}
	check_memory(core.image);
	check(core.cpus == 0 || core.cpu != NULL);
	image_core_free(&core);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct image_limits limits = { 1 << 20, 1 << 19 };
	enum image_packing packing = image_packing_of(data, size);
	struct image_error error = { .text = "" };
	struct image_bytes bytes;
	enum image_status status;

	if (packing == IMAGE_PLAIN) {
		try_core(data, size);
		return 0;
	}
	status = image_unpack(packing, data, size, &limits, &bytes, &error);
	if (status != IMAGE_OK) {
		check_refusal(status, &error);
		return 0;
	}
	check(bytes.size <= limits.all);
	if (bytes.size != 0) {
		try_core(bytes.block, bytes.size);
		(void)munmap(bytes.block, bytes.mapped);
	}
	return 0;
}
