/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line a range, in columns or as a JSON object.
 *
 * Columns: the range, its size, the size of the leaves (the guest's, and the outer one's behind a
 * slash), rights, the flags of the leaf, and where it leads.  Where both sides have a say, each
 * right that is missing is followed by the side that denies it.
 */
#include "report/report_maps.h"

#include "ept/memtype.h"
#include "report/report_json.h"
#include "report/report_text.h"

/* --- words ------------------------------------------------------------------------------------ */

static const char *
outer_name(const struct view *view)
{
	return view->outer == VIEW_EPT ? "EPT" : "nested tables";
}

static const char *
outer_key(const struct view *view)
{
	return view->outer == VIEW_EPT ? "ept" : "npt";
}

static const char *
page_name(unsigned level)
{
	static const char *const name[] = { "-", "4K", "2M", "1G" };

	return name[level < 4 ? level : 0];
}

static const char *
memtype_name(unsigned memtype)
{
	static const char *const name[8] = { [MEMTYPE_UC] = "UC", [MEMTYPE_WC] = "WC",
		[MEMTYPE_WT] = "WT", [MEMTYPE_WP] = "WP", [MEMTYPE_WB] = "WB" };

	return name[memtype & 7] != NULL ? name[memtype & 7] : "?";
}

static const char *
kind_name(enum maps_kind kind)
{
	static const char *const name[] = { [MAPS_PAGE] = "page", [MAPS_UNBACKED] = "unbacked",
		[MAPS_LOST] = "lost-table", [MAPS_ABSENT] = "absent-table",
		[MAPS_MALFORMED] = "malformed" };

	return name[kind];
}

static void
put_letters(struct lines *lines, unsigned bits, const char *letters)
{
	for (; *letters != '\0'; letters++, bits >>= 1)
		lines_char(lines, bits & 1 ? *letters : '-');
}

/* The largest unit that leaves no rest. */
static void
put_size(struct lines *lines, uint64_t size)
{
	static const char unit[] = "BKMGT";
	unsigned i = 0;

	while (i < 4 && size != 0 && (size & 1023) == 0) {
		size >>= 10;
		i++;
	}
	lines_decimal(lines, size);
	if (i > 0)
		lines_char(lines, unit[i]);
}

/* The fourth letter of an EPT alone: fetches from user-mode addresses. */
static const char *
right_letters(const struct maps_report *report)
{
	if (report->side != MAPS_OUTER)
		return "rwxu";
	return report->view->outer == VIEW_EPT && (report->view->ept.controls & EPT_CTL_MBEC) ?
	    "rwxu" : "rwx";
}

/* Whether an EPT leaf has a say in it. */
static int
has_ept_leaf(const struct maps_report *report, const struct maps_mapping *mapping)
{
	return report->side != MAPS_GUEST && report->view->outer == VIEW_EPT &&
	    maps_kind_of(mapping) == MAPS_PAGE;
}

/* The first address beyond, as programs have it. */
static uint64_t
end_of(const struct maps_report *report, const struct maps_mapping *mapping)
{
	return maps_canonical(mapping->start + mapping->size - 1, report->width, report->side) + 1;
}

/* Which sides deny a right: "guest", "ept", "guest, ept"; "" where neither does. */
static void
put_deniers(struct maps_report *report, const struct maps_mapping *mapping, unsigned right)
{
	unsigned guest = maps_part(mapping, MAPS_AT_GUEST_RIGHTS, MAPS_RIGHTS);
	unsigned outer = maps_part(mapping, MAPS_AT_OUTER_RIGHTS, MAPS_RIGHTS);

	if (!(guest & right))
		lines_str(&report->lines, (outer & right) ? "guest" : "guest, ");
	if (!(outer & right))
		lines_str(&report->lines, outer_key(report->view));
}

/* --- text ------------------------------------------------------------------------------------- */

#define WIDTH_SIZE 8
#define WIDTH_PAGES 8

