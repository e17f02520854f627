/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: guest-physical memory through nothing, an EPT, nested tables [NPT-WALK], with what
 * becomes of an access [NPT-FAULT]; and the view of a
 * scenario's machine, in which a walk ends as the machine's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "play/play.h"
#include "view/view_explain.h"
#include "view/view.h"

#define PAGES 8u
#define CAP (EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_AD)
#define WB (6ull << EPT_MEMTYPE_SHIFT)

/*
 * Eight pages.  Outer tables at 0x1000 to 0x4000 map guest-physical 0x5000 and 0x6000 to the pages
 * exchanged, 0x7000 without read, and 2^47 + 0x5000 to 0x5000.
 */
struct fixture {
	uint64_t memory[PAGES][VK_TABLE_ENTRIES];
	struct view view;
};

static void
fill(struct fixture *f, uint64_t table, uint64_t page)
{
	memset(f->memory, 0, sizeof(f->memory));
	f->memory[1][0] = f->memory[1][256] = 0x2000 | table;
	f->memory[2][0] = 0x3000 | table;
	f->memory[3][0] = 0x4000 | table;
	f->memory[4][5] = 0x6000 | page;
	f->memory[4][6] = 0x5000 | page;
	f->memory[5][0] = 0x55;
	f->memory[6][0] = 0x66;
}

static int
setup(void **state)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr3 = 0x5018, .maxphyaddr = 46 };
	struct image *image = image_create();
	static struct fixture f;

	assert_non_null(image);
	assert_true(image_append(image, 0, sizeof(f.memory), (unsigned char *)f.memory));
	view_init(&f.view, image, &mode, 3);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	view_free(&f->view);
	return 0;
}

static void
set_ept(struct fixture *f)
{
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	fill(f, EPT_RWX, EPT_RWX | WB);
	f->memory[4][7] = 0x7000 | EPT_X | WB;
	assert_int_equal(ept_init(&ept, nowhere, 0x1000 | 3 << 3 | 6, CAP | EPT_CAP_EXEC_ONLY, 0,
	    46), EPTP_VALID);
	view_set_ept(&f->view, &ept);
}

static void
set_npt(struct fixture *f)
{
	struct guestpt_mode host = { .cr3 = 0x1000, .maxphyaddr = 46 };

	fill(f, VK_PG_P | VK_PG_RW | VK_PG_US, VK_PG_P | VK_PG_RW | VK_PG_US);
	f->memory[4][7] = 0x7000 | VK_PG_P | VK_PG_RW;
	view_set_npt(&f->view, &host);
}

static void
flat_addresses_are_their_own(void **state)
{
	struct fixture *f = *state;
	unsigned char scratch[VK_PAGE_BYTES];
	const unsigned char *bytes;
	hpa_t hpa;

	assert_int_equal(view_translate(&f->view, vk_gpa(0x5123), &hpa), VIEW_OK);
	assert_true(hpa.v == 0x5123);
	assert_int_equal(view_guest_page(&f->view, vk_gpa(0x5000), &hpa, scratch, &bytes),
	    VIEW_OK);
	assert_ptr_equal(bytes, f->memory[5]);
	assert_int_equal(view_guest_page(&f->view, vk_gpa(0x8000), &hpa, scratch, &bytes),
	    VIEW_ABSENT);
	assert_int_equal(view_outer_levels(&f->view), 0);
}

/* What holds of either kind of outer tables. */
static void
check_outer(struct fixture *f)
{
	struct gpm memory = view_guest_memory(&f->view);
	unsigned char scratch[VK_PAGE_BYTES];
	const unsigned char *bytes;
	uint64_t entry = 0;
	hpa_t hpa;

	assert_int_equal(view_translate(&f->view, vk_gpa(0x5123), &hpa), VIEW_OK);
	assert_true(hpa.v == 0x6123);
	assert_int_equal(view_translate(&f->view, vk_gpa(VK_BIT(47) | 0x5123), &hpa), VIEW_OK);
	assert_true(hpa.v == 0x6123);
	assert_int_equal(view_translate(&f->view, vk_gpa(VK_BIT(48) | 0x5123), &hpa),
	    VIEW_REFUSED);
	assert_int_equal(view_translate(&f->view, vk_gpa(0x7000), &hpa), VIEW_REFUSED);
	assert_int_equal(view_translate(&f->view, vk_gpa(0x4000), &hpa), VIEW_REFUSED);
	assert_int_equal(view_guest_page(&f->view, vk_gpa(0x6000), &hpa, scratch, &bytes),
	    VIEW_OK);
	assert_ptr_equal(bytes, f->memory[5]);
	assert_true(hpa.v == 0x5000);
	assert_true(memory.ops->load(memory.ctx, vk_gpa(0x5000), &entry) && entry == 0x66);
	assert_false(memory.ops->load(memory.ctx, vk_gpa(0x7000), &entry));
	assert_true(view_outer_root(&f->view).v == 0x1000);
	assert_int_equal(view_outer_levels(&f->view), 4);
	f->memory[4][5] += 0x100000;
	assert_int_equal(view_guest_page(&f->view, vk_gpa(0x5000), &hpa, scratch, &bytes),
	    VIEW_ABSENT);
}

