/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drawings: entries folded into rows, tables chosen within a limit, differences, walks, arrows that
 * exist in the tables, text that no markup can be made of, and themes that can be read.
 *
 * What a drawing says is compared with the memory itself, read here without the room's help.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/access.h"
#include "graph/graph.h"
#include "graph/graph_scan.h"
#include "report/report_text.h"
#include "support/support_alone.h"
#include "support/support_rows.h"
#include "view/view_explain.h"

#define PAGES 512u
#define FRAME VK_BITS(45, 12)
#define EPT_CAP (EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD)
#define EPT_ROOT 0x101000ull

/* Memory from address 0; the guest's root is at 0x1000, that of an EPT at EPT_ROOT. */
struct world {
	uint64_t memory[PAGES][VK_TABLE_ENTRIES];
	struct view view;
};

static struct world now, then;
static struct graph graph;

static void
world_make(struct world *world)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr3 = 0x1000, .efer = VK_EFER_NXE,
		.page1g = 1, .maxphyaddr = 46 };
	struct image *image = image_create();

	memset(world->memory, 0, sizeof(world->memory));
	assert_non_null(image);
	assert_true(image_append(image, 0, sizeof(world->memory),
	    (unsigned char *)world->memory));
	view_init(&world->view, image, &mode, 3);
}

static int
setup(void **state)
{
	(void)state;
	world_make(&now);
	world_make(&then);
	graph_init(&graph);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	graph_free(&graph);
	view_free(&now.view);
	view_free(&then.view);
	return 0;
}

static void
world_add_ept(struct world *world)
{
	struct ept ept;

	assert_int_equal(ept_init(&ept, image_hpm(world->view.image), EPT_ROOT | 0x5e, EPT_CAP, 0,
	    46), EPTP_VALID);
	view_set_ept(&world->view, &ept);
}

static void
draw_limited(bool compared, unsigned limit, unsigned rows)
{
	struct graph_request request = { .before = compared ? &then.view : NULL,
		.after = &now.view, .guest = true, .outer = true, .limit = limit, .rows = rows };

	assert_true(graph_draw_tables(&graph, &request));
	assert_false(graph_failed(&graph));
}

static const struct graph_node *
find_node(const char *name)
{
	size_t i;

	for (i = 0; i < graph.nodes; i++) {
		if (strcmp(graph.node[i].name, name) == 0)
			return &graph.node[i];
	}
	fail_msg("no box '%s'", name);
	return NULL;
}

/* The rows of a box in one line: cells with blanks between, rows with semicolons. */
static const char *
rows_of(const struct graph_node *node)
{
	static const char sign[GRAPH_MARKS] = { '\0', '+', '-', '~' };
	static char line[8192];
	size_t used = 0, i;
	unsigned cell;

	line[0] = '\0';
	for (i = node->row; i < node->row + node->rows && used < sizeof(line); i++) {
		const struct graph_row *row = &graph.row[i];

		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%.1s",
		    i != node->row ? "; " : "", &sign[row->mark]);
		for (cell = 0; cell < GRAPH_CELLS && *row->cell[cell] != '\0'; cell++)
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s",
			    cell != 0 ? " " : "", row->cell[cell]);
	}
	return line;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* `count` entries from `first` on, each greater by `step`, in the page table of address 0. */
struct entries {
	unsigned first, count, every;
	uint64_t value, step;
};

struct fold_row {
	const char *what;
	unsigned rows;
	struct entries entries[3];
	const char *expected;
};