static void
put_limits(struct maps_report *report, const struct maps_mapping *mapping)
{
	unsigned rights = maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS), i;
	struct lines *lines = &report->lines;

	for (i = 0; i < 3; i++) {
		if (rights >> i & 1)
			continue;
		lines_str(lines, "  no ");
		lines_char(lines, "rwx"[i]);
		lines_str(lines, ": ");
		put_deniers(report, mapping, 1u << i);
	}
}

/* What the leaf says beyond rights and flags. */
static void
put_leaf(struct maps_report *report, const struct maps_mapping *mapping)
{
	unsigned cache = maps_part(mapping, MAPS_AT_CACHE, 7);
	unsigned key = maps_part(mapping, MAPS_AT_KEY, 15);
	unsigned memtype = maps_part(mapping, MAPS_AT_MEMTYPE, 15);
	struct lines *lines = &report->lines;

	if (cache & 1)
		lines_str(lines, " PWT");
	if (cache & 2)
		lines_str(lines, " PCD");
	if (cache & 4)
		lines_str(lines, " PAT");
	if (key != 0) {
		lines_str(lines, " key=");
		lines_decimal(lines, key);
	}
	if (!has_ept_leaf(report, mapping))
		return;
	lines_char(lines, ' ');
	lines_str(lines, memtype_name(memtype));
	if (memtype & 8)
		lines_str(lines, " IPAT");
}

/* What is wrong, where it is not just a page with nothing behind it. */
static void
put_trouble(struct maps_report *report, const struct maps_mapping *mapping)
{
	/* An outer entry, met behind a guest's page; else one of the table that is listed. */
	int behind = maps_part(mapping, MAPS_AT_OUTER_LEVEL, 7) != 0;
	int is_outer = report->side == MAPS_OUTER;
	struct lines *lines = &report->lines;

	if (behind) {
		lines_str(lines, "GPA ");
		lines_hex(lines, mapping->gpa);
		lines_str(lines, maps_kind_of(mapping) == MAPS_MALFORMED ?
		    " malformed entry of the " : " table not in the memory, of the ");
		lines_str(lines, outer_name(report->view));
		return;
	}
	if (maps_kind_of(mapping) == MAPS_MALFORMED) {
		lines_str(lines, "malformed entry");
		return;
	}
	lines_str(lines, is_outer || report->view->outer == VIEW_FLAT ? "table at HPA " :
	    "table at GPA ");
	lines_hex(lines, is_outer ? mapping->hpa : mapping->gpa);
	lines_str(lines, maps_kind_of(mapping) == MAPS_LOST ? " not mapped by the " :
	    " not in the memory");
	if (maps_kind_of(mapping) == MAPS_LOST)
		lines_str(lines, outer_name(report->view));
}

/* Where a page leads, or what is wrong. */
static inline void
put_target_text(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;

	if (maps_kind_of(mapping) > MAPS_UNBACKED) {
		put_trouble(report, mapping);
		return;
	}
	if (report->side != MAPS_OUTER && report->view->outer != VIEW_FLAT) {
		lines_str(lines, "GPA ");
		lines_hex(lines, mapping->gpa);
		if (report->side != MAPS_BOTH)
			return;
		lines_char(lines, ' ');
	}
	if (mapping->hpa == MAPS_NOWHERE) {
		lines_str(lines, "not mapped by the ");
		lines_str(lines, outer_name(report->view));
		return;
	}
	if (report->view->outer != VIEW_FLAT)
		lines_str(lines, "HPA ");
	lines_hex(lines, mapping->hpa);
}

static void
put_pages(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;

	lines_str(lines, page_name(maps_part(mapping, MAPS_AT_LEVEL, 7)));
	if (report->side != MAPS_BOTH)
		return;
	lines_char(lines, '/');
	lines_str(lines, maps_kind_of(mapping) != MAPS_PAGE ? "-" :
	    page_name(maps_part(mapping, MAPS_AT_OUTER_LEVEL, 7)));
}

static inline void
put_head_text(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;

	lines_put(lines, "0x", 2);
	lines_hex16(lines, maps_canonical(mapping->start, report->width, report->side));
	lines_put(lines, "-0x", 3);
	lines_hex16(lines, end_of(report, mapping));
}

