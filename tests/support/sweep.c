/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sweeps share: the enumeration, the words about a difference, and the small memory of the
 * one-dimensional sweeps.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/sweep.h"

bool
sweep_run(struct sweep *s, const unsigned *count, unsigned dimensions, sweep_check *check,
    void *ctx)
{
	unsigned digit[SWEEP_DIMENSIONS];
	uint32_t total = 1, n, rest;
	unsigned i;

	for (i = 0; i < dimensions; i++)
		total *= count[i];
	if (s->only_count) {
		s->cases += (total + s->stride - 1) / s->stride;
		return true;
	}
	for (n = 0; n < total; n += s->stride) {
		for (i = 0, rest = n; i < dimensions; i++) {
			digit[i] = rest % count[i];
			rest /= count[i];
		}
		s->cases++;
		if (!check(s, ctx, digit))
			return false;
	}
	return true;
}

bool
sweep_differs(struct sweep *s, const char *format, ...)
{
	size_t used = strlen(s->difference);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(s->difference + used, sizeof(s->difference) - used, format, args);
	va_end(args);
	return false;
}

void
sweep_memory_place(struct sweep_memory *memory, unsigned maxphyaddr)
{
	unsigned level;

	/* The level three times over: no single bit turns one table's address into another's. */
	for (level = 0; level < 6; level++)
		memory->frame[level] = (1ull << (maxphyaddr - 1)) |
		    (level | (uint64_t)level << 3 | (uint64_t)level << 6) << 12;
}

void
sweep_memory_fill(struct sweep_memory *memory, const uint64_t *entry)
{
	unsigned level;

	for (level = 0; level < 6; level++) {
		memory->word[level] = entry[level];
		memory->slot[level] = 0;
	}
	memory->loads = memory->stray = 0;
}

/* The level whose table holds the address, 0 when none does. */
static unsigned
sweep_memory_level(const struct sweep_memory *memory, uint64_t address)
{
	unsigned level = (unsigned)(address >> 12) & 7;

	if (level < 1 || level > 5 || (address & ~0xfffull) != memory->frame[level])
		return 0;
	return level;
}

uint64_t
sweep_memory_load(struct sweep_memory *memory, uint64_t address)
{
	unsigned level = sweep_memory_level(memory, address);

	memory->loads++;
	if (level == 0) {
		memory->stray++;
		return ~0ull;
	}
	memory->slot[level] = address;
	return memory->word[level];
}

bool
sweep_memory_store(struct sweep_memory *memory, uint64_t address, uint64_t value)
{
	unsigned level = sweep_memory_level(memory, address);

	if (level == 0)
		return false;
	memory->word[level] = value;
	return true;
}

void
sweep_describe_entries(struct sweep *s, const uint64_t *entry, unsigned top)
{
	unsigned level;

	for (level = top; level > 0; level--)
		sweep_differs(s, " L%u=%" PRIx64, level, entry[level]);
}