static const struct fold_row fold_rows[] = {
	{ "pages one after another become one row", 16, { { 0, 4, 1, 0x10067, 0x1000 } },
	    "[0-3] 0x0 RW US A D 4 pages from PA 0x10000; 508 others are empty" },
	{ "a page elsewhere begins a row", 16,
	    { { 0, 2, 1, 0x10067, 0x1000 }, { 2, 1, 1, 0x90067, 0 } },
	    "[0-1] 0x0 RW US A D 2 pages from PA 0x10000; [2] 0x2000 RW US A D page PA 0x90000; "
	    "509 others are empty" },
	{ "other rights begin a row", 16,
	    { { 0, 2, 1, 0x10067, 0x1000 }, { 2, 1, 1, 0x12065, 0 } },
	    "[0-1] 0x0 RW US A D 2 pages from PA 0x10000; [2] 0x2000 US A D page PA 0x12000; "
	    "509 others are empty" },
	{ "a gap begins a row", 16, { { 0, 2, 2, 0x10067, 0x1000 } },
	    "[0] 0x0 RW US A D page PA 0x10000; [2] 0x2000 RW US A D page PA 0x11000; "
	    "510 others are empty" },
	{ "a whole table of alike pages is one row", 16, { { 0, 512, 1, 0x10067, 0x1000 } },
	    "[0-511] 0x0 RW US A D 512 pages from PA 0x10000" },
	{ "an empty table says so", 16, { { 0, 0, 1, 0, 0 } }, "all 512 entries are empty" },
	{ "an entry that is not present shows what it holds", 16, { { 7, 1, 1, 0x123460, 0 } },
	    "[7] 0x7000 not present: 0x123460; 511 others are empty" },
	{ "a reserved bit is refused", 16, { { 0, 1, 1, VK_BIT(50) | 0x10067, 0 } },
	    "[0] 0x0 RW US A D bit50 REFUSED: reserved bits 0x4000000000000; "
	    "511 others are empty" },
	{ "bits that nothing looks at do not tell entries apart", 16,
	    { { 0, 2, 1, 0x10067, 0x1000 }, { 2, 2, 1, 0x12267, 0x1000 } },
	    "[0-3] 0x0 RW US A D 4 pages from PA 0x10000; 508 others are empty" },
	{ "with too many rows addresses do not count", 6, { { 0, 16, 1, 0x90067, 0x2000 } },
	    "[0-15] 0x0 RW US A D 16 pages, scattered; 496 others are empty" },
	{ "with too many rows flags that processors set do not count", 6,
	    { { 0, 16, 2, 0x10067, 0x1000 }, { 1, 16, 2, 0x50027, 0x1000 } },
	    "[0-31] 0x0 RW US A ~D 32 pages, scattered; 480 others are empty" },
	{ "with too many rows only kinds count", 6,
	    { { 0, 16, 2, 0x10067, 0x1000 }, { 1, 16, 2, 0x50025, 0x1000 } },
	    "[0-31] 0x0 various 32 pages, scattered; 480 others are empty" },
	{ "what does not fit is counted", 4, { { 0, 100, 2, 0x10067, 0x1000 } },
	    "[0] 0x0 RW US A D page PA 0x10000; [2] 0x2000 RW US A D page PA 0x11000; "
	    "left out: 98 entries in 98 rows; 98 pages of 4 KiB; 412 others are empty" },
};

static void
fill_table(uint64_t *table, const struct entries *entries)
{
	unsigned i;

	for (i = 0; i < entries->count; i++)
		table[entries->first + i * entries->every] = entries->value + i * entries->step;
}

static void
make_path(struct world *world)
{
	world->memory[1][0] = 0x2067;
	world->memory[2][0] = 0x3067;
	world->memory[3][0] = 0x4067;
}

static void
fold_case(void **state)
{
	const struct fold_row *row = *state;
	size_t i;

	setup(NULL);
	make_path(&now);
	for (i = 0; i < ROWS_COUNT(row->entries); i++)
		fill_table(now.memory[4], &row->entries[i]);
	draw_limited(false, GRAPH_LIMIT, row->rows);
	assert_string_equal(rows_of(find_node("PT 0x4000")), row->expected);
	teardown(NULL);
}

/* --- differences ------------------------------------------------------------------------------ */

struct differ_row {
	const char *what;
	uint64_t before, after; /* entry 3 of the page table */
	const char *expected;   /* its row; NULL: the page table is not drawn */
};

static const struct differ_row differ_rows[] = {
	{ "equal entries are no row", 0x10067, 0x10067, NULL },
	{ "a mapping was added", 0, 0x10067, "+[3] 0x3000 RW US A D page PA 0x10000" },
	{ "a mapping was removed", 0x10067, 0, "-[3] 0x3000 RW US A D page PA 0x10000" },
	{ "it is removed when it is not present, whatever else it holds", 0x10067, 0x10066,
	    "-[3] 0x3000 RW US A D page PA 0x10000" },
	{ "a flag was set", 0x10027, 0x10067, "~[3] 0x3000 RW US A +D page PA 0x10000" },
	{ "a flag was cleared", 0x10067, 0x10047, "~[3] 0x3000 RW US D -A page PA 0x10000" },
	{ "another page", 0x10067, 0x11067, "~[3] 0x3000 RW US A D page PA 0x11000, was 0x10000" },
	{ "a bit that nothing looks at has changed", 0x10067, 0x10267,
	    "~[3] 0x3000 RW US A D +bit9 page PA 0x10000" },
	{ "words of entries that are not present", 0x10, 0x20, "~[3] 0x3000 not present: 0x20" },
};

static void
differ_case(void **state)
{
	const struct differ_row *row = *state;
	const struct graph_node *node;
	char expected[256];
	size_t i;

	setup(NULL);
	make_path(&now);
	make_path(&then);
	now.memory[4][3] = row->after;
	then.memory[4][3] = row->before;
	now.memory[4][9] = then.memory[4][9] = 0x77067;
	draw_limited(true, GRAPH_LIMIT, GRAPH_ROWS);
	if (row->expected == NULL) {
		for (i = 0; i < graph.nodes; i++)
			assert_string_not_equal(graph.node[i].name, "PT 0x4000");
		assert_string_equal(rows_of(find_node("PML4 0x1000")), "no difference");
	} else {
		node = find_node("PT 0x4000");
		snprintf(expected, sizeof(expected), "%s; 511 without a difference",
		    row->expected);
		assert_string_equal(rows_of(node), expected);
		assert_int_equal(node->mark, GRAPH_SAME);
	}
	teardown(NULL);
}