static void
put_middle_text(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;
	const char *start = lines->at;

	lines_char(lines, ' ');
	put_size(lines, mapping->size);
	lines_fill(lines, start, WIDTH_SIZE);
	lines_char(lines, ' ');
	if (maps_kind_of(mapping) > MAPS_UNBACKED)
		return;
	put_pages(report, mapping);
	lines_fill(lines, start, WIDTH_SIZE + WIDTH_PAGES);
	put_letters(lines, maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS), right_letters(report));
	lines_char(lines, ' ');
	put_letters(lines, maps_part(mapping, MAPS_AT_FLAGS, MAPS_FLAGS), "GAD");
	lines_char(lines, ' ');
}

static void
put_tail_text(struct maps_report *report, const struct maps_mapping *mapping)
{
	if (maps_kind_of(mapping) > MAPS_UNBACKED)
		return;
	put_leaf(report, mapping);
	if (report->side == MAPS_BOTH && maps_kind_of(mapping) == MAPS_PAGE)
		put_limits(report, mapping);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
put_member(struct lines *lines, const char *key)
{
	lines_str(lines, ", \"");
	lines_str(lines, key);
	lines_str(lines, "\": ");
}

static void
put_member_string(struct lines *lines, const char *key, const char *string)
{
	put_member(lines, key);
	lines_char(lines, '"');
	lines_str(lines, string);
	lines_char(lines, '"');
}

static void
put_member_hex(struct lines *lines, const char *key, uint64_t value)
{
	put_member(lines, key);
	lines_char(lines, '"');
	lines_hex(lines, value);
	lines_char(lines, '"');
}

static void
put_member_number(struct lines *lines, const char *key, uint64_t value)
{
	put_member(lines, key);
	lines_decimal(lines, value);
}

static void
put_member_letters(struct lines *lines, const char *key, unsigned bits, const char *letters)
{
	put_member(lines, key);
	lines_char(lines, '"');
	put_letters(lines, bits, letters);
	lines_char(lines, '"');
}

/* What the outer tables add to a guest's page. */
static void
put_json_outer(struct maps_report *report, const struct maps_mapping *mapping)
{
	unsigned rights = maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS), i, n = 0;
	struct lines *lines = &report->lines;

	put_member_string(lines, "outer-page",
	    page_name(maps_part(mapping, MAPS_AT_OUTER_LEVEL, 7)));
	put_member_letters(lines, "guest-rights",
	    maps_part(mapping, MAPS_AT_GUEST_RIGHTS, MAPS_RIGHTS), "rwxu");
	put_member_letters(lines, "outer-rights",
	    maps_part(mapping, MAPS_AT_OUTER_RIGHTS, MAPS_RIGHTS), "rwx");
	put_member_letters(lines, "outer-flags",
	    maps_part(mapping, MAPS_AT_OUTER_FLAGS, MAPS_FLAGS), "-AD");
	put_member(lines, "denied");
	lines_char(lines, '{');
	for (i = 0; i < 3; i++) {
		if (rights >> i & 1)
			continue;
		lines_str(lines, n++ == 0 ? "\"" : ", \"");
		lines_char(lines, "rwx"[i]);
		lines_str(lines, "\": \"");
		put_deniers(report, mapping, 1u << i);
		lines_char(lines, '"');
	}
	lines_char(lines, '}');
}

static void
put_head_json(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;

	lines_str(lines, "\"start\": \"");
	lines_hex(lines, maps_canonical(mapping->start, report->width, report->side));
	lines_str(lines, "\"");
	put_member_hex(lines, "end", end_of(report, mapping));
}