static void
an_ept_translates(void **state)
{
	set_ept(*state);
	check_outer(*state);
}

static void
nested_tables_translate_as_user(void **state)
{
	set_npt(*state);
	check_outer(*state);
}

static void
the_shape_of_the_guest_is_in_its_registers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(view_guest_levels(&f->view), 4);
	assert_true(view_guest_root(&f->view).v == 0x5000);
	f->view.mode.cr4 |= VK_CR4_LA57;
	assert_int_equal(view_guest_levels(&f->view), 5);
	f->view.mode.cr0 = 0;
	assert_int_equal(view_guest_levels(&f->view), 0);
}

/* --- explanations ----------------------------------------------------------------------------- */

/*
 * The guest's tables: root at guest-physical 0x5000 (page 6), each level the next page; a page of
 * user mode at 0x6000 (page 5), to be read only, and a table that nothing maps.
 */
#define GUEST_TABLE (VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_A)

static void
fill_guest(struct fixture *f)
{
	uint64_t *root = f->memory[6];

	f->view.mode.cr0 = VK_CR0_PG | VK_CR0_WP;
	f->view.mode.cr3 = 0x5000;
	f->view.mode.efer = VK_EFER_NXE;
	f->view.mode.page1g = 1;
	root[0] = 0x5000 | GUEST_TABLE;        /* the root again, at every level */
	root[1] = 0x6000 | VK_PG_P | VK_PG_US | VK_PG_A; /* level 1: the page */
	root[2] = 0x9000 | GUEST_TABLE;        /* a table, or page, that is not mapped */
	root[3] = 0x7000 | GUEST_TABLE;        /* one that is mapped without user, or read */
	root[4] = VK_BIT(45) | 0x5000 | GUEST_TABLE;
}

static struct explanation why;

static enum view_status
explain(struct fixture *f, uint64_t gva, unsigned size, unsigned acc, enum view_cpl cpl)
{
	hpa_t absent;

	return view_explain(&f->view, vk_gva(gva), size, acc, cpl, &why, &absent);
}