static void
a_table_in_another_place_is_compared_with_the_one_before(void **state)
{
	(void)state;
	make_path(&now);
	make_path(&then);
	now.memory[3][0] = 0x5067;
	now.memory[5][0] = 0x10067;
	then.memory[4][0] = 0x10067;
	then.memory[4][1] = 0x11067;
	draw_limited(true, GRAPH_LIMIT, GRAPH_ROWS);
	assert_string_equal(rows_of(find_node("PD 0x3000")),
	    "~[0] 0x0 RW US A PT 0x5000, was 0x4000; 511 without a difference");
	assert_string_equal(rows_of(find_node("PT 0x5000 was 0x4000")),
	    "-[1] 0x1000 RW US A D page PA 0x11000; 511 without a difference");
}

static void
an_entry_whose_bits_have_become_reserved_differs(void **state)
{
	(void)state;
	make_path(&now);
	make_path(&then);
	now.memory[4][3] = then.memory[4][3] = VK_BIT(63) | 0x10067;
	now.view.mode.efer = 0;
	draw_limited(true, GRAPH_LIMIT, GRAPH_ROWS);
	assert_string_equal(rows_of(find_node("PT 0x4000")),
	    "~[3] 0x3000 RW US A D bit63 REFUSED: reserved bits 0x8000000000000000; "
	    "511 without a difference");
}

/* --- sharing, loops, limits ------------------------------------------------------------------- */

static void
a_shared_table_is_drawn_once(void **state)
{
	const struct graph_node *node;
	size_t i, edges = 0;

	(void)state;
	make_path(&now);
	now.memory[3][1] = now.memory[3][2] = now.memory[3][7] = 0x4067;
	now.memory[4][0] = 0x10067;
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	node = find_node("PT 0x4000");
	assert_true(node->shared);
	assert_non_null(strstr(node->sub, "4 entries lead here"));
	assert_int_equal(graph.nodes, 5);
	for (i = 0; i < graph.edges; i++)
		edges += graph.edge[i].to == (size_t)(node - graph.node);
	assert_int_equal(edges, 2);
	assert_string_equal(rows_of(find_node("PD 0x3000")),
	    "[0-2] 0x0 RW US A 3 times PT 0x4000; [7] 0xe00000 RW US A PT 0x4000; "
	    "508 others are empty");
}

static void
a_table_that_is_its_own_comes_to_an_end(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		now.memory[1][i] = 0x1067;
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	assert_int_equal(graph.nodes, 5);
	assert_string_equal(rows_of(find_node("PML4 0x1000")),
	    "[0-511] 0x0 RW US A 512 times PDPT 0x1000");
}

/* A PDPT with `pds` page directories of `pts` page tables each, a different number of pages in all
 * of them; returns how many. */
static uint64_t
make_tree(unsigned pds, unsigned pts)
{
	unsigned pd, pt, page, next = 8;
	uint64_t pages = 0;

	now.memory[1][0] = 0x2067;
	for (pd = 0; pd < pds; pd++) {
		now.memory[2][pd] = (uint64_t)(3 + pd) << 12 | 0x67;
		for (pt = 0; pt < pts; pt++) {
			now.memory[3 + pd][pt] = (uint64_t)next << 12 | 0x67;
			for (page = 0; page < 3 + pt; page++, pages++)
				now.memory[next][5 * page] = pages << 12 | 0x67;
			next++;
		}
	}
	return pages;
}

/* The number before " page" in a text that says what is not shown. */
static uint64_t
pages_left_out(const struct graph_row *row)
{
	const char *text = row->kind == GRAPH_ROW_MORE ? strstr(row->cell[0], "rows; ") :
	    strstr(row->cell[3], "not drawn: ");

	return text != NULL ? strtoull(strchr(text, ' ') + (row->kind == GRAPH_ROW_MORE ? 1 : 8),
	    NULL, 10) : 0;
}

static void
within_any_limit_every_page_is_shown_or_counted(void **state)
{
	unsigned limit;

	(void)state;
	for (limit = GRAPH_LIMIT_LEAST; limit < 100; limit += 7) {
		uint64_t pages, found = 0;
		size_t i;

		teardown(NULL);
		setup(NULL);
		pages = make_tree(5, 17);
		draw_limited(false, limit, 8);
		assert_true(graph.nodes - 1 <= limit);
		for (i = 0; i < graph.rows; i++) {
			found += graph.row[i].kind == GRAPH_ROW_PAGE ? graph.row[i].count : 0;
			found += pages_left_out(&graph.row[i]);
		}
		assert_int_equal(found, pages);
	}
}