static void
put_middle_json(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;

	put_member_number(lines, "size", mapping->size);
	put_member_string(lines, "kind", kind_name(maps_kind_of(mapping)));
	put_member_number(lines, "level", maps_part(mapping, MAPS_AT_LEVEL, 7));
	if (maps_kind_of(mapping) > MAPS_UNBACKED)
		return;
	put_member_string(lines, "page", page_name(maps_part(mapping, MAPS_AT_LEVEL, 7)));
	put_member_letters(lines, "rights", maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS),
	    right_letters(report));
	put_member_letters(lines, "flags", maps_part(mapping, MAPS_AT_FLAGS, MAPS_FLAGS), "GAD");
	if (report->side != MAPS_OUTER) {
		put_member_number(lines, "cache", maps_part(mapping, MAPS_AT_CACHE, 7));
		put_member_number(lines, "key", maps_part(mapping, MAPS_AT_KEY, 15));
	}
}

static void
put_target_json(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;

	if (maps_kind_of(mapping) <= MAPS_UNBACKED) {
		put_member_hex(lines, "gpa", mapping->gpa);
		if (mapping->hpa != MAPS_NOWHERE)
			put_member_hex(lines, "hpa", mapping->hpa);
	} else if (maps_kind_of(mapping) != MAPS_MALFORMED) {
		put_member_hex(lines, "table", report->side == MAPS_OUTER ? mapping->hpa :
		    mapping->gpa);
	}
}

static void
put_tail_json(struct maps_report *report, const struct maps_mapping *mapping)
{
	struct lines *lines = &report->lines;
	unsigned memtype = maps_part(mapping, MAPS_AT_MEMTYPE, 15);

	if (has_ept_leaf(report, mapping)) {
		put_member_string(lines, "memtype", memtype_name(memtype));
		put_member(lines, "ipat");
		lines_str(lines, memtype & 8 ? "true" : "false");
	}
	if (report->side == MAPS_BOTH && maps_kind_of(mapping) == MAPS_PAGE)
		put_json_outer(report, mapping);
}

/* --- one mapping ------------------------------------------------------------------------------ */

/* Renders all but the addresses. */
static void
render_line(struct maps_report *report, const struct maps_mapping *mapping, struct maps_line *line)
{
	struct lines *lines = &report->lines;
	char *start = lines->at;

	(report->json ? put_middle_json : put_middle_text)(report, mapping);
	line->middle_size = (size_t)(lines->at - start);
	memcpy(line->middle, start, line->middle_size);
	lines->at = start;
	(report->json ? put_tail_json : put_tail_text)(report, mapping);
	line->tail_size = (size_t)(lines->at - start);
	memcpy(line->tail, start, line->tail_size);
	lines->at = start;
	line->size = mapping->size;
	line->what = mapping->what;
	line->valid = true;
}

/* A part of a line, most of which are short: more than its bytes may be written. */
static inline void
put_part(struct lines *lines, const char *bytes, size_t size)
{
	memcpy(lines->at, bytes, MAPS_LINE_SHORT);
	if (size > MAPS_LINE_SHORT)
		memcpy(lines->at, bytes, size);
	lines->at += size;
}

