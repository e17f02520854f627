/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: guest-physical memory through nothing, an EPT, nested tables [NPT-WALK]; and the view of a
 * scenario's machine, in which a walk ends as the machine's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "play/play.h"
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
		TEST(the_shape_of_the_guest_is_in_its_registers),
		cmocka_unit_test(a_view_of_a_scenario_is_of_the_step_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