static void
a_range_leaves_out_what_lies_outside(void **state)
{
	struct graph_request request = { .after = &now.view, .guest = true, .outer = true,
		.limit = GRAPH_LIMIT, .rows = GRAPH_ROWS, .ranged = true,
		.start = 0x3000, .last = 0x5fff };
	struct entries entries = { 0, 512, 1, 0x10067, 0x1000 };

	(void)state;
	make_path(&now);
	now.memory[3][1] = 0x5067;
	fill_table(now.memory[4], &entries);
	assert_true(graph_draw_tables(&graph, &request));
	assert_string_equal(rows_of(find_node("PT 0x4000")),
	    "[3-5] 0x3000 RW US A D 3 pages from PA 0x13000; 509 outside the range");
	assert_string_equal(rows_of(find_node("PD 0x3000")),
	    "[0] 0x0 RW US A PT 0x4000; 511 outside the range");
}

/* --- against the memory ----------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t
draw_number(uint64_t below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % below;
}

/* Tables at random among so many pages from `first` on, entries with `bits`. */
static void
make_random(struct world *world, unsigned first, unsigned pages, uint64_t bits)
{
	unsigned page, i;

	for (page = first; page < first + pages; page++) {
		for (i = 0; i < VK_TABLE_ENTRIES; i++) {
			uint64_t to = (first + draw_number(pages + pages / 4)) << 12;

			if (draw_number(page == first ? 60 : 25) == 0)
				world->memory[page][i] = to | bits |
				    (draw_number(8) == 0 ? VK_PG_PS : 0);
			else if (draw_number(50) == 0)
				world->memory[page][i] = draw_number(1ull << 31) << 20;
		}
	}
}

static uint64_t
word_at(uint64_t table, unsigned index)
{
	return now.memory[table >> 12][index];
}

static void
check_reference(const struct graph_edge *edge)
{
	const struct graph_node *from = &graph.node[edge->from], *to = &graph.node[edge->to];
	const struct graph_row *row;
	unsigned i;

	if (from->kind == GRAPH_NODE_REGISTER) {
		assert_int_equal(from->address & FRAME, to->address);
		return;
	}
	row = &graph.row[edge->from_row];
	assert_int_equal(row->kind, GRAPH_ROW_TABLE);
	assert_int_equal(from->level, to->level + 1);
	for (i = row->first; i < row->first + row->count; i++)
		assert_int_equal(word_at(from->address, i) & FRAME, to->address);
}

static void
check_mapping(const struct graph_edge *edge)
{
	const struct graph_node *from = &graph.node[edge->from];
	const struct graph_row *row = &graph.row[edge->from_row];
	const struct graph_row *range = &graph.row[edge->to_row];
	uint64_t size = vk_level_size(from->level);
	bool found = false;
	unsigned i;

	assert_int_equal(row->kind, GRAPH_ROW_PAGE);
	for (i = row->first; i < row->first + row->count; i++) {
		uint64_t frame = word_at(from->address, i) & FRAME & ~(size - 1);

		found |= range->address - frame < size;
	}
	assert_true(found);
}

static void
check_passage(const struct graph_edge *edge)
{
	const struct graph_node *to = &graph.node[edge->to];
	const struct graph_row *range = &graph.row[edge->from_row];
	const struct graph_row *row = &graph.row[edge->to_row];
	struct ept_walk walk;
	unsigned index;
	bool mapped;

	/* A page is mapped even when it must not be read. */
	mapped = ept_walk(&now.view.ept, vk_gpa(range->address), VK_ACC_R, &walk) == EPT_OK ||
	    walk.why == EPT_WHY_PERMISSION;
	assert_int_equal(walk.step[walk.level].slot.v & FRAME, to->address);
	assert_int_equal(walk.level, to->level);
	index = (unsigned)(walk.step[walk.level].slot.v >> 3) & (VK_TABLE_ENTRIES - 1);
	if (row->kind != GRAPH_ROW_EMPTY)
		assert_true(index - row->first < row->count);
	assert_int_equal(mapped, !range->weak);
	if (mapped)
		assert_int_equal(range->target & ~VK_PAGE_OFFSET_MASK,
		    (walk.step[walk.level].entry & FRAME & ~(vk_level_size(walk.level) - 1)) |
		        (range->address & (vk_level_size(walk.level) - 1)));
}

/* Entries of every drawn table are all in rows, none in two. */
static void
check_rows(const struct graph_node *node)
{
	unsigned entries = 0;
	size_t i;

	for (i = node->row; i < node->row + node->rows; i++)
		entries += graph.row[i].count;
	assert_int_equal(entries, node->missing ? 0 : VK_TABLE_ENTRIES);
}

