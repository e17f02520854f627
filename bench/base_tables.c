/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base_tables FILE: a bare walk of 4-level tables in a mapped file, whose root is its first page
 * and whose addresses are offsets; prints how many pages they map.  Nothing is checked.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *base;

static uint64_t
count(uint64_t table, unsigned level)
{
	const uint64_t *entry = (const void *)(base + (table & 0xffffffffff000ull));
	uint64_t pages = 0;
	unsigned i;

	for (i = 0; i < 512; i++) {
		if (!(entry[i] & 1))
			continue;
		pages += level == 1 ? 1 : count(entry[i], level - 1);
	}
	return pages;
}

int
main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return 1;
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		return 1;
	printf("%llu\n", (unsigned long long)count(0, 4));
	return 0;
}