/* What holds of either kind of outer tables: 24 reads, five addresses. */
static void
check_access(struct fixture *f)
{
	fill_guest(f);
	assert_int_equal(explain(f, 0x1010, 8, VK_ACC_R, VIEW_EITHER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_OK);
	assert_true(why.gpa == 0x6010 && why.hpa == 0x5010);
	assert_int_equal(why.reads, 24);
	assert_int_equal(explain(f, 0x1010, 8, VK_ACC_W, VIEW_EITHER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_PAGE_FAULT);
	assert_int_equal(why.error_code, VK_PF_P | VK_PF_W | VK_PF_U);
	assert_int_equal(explain(f, 0x5000, 8, VK_ACC_R, VIEW_SUPERVISOR), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_PAGE_FAULT);
	assert_int_equal(why.level, 1);
	assert_int_equal(explain(f, VK_BIT(60), 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_GENERAL_PROTECTION);
	/* The page passes, the next one has no entry. */
	f->memory[6][2] = 0;
	assert_int_equal(explain(f, 0x1ff8, 16, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_PAGE_FAULT);
	assert_true(why.gva == 0x2000);
	f->memory[6][2] = f->memory[6][1];
	assert_int_equal(explain(f, 0x1ff8, 16, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_OK);
	assert_true(why.gva == 0x1ff8);
}

static void
accesses_under_an_ept_are_explained(void **state)
{
	struct fixture *f = *state;

	set_ept(f);
	check_access(f);
	fill_guest(f);
	assert_int_equal(explain(f, 0x2010, 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_VM_EXIT);
}

static void
accesses_under_nested_tables_are_explained(void **state)
{
	struct fixture *f = *state;

	set_npt(f);
	check_access(f);
	fill_guest(f);
	assert_int_equal(explain(f, 0x2010, 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_NESTED_FAULT);
	assert_true(why.qualification == (VK_BIT(32) | VK_PF_U));
	assert_true(why.gpa == 0x9010);
	assert_int_equal(why.side, EVENT_NPT);
	assert_true(why.read[why.reads - 1].failed);
	assert_int_equal(why.reads, 24);
	/* A table, which is asked for as if to be written. */
	assert_int_equal(explain(f, 3 << 21, 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_NESTED_FAULT);
	assert_true(why.qualification == (VK_BIT(33) | VK_PF_P | VK_PF_W | VK_PF_U));
	assert_non_null(strstr(why.verdict, "nested page fault, error code 0x7"));
	f->memory[4][6] &= ~VK_PG_RW;
	assert_int_equal(explain(f, 0x1010, 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_OK);
	f->memory[4][5] &= ~VK_PG_RW;
	assert_int_equal(explain(f, 0x1010, 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_true(why.qualification == (VK_BIT(33) | VK_PF_P | VK_PF_W | VK_PF_U));
}

static void
addresses_wider_than_nested_tables_are_faults(void **state)
{
	struct fixture *f = *state;

	set_npt(f);
	fill_guest(f);
	f->view.mode.maxphyaddr = 52;
	f->memory[6][4] |= VK_BIT(50);
	assert_int_equal(explain(f, 0x4000, 8, VK_ACC_R, VIEW_USER), VIEW_OK);
	assert_int_equal(why.outcome, EVENT_NESTED_FAULT);
	assert_non_null(strstr(why.verdict, "more bits"));
}

static void
what_is_not_in_memory_is_absent(void **state)
{
	struct fixture *f = *state;

	set_npt(f);
	fill_guest(f);
	f->memory[4][5] += 0x100000;
	assert_int_equal(explain(f, 0x1010, 8, VK_ACC_R, VIEW_USER), VIEW_ABSENT);
	set_ept(f);
	fill_guest(f);
	f->memory[2][0] += 0x100000;
	assert_int_equal(explain(f, 0x1010, 8, VK_ACC_R, VIEW_USER), VIEW_ABSENT);
}

/* --- of a scenario ---------------------------------------------------------------------------- */

static const char text[] =
    "scenario: a page behind both tables\n"
    "machine: {maxphyaddr: 40}\n"
    "host:\n"
    "  memory: 16M\n"
    "  ept:\n"
    "    - {gpa: 0, hpa: 0x100000, size: 1M}\n"
    "guest:\n"
    "  spaces:\n"
    "    main: {root: 0x1000, map: [{gva: 0x400000, gpa: 0x9000, size: 8K}]}\n"
    "threads:\n"
    "  - name: vcpu\n"
    "    role: bare\n"
    "    steps:\n"
    "      - write: {at: 0x400000, value: 1}\n"
    "      - set-entry: {gva: 0x401000, entry: 0}\n"
    "      - read: 0x400000\n";

static struct scenario *
load(struct scenario_list *list)
{
	struct scenario_errors errors;

	if (scenario_load("text", text, sizeof(text) - 1, list, &errors) != SCENARIO_OK)
		fail_msg("%s", errors.error[0].text);
	scenario_errors_free(&errors);
	return scenario_list_make(list, 0);
}

/* Walks in a view as a vCPU of the scenario would: 0 when something is in the way. */
static uint64_t
walk_view(const struct view *view, uint64_t gva)
{
	struct guestpt_walk walk;
	struct guestpt pt;
	hpa_t hpa;

	guestpt_init(&pt, view_guest_memory(view), &view->mode);
	if (guestpt_walk(&pt, vk_gva(gva), VK_ACC_R | VK_ACC_USER, &walk) != GUESTPT_OK ||
	    view_translate(view, walk.gpa, &hpa) != VIEW_OK)
		return 0;
	return hpa.v;
}

static void
a_view_of_a_scenario_is_of_the_step_asked_for(void **state)
{
	struct play_question question = { .thread = 0, .step = 1, .gva_given = true,
		.gva = 0x401008, .acc = VK_ACC_R, .size = 1 };
	static struct explanation why;
	struct scenario_list list;
	struct scenario *scenario = load(&list);
	struct view before, after;
	uint64_t word;

	(void)state;
	assert_int_equal(play_walk(scenario, &question, &why), PLAY_ANSWERED);
	assert_int_equal(play_view(scenario, &question, &before), PLAY_ANSWERED);
	question.step = 2;
	assert_int_equal(play_view(scenario, &question, &after), PLAY_ANSWERED);
	assert_int_equal(before.outer, VIEW_EPT);
	assert_int_equal(before.cpl, 3);
	assert_true(why.hpa == 0x10a008 && walk_view(&before, 0x401008) == why.hpa);
	assert_true(walk_view(&after, 0x401008) == 0);
	assert_true(walk_view(&after, 0x400000) == 0x109000);
	assert_true(image_load(after.image, vk_hpa(0x109000), &word) && word == 1);
	assert_true(image_load(after.image, vk_hpa(0xfffff8), &word) && word == 0);
	assert_false(image_load(after.image, vk_hpa(0x1000000), &word));
	view_free(&before);
	view_free(&after);
	question.step = 9;
	assert_int_equal(play_view(scenario, &question, &after), PLAY_NOT_REACHED);
	scenario_free(scenario);
	scenario_list_free(&list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(flat_addresses_are_their_own),
		TEST(an_ept_translates),
		TEST(nested_tables_translate_as_user),
		TEST(accesses_under_an_ept_are_explained),
		TEST(accesses_under_nested_tables_are_explained),
		TEST(addresses_wider_than_nested_tables_are_faults),
		TEST(what_is_not_in_memory_is_absent),
		TEST(the_shape_of_the_guest_is_in_its_registers),
		cmocka_unit_test(a_view_of_a_scenario_is_of_the_step_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