static void
every_arrow_exists_in_the_tables(void **state)
{
	size_t seen[GRAPH_EDGE_KINDS] = { 0 }, i;
	unsigned seed;

	(void)state;
	for (seed = 1; seed <= 40; seed++) {
		teardown(NULL);
		setup(NULL);
		random_state = seed;
		make_random(&now, 1, 64, 0x67);
		make_random(&now, EPT_ROOT >> 12, 64, EPT_RWX);
		world_add_ept(&now);
		/* The guest's tables are where they were: most of the EPT is one to one. */
		now.memory[EPT_ROOT >> 12][0] = (EPT_ROOT + 0x1000) | EPT_RWX;
		now.memory[(EPT_ROOT >> 12) + 1][0] = (EPT_ROOT + 0x2000) | EPT_RWX;
		now.memory[(EPT_ROOT >> 12) + 2][0] = (EPT_ROOT + 0x3000) | EPT_RWX;
		for (i = 0; i < 512; i++)
			now.memory[(EPT_ROOT >> 12) + 3][i] = draw_number(9) != 0 ?
			    i << 12 | EPT_RWX | 6u << EPT_MEMTYPE_SHIFT : 0;
		draw_limited(false, 30, 12 + seed);
		for (i = 0; i < graph.edges; i++) {
			const struct graph_edge *edge = &graph.edge[i];

			seen[edge->kind]++;
			if (edge->kind == GRAPH_EDGE_REFERS)
				check_reference(edge);
			else if (edge->kind == GRAPH_EDGE_MAPS)
				check_mapping(edge);
			else
				check_passage(edge);
		}
		for (i = 0; i < graph.nodes; i++) {
			if (graph.node[i].kind == GRAPH_NODE_TABLE)
				check_rows(&graph.node[i]);
		}
	}
	assert_true(seen[GRAPH_EDGE_REFERS] > 100 && seen[GRAPH_EDGE_MAPS] > 100 &&
	    seen[GRAPH_EDGE_THROUGH] > 100);
}

static struct graph_count
count_range(const struct graph_space *before, const struct graph_space *after, uint64_t start,
    uint64_t last)
{
	struct graph_scan scan;
	struct graph_count count;

	graph_scan_init(&scan, before, after, start, last);
	count = graph_scan_count(&scan, graph_scan_root(&scan), 4, 0);
	assert_false(scan.failed);
	graph_scan_free(&scan);
	return count;
}

static void
parts_of_a_range_count_as_much_as_the_whole(void **state)
{
	struct graph_space before, after;
	struct graph_count whole, part;
	unsigned seed;

	(void)state;
	for (seed = 1; seed <= 10; seed++) {
		uint64_t cut = (draw_number(1ull << 24) << 24 | draw_number(1ull << 24)) &
		    ~VK_PAGE_OFFSET_MASK & (VK_BIT(48) - 1);

		random_state = seed;
		make_random(&then, 1, 12, 0x67);
		memcpy(now.memory, then.memory, sizeof(now.memory));
		make_random(&now, 8, 6, 0x67);
		assert_true(graph_space_guest(&before, &then.view));
		assert_true(graph_space_guest(&after, &now.view));
		whole = count_range(&before, &after, 0, VK_BIT(48) - 1);
		part = count_range(&before, &after, 0, cut - 1 + (cut == 0));
		if (cut != 0) {
			struct graph_count rest = count_range(&before, &after, cut,
			    VK_BIT(48) - 1);

			/* Entries of upper tables that reach over the cut are in both. */
			graph_count_add(&part, &rest);
			assert_int_equal(part.pages[1], whole.pages[1]);
			assert_in_range(part.differ[GRAPH_ADDED], whole.differ[GRAPH_ADDED],
			    whole.differ[GRAPH_ADDED] + 4);
			assert_in_range(part.differ[GRAPH_REMOVED], whole.differ[GRAPH_REMOVED],
			    whole.differ[GRAPH_REMOVED] + 4);
			assert_in_range(part.differ[GRAPH_CHANGED], whole.differ[GRAPH_CHANGED],
			    whole.differ[GRAPH_CHANGED] + 4);
			assert_in_range(part.absent, whole.absent, whole.absent + 4);
		}
	}
}

/* --- walks ------------------------------------------------------------------------------------ */

static struct explanation why;

/* GVA 0 is page 0x10000; the EPT maps the first 2 MiB one to one. */
static void
make_nested(void)
{
	struct entries ones = { 0, 512, 1, EPT_RWX | 6u << EPT_MEMTYPE_SHIFT, 0x1000 };

	make_path(&now);
	now.memory[4][0] = 0x10067;
	now.memory[EPT_ROOT >> 12][0] = (EPT_ROOT + 0x1000) | EPT_RWX;
	now.memory[(EPT_ROOT >> 12) + 1][0] = (EPT_ROOT + 0x2000) | EPT_RWX;
	now.memory[(EPT_ROOT >> 12) + 2][0] = (EPT_ROOT + 0x3000) | EPT_RWX;
	fill_table(now.memory[(EPT_ROOT >> 12) + 3], &ones);
	world_add_ept(&now);
}

