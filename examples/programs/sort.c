/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work for a processor: numbers by chance in memory from malloc(3), sorted by qsort(3).
 *
 *	sort [COUNT]	10000 numbers unless told
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000, i;
	uint64_t *number = malloc(count * sizeof(*number)), random = 1, sum = 0;

	if (number == NULL || count == 0)
		return 1;
	for (i = 0; i < count; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		number[i] = random >> 16;
	}
	qsort(number, count, sizeof(*number), compare);
	for (i = 0; i < count; i++) {
		if (i > 0 && number[i - 1] > number[i])
			return 1;
		sum = sum * 31 + number[i];
	}
	printf("%zu numbers sorted, %016llx\n", count, (unsigned long long)sum);
	free(number);
	return 0;
}