static inline void
put_mapping(struct maps_report *report, const struct maps_mapping *mapping)
{
	uint64_t hash = (mapping->what ^ mapping->size) * 0x9e3779b97f4a7c15ull >> 32;
	struct maps_line *line = &report->line[hash & (MAPS_LINES - 1)];
	struct lines *lines = &report->lines;

	if (!line->valid || line->size != mapping->size || line->what != mapping->what)
		render_line(report, mapping, line);
	if (report->json) {
		put_head_json(report, mapping);
		put_part(lines, line->middle, line->middle_size);
		put_target_json(report, mapping);
	} else {
		put_head_text(report, mapping);
		put_part(lines, line->middle, line->middle_size);
		put_target_text(report, mapping);
	}
	if (line->tail_size != 0)
		put_part(lines, line->tail, line->tail_size);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static const char *
side_name(const struct maps_report *report)
{
	if (report->side == MAPS_BOTH)
		return "both";
	return report->side == MAPS_GUEST ? "guest" : outer_key(report->view);
}

static void
begin_json(struct maps_report *report, const struct maps_subject *subject)
{
	const struct view *view = report->view;
	struct lines *lines = &report->lines;

	lines_str(lines, "{\n  \"vkept\": \"" VKEPT_VERSION "\",\n  \"file\": ");
	lines_flush(lines);
	json_put_quoted(&lines->sink, subject->name);
	if (subject->against != NULL) {
		lines_str(lines, ",\n  \"against\": ");
		lines_flush(lines);
		json_put_quoted(&lines->sink, subject->against);
	}
	lines_str(lines, ",\n  \"table\": \"");
	lines_str(lines, side_name(report));
	lines_str(lines, "\"");
	if (report->side != MAPS_OUTER) {
		lines_str(lines, ",\n  \"root\": \"");
		lines_hex(lines, view_guest_root(view).v);
		lines_str(lines, "\",\n  \"levels\": ");
		lines_decimal(lines, view_guest_levels(view));
	}
	if (report->side != MAPS_GUEST) {
		lines_str(lines, ",\n  \"outer-root\": \"");
		lines_hex(lines, view_outer_root(view).v);
		lines_str(lines, "\",\n  \"outer-levels\": ");
		lines_decimal(lines, view_outer_levels(view));
	}
}

static void
put_table(struct lines *lines, const char *what, unsigned levels, const char *space, uint64_t root)
{
	lines_str(lines, what);
	lines_str(lines, " of ");
	lines_decimal(lines, levels);
	lines_str(lines, " levels at ");
	lines_str(lines, space);
	lines_hex(lines, root);
}

static void
begin_text(struct maps_report *report, const struct maps_subject *subject)
{
	const struct view *view = report->view;
	struct lines *lines = &report->lines;
	struct text text;

	text_init(&text, &lines->sink, 0);
	text_str(&text, "# ");
	text_safe(&text, subject->name);
	if (subject->against != NULL) {
		text_str(&text, " against ");
		text_safe(&text, subject->against);
	}
	text_str(&text, "\n# ");
	if (report->side != MAPS_OUTER)
		put_table(lines, "guest tables", view_guest_levels(view),
		    view->outer != VIEW_FLAT ? "GPA " : "", view_guest_root(view).v);
	if (report->side == MAPS_BOTH)
		lines_str(lines, ", under ");
	if (report->side != MAPS_GUEST)
		put_table(lines, outer_name(view), view_outer_levels(view), "HPA ",
		    view_outer_root(view).v);
	if (report->array != NULL)
		lines_str(lines, "\n# range                                size    page   rights "
		    "leads to");
	lines_char(lines, '\n');
}

void
maps_report_begin(struct maps_report *report, const struct scn_sink *sink,
    const struct maps_subject *subject)
{
	static const char *const arrays[] = { "mappings", "differences", NULL };
	unsigned i;

	lines_init(&report->lines, sink);
	report->view = subject->view;
	report->side = subject->side;
	report->width = maps_width(subject->view, subject->side);
	report->json = subject->json;
	report->color = subject->color && !subject->json;
	report->filter = subject->filter;
	report->array = arrays[subject->form];
	for (i = 0; i < MAPS_LINES; i++)
		report->line[i].valid = false;
	report->listed = 0;
	memset(report->pages, 0, sizeof(report->pages));
	memset(report->outer_pages, 0, sizeof(report->outer_pages));
	report->bytes = report->unbacked = report->unbacked_bytes = 0;
	if (subject->json)
		begin_json(report, subject);
	else if (!subject->quiet)
		begin_text(report, subject);
}

/* What stands before an element of an array that is begun with the first. */
static void
begin_element(struct maps_report *report)
{
	struct lines *lines = &report->lines;

	if (report->listed++ == 0) {
		lines_str(lines, ",\n  \"");
		lines_str(lines, report->array);
		lines_str(lines, "\": [\n    {");
	} else {
		lines_str(lines, ",\n    {");
	}
}

/* An element of the array, or a line, is begun and ended. */
static inline void
begin_item(struct maps_report *report)
{
	lines_begin(&report->lines);
	if (report->json)
		begin_element(report);
}

static inline void
end_item(struct maps_report *report)
{
	lines_char(&report->lines, report->json ? '}' : '\n');
}

/* Which address it is that leads to what was asked for. */
static void
put_location(struct maps_report *report, const struct maps_mapping *mapping)
{
	const struct maps_filter *filter = report->filter;
	struct lines *lines = &report->lines;
	uint64_t distance = filter->by_hpa ? filter->hpa - mapping->hpa :
	    filter->gpa - mapping->gpa;
	uint64_t address = maps_canonical(mapping->start + distance, report->width, report->side);

	if (report->json) {
		put_member_hex(lines, "at", address);
		return;
	}
	lines_str(lines, "  at ");
	lines_hex(lines, address);
}

static inline void
put_listed(struct maps_report *report, const struct maps_mapping *mapping)
{
	put_mapping(report, mapping);
	if (report->filter->by_hpa || report->filter->by_gpa)
		put_location(report, mapping);
}

void
maps_report_mapping(struct maps_report *report, const struct maps_mapping *mapping)
{
	begin_item(report);
	put_listed(report, mapping);
	end_item(report);
}

void
maps_report_range(struct maps_report *report, const struct maps_range *range)
{
	struct lines *lines = &report->lines;

	begin_item(report);
	put_listed(report, &range->mapping);
	if (report->json) {
		put_member_number(lines, "pages", range->pages);
		if (range->repeats > 1) {
			put_member_number(lines, "repeats", range->repeats);
			put_member_hex(lines, "step", range->step);
		}
	} else if (range->repeats > 1) {
		lines_str(lines, "  and so ");
		lines_decimal(lines, range->repeats);
		lines_str(lines, " times, every ");
		put_size(lines, range->step);
	}
	end_item(report);
}

static void
put_json_or_null(struct maps_report *report, const struct maps_difference *difference, unsigned i)
{
	struct lines *lines = &report->lines;

	lines_str(lines, i == 0 ? "\"before\": " : ", \"after\": ");
	if (!difference->has[i]) {
		lines_str(lines, "null");
		return;
	}
	lines_char(lines, '{');
	put_mapping(report, &difference->mapping[i]);
	lines_char(lines, '}');
}

void
maps_report_difference(struct maps_report *report, const struct maps_difference *difference)
{
	unsigned i;

	if (report->json) {
		begin_item(report);
		put_json_or_null(report, difference, 0);
		put_json_or_null(report, difference, 1);
		end_item(report);
		return;
	}
	for (i = 0; i < 2; i++) {
		if (!difference->has[i])
			continue;
		begin_item(report);
		if (report->color)
			lines_str(&report->lines, text_escape(i == 0 ? TEXT_BAD : TEXT_GOOD));
		lines_str(&report->lines, i == 0 ? "- " : "+ ");
		put_mapping(report, &difference->mapping[i]);
		if (report->color)
			lines_str(&report->lines, text_escape(TEXT_PLAIN));
		end_item(report);
	}
}

/* --- counts ----------------------------------------------------------------------------------- */

void
maps_report_count(struct maps_report *report, const struct maps_mapping *mapping)
{
	if (maps_kind_of(mapping) == MAPS_UNBACKED) {
		report->unbacked++;
		report->unbacked_bytes += mapping->size;
	}
	if (maps_kind_of(mapping) != MAPS_PAGE)
		return;
	report->pages[maps_part(mapping, MAPS_AT_LEVEL, 7)]++;
	report->outer_pages[maps_part(mapping, MAPS_AT_OUTER_LEVEL, 7)]++;
	report->bytes += mapping->size;
}

void
maps_report_census(struct maps_report *report, enum maps_side side,
    const struct maps_census *census)
{
	static const char *const guest[] = { "", "PT", "PD", "PDPT", "PML4", "PML5" };
	const char *name = side == MAPS_OUTER ? outer_key(report->view) : "guest";
	unsigned levels = side == MAPS_OUTER ? view_outer_levels(report->view) :
	    view_guest_levels(report->view), level;
	struct lines *lines = &report->lines;

	if (report->json) {
		lines_str(lines, ",\n  \"");
		lines_str(lines, name);
		lines_str(lines, "-tables\": {\"entered\": ");
		lines_decimal(lines, census->entered);
		put_member_number(lines, "absent", census->absent);
		put_member_number(lines, "malformed", census->malformed);
		for (level = levels; level > 0; level--)
			put_member_number(lines, guest[level], census->tables[level]);
		lines_char(lines, '}');
		return;
	}
	lines_str(lines, side == MAPS_OUTER ? outer_name(report->view) : "guest tables");
	lines_char(lines, ':');
	for (level = levels; level > 0; level--) {
		lines_char(lines, ' ');
		lines_decimal(lines, census->tables[level]);
		lines_char(lines, ' ');
		lines_str(lines, guest[level]);
		lines_char(lines, ',');
	}
	lines_str(lines, " entered ");
	lines_decimal(lines, census->entered);
	lines_str(lines, " times; ");
	lines_decimal(lines, census->absent);
	lines_str(lines, " absent, ");
	lines_decimal(lines, census->malformed);
	lines_str(lines, " malformed\n");
}

/* Pages by size, as members of an object or as a list. */
static void
put_pages_json(struct lines *lines, const uint64_t *pages)
{
	unsigned level;

	for (level = 1; level <= 3; level++)
		put_member_number(lines, page_name(level), pages[level]);
	lines_char(lines, '}');
}

static void
put_pages_text(struct lines *lines, const uint64_t *pages)
{
	unsigned level;

	for (level = 1; level <= 3; level++) {
		lines_str(lines, level == 1 ? " " : ", ");
		lines_decimal(lines, pages[level]);
		lines_str(lines, " of ");
		lines_str(lines, page_name(level));
	}
}

static void
put_totals_json(struct maps_report *report)
{
	struct lines *lines = &report->lines;

	lines_str(lines, ",\n  \"pages\": {\"bytes\": ");
	lines_decimal(lines, report->bytes);
	put_pages_json(lines, report->pages);
	if (report->side != MAPS_BOTH)
		return;
	lines_str(lines, ",\n  \"outer-pages\": {\"bytes\": ");
	lines_decimal(lines, report->bytes);
	put_pages_json(lines, report->outer_pages);
	lines_str(lines, ",\n  \"unbacked\": {\"bytes\": ");
	lines_decimal(lines, report->unbacked_bytes);
	put_member_number(lines, "parts", report->unbacked);
	lines_char(lines, '}');
}

static void
put_totals_text(struct maps_report *report)
{
	struct lines *lines = &report->lines;

	lines_str(lines, "pages:");
	put_pages_text(lines, report->pages);
	lines_str(lines, ", ");
	put_size(lines, report->bytes);
	lines_str(lines, " together\n");
	if (report->side != MAPS_BOTH)
		return;
	lines_str(lines, "the same by pages of the ");
	lines_str(lines, outer_name(report->view));
	lines_char(lines, ':');
	put_pages_text(lines, report->outer_pages);
	lines_str(lines, "\nnot mapped by the ");
	lines_str(lines, outer_name(report->view));
	lines_str(lines, ": ");
	lines_decimal(lines, report->unbacked);
	lines_str(lines, report->unbacked == 1 ? " part of a page, " : " parts of pages, ");
	put_size(lines, report->unbacked_bytes);
	lines_str(lines, " together\n");
}

void
maps_report_pages(struct maps_report *report)
{
	(report->json ? put_totals_json : put_totals_text)(report);
}

void
maps_report_end(struct maps_report *report)
{
	struct lines *lines = &report->lines;

	if (report->json) {
		if (report->listed == 0 && report->array != NULL) {
			lines_str(lines, ",\n  \"");
			lines_str(lines, report->array);
			lines_str(lines, "\": []");
		}
		lines_str(lines, report->listed != 0 ? "\n  ]\n}\n" : "\n}\n");
	}
	lines_flush(lines);
}