static void
walk(uint64_t gva)
{
	hpa_t absent;

	assert_int_equal(view_explain(&now.view, vk_gva(gva), 1, VK_ACC_R, VIEW_USER, &why,
	    &absent), VIEW_OK);
	graph_draw_walk(&graph, &now.view, &why, NULL);
	assert_false(graph_failed(&graph));
}

/* Every reference of the explanation is a box, in order; returns how many there are. */
static unsigned
check_steps(void)
{
	unsigned order = 0, i;
	size_t at = 0;

	for (i = 0; i < why.reads; i++) {
		if (why.read[i].update)
			continue;
		while (at < graph.nodes && graph.node[at].order == 0)
			at++;
		assert_true(at < graph.nodes);
		assert_int_equal(graph.node[at].order, ++order);
		assert_int_equal(graph.node[at].address, why.read[i].slot);
		assert_int_equal(graph.node[at].entry, why.read[i].entry);
		assert_int_equal(graph.node[at].failed, why.read[i].failed);
		assert_int_equal(graph.node[at].part, why.read[i].side == EVENT_GUEST ?
		    GRAPH_GUEST : GRAPH_OUTER);
		at++;
	}
	return order;
}

static void
a_two_dimensional_walk_has_24_references_in_order(void **state)
{
	const struct graph_node *answer;

	(void)state;
	make_nested();
	walk(0x123);
	assert_int_equal(check_steps(), 24);
	answer = find_node("answer");
	assert_false(answer->failed);
	assert_non_null(strstr(answer->sub, "HPA 0x10123"));
	assert_int_equal(answer->lane, 4);
	assert_int_equal(answer->column, 5);
}

static void
a_walk_that_fails_is_explained_beside_the_entry(void **state)
{
	const struct graph_node *answer, *step = NULL;
	size_t i;

	(void)state;
	make_nested();
	now.memory[(EPT_ROOT >> 12) + 3][4] = 0; /* where the page table is */
	walk(0);
	assert_int_equal(check_steps(), 19);
	answer = find_node("answer");
	for (i = 0; i < graph.nodes; i++) {
		if (graph.node[i].failed && graph.node[i].kind == GRAPH_NODE_STEP)
			step = &graph.node[i];
	}
	assert_non_null(step);
	assert_int_equal(step->order, 19);
	assert_int_equal(step->address, EPT_ROOT + 0x3000 + 4 * 8);
	assert_true(answer->failed);
	assert_int_equal(answer->lane, step->lane);
	assert_int_equal(answer->column, step->column + 1);
	assert_non_null(strstr(answer->sub, "EPT violation"));
	assert_non_null(strstr(answer->sub, "EPT-NOT-PRESENT"));
}

static void
an_entry_that_is_in_no_memory_is_said_to_be_in_none(void **state)
{
	hpa_t absent = vk_hpa(0);
	const struct graph_node *answer;

	(void)state;
	make_path(&now);
	now.memory[3][0] = 0x77700067;
	assert_int_equal(view_explain(&now.view, vk_gva(0x5000), 1, VK_ACC_R, VIEW_USER, &why,
	    &absent), VIEW_ABSENT);
	graph_draw_walk(&graph, &now.view, &why, &absent.v);
	assert_int_equal(check_steps(), 4);
	answer = find_node("answer");
	assert_non_null(strstr(answer->sub, "no memory at HPA 0x77700028"));
	assert_string_equal(graph.node[answer - graph.node - 1].sub,
	    "at PA 0x77700028\nnot in this memory");
}

static void
a_walk_as_the_guest_knows_it_has_no_outer_reads(void **state)
{
	hpa_t absent;
	size_t i;

	(void)state;
	make_nested();
	assert_int_equal(view_explain(&now.view, vk_gva(0), 1, VK_ACC_R, VIEW_USER, &why,
	    &absent), VIEW_OK);
	graph_forget_outer(&now.view, &why);
	graph_draw_walk(&graph, &now.view, &why, NULL);
	assert_int_equal(check_steps(), 4);
	for (i = 0; i < graph.nodes; i++) {
		assert_int_equal(graph.node[i].lane, 0);
		assert_int_not_equal(graph.node[i].part, GRAPH_OUTER);
	}
	assert_non_null(strstr(find_node("answer")->sub, "PA 0x10000"));
}

static void
a_walk_of_one_structure_is_one_lane(void **state)
{
	size_t i;

	(void)state;
	make_path(&now);
	now.memory[4][0] = 0x10067;
	walk(0);
	assert_int_equal(check_steps(), 4);
	for (i = 0; i < graph.nodes; i++) {
		assert_int_equal(graph.node[i].lane, 0);
		assert_int_equal(graph.node[i].column, i);
	}
}

