/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a program: refused with a reason, or segments that lie within the file, apart, in
 * order and below the limit.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "elf/elf_image.h"

#define LIMIT (1ull << 47)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	uint64_t offset = 0, value, end = 0;
	size_t i;

	(void)elf_image_symbol(data, size, "main", &value);
	if (elf_image_read(data, size, LIMIT, &image, &offset) != NULL)
		return 0;
	check(image.segments > 0 && image.segments <= ELF_SEGMENTS_MAX);
	for (i = 0; i < image.segments; i++) {
		const struct elf_segment *segment = &image.segment[i];

		check(segment->start < segment->end && segment->end <= LIMIT);
		check(segment->start >> 12 >= (end + 0xfff) >> 12);
		check(segment->offset <= size && segment->file_size <= size - segment->offset);
		check(segment->file_size <= segment->end - segment->start);
		end = segment->end;
	}
	return 0;
}
