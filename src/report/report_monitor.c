/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The formats of QEMU's monitor, byte for byte: those of version 7.2, with its habits.
 *
 * It looks at no reserved bit and at 50 bits of an address.  "info tlb" shows the flags of the leaf
 * alone, and of a 4 KiB entry never bit 7, which there is PAT and not the page size; "info mem"
 * combines writable and user rights of all levels, knows nothing of no-execute, and takes ends and
 * sizes for addresses, to be sign-extended.  Where that version prints nothing, for 5-level tables
 * and "info mem", this prints what it prints for 4 levels.
 */
#include "report/report_monitor.h"

#include "report/report_line.h"

#define FRAME VK_BITS(49, 12)

struct monitor {
	struct maps_walk walk;
	struct lines lines;
	const struct maps_filter *filter;
	bool filtered;         /* beyond range and levels */
	unsigned width;
	uint64_t absent;
	char pair[256][2];     /* a byte as two hexadecimal digits */
	char flags[256][8];    /* bits 8 to 1 of an entry as G P D A C T U W */
};

static enum maps_status
monitor_begin(struct monitor *monitor, const struct scn_sink *sink, const struct view *view,
    enum maps_side side, const struct maps_filter *filter)
{
	static const char digit[] = "0123456789abcdef", letter[] = "GPDACTUW";
	enum maps_status status;
	struct maps_census census;
	unsigned i, bit;

	status = maps_census_make(&census, view, side, filter, false);
	if (status == MAPS_OK)
		status = maps_walk_begin(&monitor->walk, view, side, filter, true);
	monitor->filter = filter;
	monitor->filtered = (filter->rights | filter->no_rights | filter->flags |
	    filter->no_flags) != 0 || filter->by_gpa || filter->by_hpa;
	monitor->width = maps_width(view, side);
	monitor->absent = 0;
	for (i = 0; i < 256; i++) {
		monitor->pair[i][0] = digit[i >> 4];
		monitor->pair[i][1] = digit[i & 15];
		for (bit = 0; bit < 8; bit++)
			monitor->flags[i][7 - bit] = i >> bit & 1 ? letter[7 - bit] : '-';
	}
	lines_init(&monitor->lines, sink);
	return status;
}

/* What a leaf maps, by the mask of its size. */
static inline uint64_t
frame_of(uint64_t entry, unsigned level)
{
	return entry & FRAME & ~(vk_level_size(level) - 1);
}

/* The filter's other questions, which the monitor has none of. */
static bool
is_wanted(const struct monitor *monitor, const struct maps_run *run, uint64_t entry)
{
	const struct maps_filter *filter = monitor->filter;
	unsigned rights = maps_walk_rights(&monitor->walk,
	    run->perm & (entry ^ monitor->walk.flip));
	unsigned flags = (unsigned)((entry >> 8 & MAPS_G) | (entry >> 4 & (MAPS_A | MAPS_D)));
	uint64_t size = vk_level_size(run->level), frame = frame_of(entry, run->level);

	return (filter->rights & ~rights) == 0 && (filter->no_rights & rights) == 0 &&
	    (filter->flags & ~flags) == 0 && (filter->no_flags & flags) == 0 &&
	    (!filter->by_gpa || filter->gpa - frame < size) &&
	    (!filter->by_hpa || filter->hpa - frame < size);
}

/* The next run of leaves of a wanted size; counts what leads nowhere. */
static bool
next_run(struct monitor *monitor, struct maps_run *run)
{
	while (maps_walk_next(&monitor->walk, run)) {
		if (run->kind != MAPS_PAGE)
			monitor->absent++;
		else if (monitor->filter->levels >> run->level & 1)
			return true;
	}
	return false;
}

/* --- info tlb --------------------------------------------------------------------------------- */

#define TLB_LINE 45u /* "0000000000400000: 000000000fe3e000 X---A--U-\n" */

/* The ten digits of a frame's bits 51 to 12. */
static inline void
put_frame(char *at, char (*pair)[2], uint64_t frame)
{
	memcpy(at, pair[frame >> 44 & 0xff], 2);
	memcpy(at + 2, pair[frame >> 36 & 0xff], 2);
	memcpy(at + 4, pair[frame >> 28 & 0xff], 2);
	memcpy(at + 6, pair[frame >> 20 & 0xff], 2);
	memcpy(at + 8, pair[frame >> 12 & 0xff], 2);
}

/*
 * The lines of a run.  Within one table few digits of the address change, and in either address the
 * last three and of the second the first three are always 0: the rest of a line is copied.
 */