static void
what_is_misconfigured_says_why(void **state)
{
	uint64_t *table = now.memory[(EPT_ROOT >> 12) + 3];

	(void)state;
	make_nested();
	memset(table + 16, 0, 400 * 8);
	table[16] = 0x10000 | EPT_W | EPT_X | 6u << EPT_MEMTYPE_SHIFT;
	table[17] = 0x11000 | EPT_X | 6u << EPT_MEMTYPE_SHIFT;
	table[18] = 0x12000 | EPT_RWX | 3u << EPT_MEMTYPE_SHIFT;
	table[19] = 0x13000 | VK_BIT(47) | EPT_RWX | 6u << EPT_MEMTYPE_SHIFT;
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	assert_non_null(strstr(rows_of(find_node("EPT L1 0x104000")),
	    "[16] 0x10000 W X WB MISCONFIGURED: W without R; "
	    "[17] 0x11000 X WB MISCONFIGURED: X without R; "
	    "[18] 0x12000 R W X memtype=0x3 MISCONFIGURED: memory type; "
	    "[19] 0x13000 R W X WB bit47 MISCONFIGURED: reserved bits 0x800000000000; "));
	assert_non_null(strstr(rows_of(find_node("guest-physical memory")),
	    "0x10000-0x10fff page of GVA 0x0 misconfigured in the EPT"));
}

static void
a_page_that_only_the_host_has_is_dashed(void **state)
{
	static struct view_page held = { { 0x4000 }, { 0x4000 } };

	(void)state;
	make_nested();
	now.memory[(EPT_ROOT >> 12) + 3][4] = 0;
	now.view.held = malloc(sizeof(held));
	assert_non_null(now.view.held);
	*now.view.held = held;
	now.view.helds = 1;
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	assert_true(find_node("PT 0x4000")->missing);
	assert_string_equal(rows_of(find_node("PT 0x4000")),
	    "[0] 0x0 RW US A D page GPA 0x10000; 511 others are empty");
	assert_string_equal(rows_of(find_node("guest-physical memory")),
	    "0x1000-0x3fff guest tables PML4, PDPT, PD HPA 0x1000; "
	    "0x4000-0x4fff guest table PT NOT in the EPT; the host has it; "
	    "0x10000-0x10fff page of GVA 0x0 HPA 0x10000");
}

/* --- text ------------------------------------------------------------------------------------- */

static char out[65536];

static struct text_buffer out_buffer;

static struct scn_sink
out_sink(void)
{
	out_buffer.buf = out;
	out_buffer.size = sizeof(out);
	return text_buffer_sink(&out_buffer);
}

static void
markup_is_not_made_of_foreign_text(void **state)
{
	struct scn_sink sink = out_sink();

	(void)state;
	make_path(&now);
	graph.title = "<b>&\"\\N\x01\xff\xef\xbf\xbf\xc3\xa9";
	graph_add_line(&graph, "a line\nof two");
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	graph_write_dot(&graph, graph_theme_at(0), &sink);
	assert_true(out_buffer.used < sizeof(out) - 1);
	assert_non_null(strstr(out,
	    "digraph \"<b>&\\\"\\\\N\\\\x01\\\\xff\\\\xef\\\\xbf\\\\xbf\xc3\xa9\" {"));
	assert_non_null(strstr(out,
	    "&lt;b&gt;&amp;&quot;\\\\N\\\\x01\\\\xff\\\\xef\\\\xbf\\\\xbf\xc3\xa9"));
	assert_null(strstr(out, "<b>&\"\\N"));
	assert_non_null(strstr(out, "a line<BR ALIGN=\"LEFT\"/>of two<BR ALIGN=\"LEFT\"/>"));
}

static void
a_drawing_without_words_is_grammar(void **state)
{
	struct scn_sink sink = out_sink();

	(void)state;
	graph.title = "";
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	graph_write_dot(&graph, graph_theme_at(0), &sink);
	assert_null(strstr(out, "><</"));
	assert_null(strstr(out, "<B></B>"));
}

static void
json_has_every_box_and_arrow(void **state)
{
	struct scn_sink sink = out_sink();
	json_error_t error;
	json_t *root;

	(void)state;
	make_path(&now);
	now.memory[4][0] = 0x10067;
	graph.title = "<\"\\\x01\xff";
	draw_limited(false, GRAPH_LIMIT, GRAPH_ROWS);
	graph_write_json(&graph, &sink);
	root = json_loads(out, 0, &error);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), graph.nodes);
	assert_int_equal(json_array_size(json_object_get(root, "edges")), graph.edges);
	json_decref(root);
}

/* --- themes ----------------------------------------------------------------------------------- */

/* x to the power of 2.4, by the fifth root of x; x is between 0 and 1. */
static double
power(double x)
{
	double root = 1, square;
	unsigned i;

	for (i = 0; i < 100; i++)
		root -= (root - x / (root * root * root * root)) / 5;
	square = root * root * root * root;
	return square * square * square;
}