static void
put_tlb_run(struct monitor *monitor, const struct maps_run *run)
{
	struct lines *lines = &monitor->lines;
	char (*pair)[2] = monitor->pair;
	uint64_t size = vk_level_size(run->level);
	uint64_t mask = run->level == 1 ? ~VK_PG_PS : ~0ull;
	uint64_t start = maps_canonical(run->start, monitor->width, monitor->walk.side);
	char line[TLB_LINE + 1] = "0000000000000000: 0000000000000000 ---------\n";
	unsigned i;

	for (i = 0; i < 5; i++)
		memcpy(line + 2 * i, pair[start >> (56 - 8 * i) & 0xff], 2);
	for (i = 0; i < run->count; i++, start += size) {
		uint64_t entry = image_entry(run->entry, i);
		char *at;

		if (!(entry & VK_PG_P) ||
		    (monitor->filtered && !is_wanted(monitor, run, entry)))
			continue;
		lines_begin(lines);
		at = lines->at;
		memcpy(at, line, sizeof(line));
		if (run->level > 1) {
			memcpy(at + 6, pair[start >> 32 & 0xff], 2);
			memcpy(at + 8, pair[start >> 24 & 0xff], 2);
		}
		memcpy(at + 10, pair[start >> 16 & 0xff], 2);
		at[12] = pair[start >> 12 & 0xf][1];
		put_frame(at + 21, pair, frame_of(entry, run->level));
		at[35] = (entry & VK_PG_XD) ? 'X' : '-';
		memcpy(at + 36, monitor->flags[(entry & mask) >> 1 & 0xff], 8);
		lines->at = at + TLB_LINE;
	}
}

enum maps_status
monitor_write_tlb(const struct scn_sink *sink, const struct view *view, enum maps_side side,
    const struct maps_filter *filter, uint64_t *absent)
{
	static struct monitor monitor;
	enum maps_status status = monitor_begin(&monitor, sink, view, side, filter);
	struct maps_run run;

	while (status == MAPS_OK && next_run(&monitor, &run))
		put_tlb_run(&monitor, &run);
	lines_flush(&monitor.lines);
	*absent = monitor.absent;
	return status;
}

/* --- info mem --------------------------------------------------------------------------------- */

/*
 * An address with copies of its top bit above it.  An end beyond all addresses has that bit clear,
 * and the bit above it set: it stays so.
 */
static uint64_t
sign_extended(const struct monitor *monitor, uint64_t address)
{
	if (address >> monitor->width != 0)
		return address;
	return maps_canonical(address, monitor->width, monitor->walk.side);
}

/* The range that grows; rights are those of P, W and U together, 0 where there is none. */
struct growing {
	uint64_t start, end, rights;
};

static void
put_range(struct monitor *monitor, const struct growing *range)
{
	struct lines *lines = &monitor->lines;
	uint64_t part[3] = { range->start, range->end, range->end - range->start };
	unsigned i;

	if (range->rights == 0)
		return;
	lines_begin(lines);
	for (i = 0; i < 3; i++) {
		lines_hex16(lines, sign_extended(monitor, part[i]));
		lines_char(lines, i == 0 ? '-' : ' ');
	}
	lines_char(lines, (range->rights & VK_PG_US) ? 'u' : '-');
	lines_char(lines, 'r');
	lines_char(lines, (range->rights & VK_PG_RW) ? 'w' : '-');
	lines_char(lines, '\n');
}

static void
put_mem_run(struct monitor *monitor, const struct maps_run *run, struct growing *range)
{
	uint64_t size = vk_level_size(run->level), start = run->start;
	unsigned i;

	for (i = 0; i < run->count; i++, start += size) {
		uint64_t entry = image_entry(run->entry, i);
		uint64_t rights = (run->perm & entry & (VK_PG_US | VK_PG_RW)) | VK_PG_P;

		if (!(entry & VK_PG_P) ||
		    (monitor->filtered && !is_wanted(monitor, run, entry)))
			continue;
		if (rights != range->rights || start != range->end) {
			put_range(monitor, range);
			range->start = start;
			range->rights = rights;
		}
		range->end = start + size;
	}
}

enum maps_status
monitor_write_mem(const struct scn_sink *sink, const struct view *view, enum maps_side side,
    const struct maps_filter *filter, uint64_t *absent)
{
	static struct monitor monitor;
	enum maps_status status = monitor_begin(&monitor, sink, view, side, filter);
	struct growing range = { 0, 0, 0 };
	struct maps_run run;

	while (status == MAPS_OK && next_run(&monitor, &run))
		put_mem_run(&monitor, &run, &range);
	put_range(&monitor, &range);
	lines_flush(&monitor.lines);
	*absent = monitor.absent;
	return status;
}