/* Relative luminance, WCAG 2.1. */
static double
luminance(const char *color)
{
	static const double weight[] = { 0.2126, 0.7152, 0.0722 };
	double sum = 0;
	unsigned value, i;

	assert_int_equal(strlen(color), 7);
	for (i = 0; i < 3; i++) {
		double part;

		assert_int_equal(sscanf(color + 1 + 2 * i, "%2x", &value), 1);
		part = value / 255.0;
		sum += weight[i] *
		    (part <= 0.03928 ? part / 12.92 : power((part + 0.055) / 1.055));
	}
	return sum;
}

static void
assert_contrast(const struct graph_theme *theme, const char *what, const char *one,
    const char *other, double least)
{
	double a = luminance(one) + 0.05, b = luminance(other) + 0.05;
	double contrast = a > b ? a / b : b / a;

	if (contrast < least)
		fail_msg("%s: %s: %s and %s have a contrast of %.2f, expected %.1f", theme->name,
		    what, one, other, contrast, least);
}

static void
check_shade(const struct graph_theme *theme, const struct graph_shade *shade)
{
	assert_contrast(theme, "ink on a head", theme->ink, shade->head, 7);
	assert_contrast(theme, "ink on a body", theme->ink, shade->body, 7);
	assert_contrast(theme, "faint on a body", theme->faint, shade->body, 4.5);
	assert_contrast(theme, "a line on paper", shade->line, theme->paper, 3);
	assert_contrast(theme, "a line on a body", shade->line, shade->body, 3);
}

static void
every_theme_can_be_read(void **state)
{
	const struct graph_theme *theme;
	size_t i, j;

	(void)state;
	for (i = 0; (theme = graph_theme_at(i)) != NULL; i++) {
		assert_ptr_equal(graph_theme_find(theme->name), theme);
		assert_contrast(theme, "ink on paper", theme->ink, theme->paper, 7);
		for (j = 0; j < GRAPH_PARTS; j++)
			check_shade(theme, &theme->part[j]);
		for (j = GRAPH_ADDED; j < GRAPH_MARKS; j++)
			check_shade(theme, &theme->mark[j]);
		check_shade(theme, &theme->bad);
	}
	assert_int_equal(i, 3);
	assert_null(graph_theme_find("sepia"));
}

static void
the_theme_for_paper_has_no_colour(void **state)
{
	const struct graph_theme *theme = graph_theme_find("print");
	size_t i;

	(void)state;
	for (i = 0; i < GRAPH_PARTS; i++) {
		const char *color = theme->part[i].head;

		assert_memory_equal(color + 1, color + 3, 2);
		assert_memory_equal(color + 1, color + 5, 2);
	}
}

/* --- all -------------------------------------------------------------------------------------- */

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_WORLD(a_table_in_another_place_is_compared_with_the_one_before),
		WITH_WORLD(an_entry_whose_bits_have_become_reserved_differs),
		WITH_WORLD(a_shared_table_is_drawn_once),
		WITH_WORLD(a_table_that_is_its_own_comes_to_an_end),
		WITH_WORLD(within_any_limit_every_page_is_shown_or_counted),
		WITH_WORLD(a_range_leaves_out_what_lies_outside),
		WITH_WORLD(every_arrow_exists_in_the_tables),
		WITH_WORLD(parts_of_a_range_count_as_much_as_the_whole),
		WITH_WORLD(a_two_dimensional_walk_has_24_references_in_order),
		WITH_WORLD(a_walk_that_fails_is_explained_beside_the_entry),
		WITH_WORLD(an_entry_that_is_in_no_memory_is_said_to_be_in_none),
		WITH_WORLD(a_walk_as_the_guest_knows_it_has_no_outer_reads),
		WITH_WORLD(a_walk_of_one_structure_is_one_lane),
		WITH_WORLD(what_is_misconfigured_says_why),
		WITH_WORLD(a_page_that_only_the_host_has_is_dashed),
		WITH_WORLD(markup_is_not_made_of_foreign_text),
		WITH_WORLD(a_drawing_without_words_is_grammar),
		WITH_WORLD(json_has_every_box_and_arrow),
		cmocka_unit_test(every_theme_can_be_read),
		cmocka_unit_test(the_theme_for_paper_has_no_colour),
	};
	struct rows rows = { NULL, 0, 0 };
	int failures;
	size_t i;

	for (i = 0; i < ROWS_COUNT(fold_rows); i++)
		rows_add(&rows, "rows", fold_rows[i].what, fold_case, &fold_rows[i]);
	for (i = 0; i < ROWS_COUNT(differ_rows); i++)
		rows_add(&rows, "differences", differ_rows[i].what, differ_case, &differ_rows[i]);
	failures = rows_run(&rows, "graph");
	return failures + cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
