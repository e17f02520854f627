/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map of a process: what a fault finds, what changes of the map do to it, what is taken
 * back from the processors and when; then the same by seed against a map that is one entry a page;
 * and copyio over it, which faults its pages in.
 *
 * [DF-VM] [DF-COPYIO]
 */
#include <stdio.h>
#include <string.h>

#include "copyio/vk_pmap.h"
#include "sim/random_numbers.h"
#include "sim/vmspace.h"
#include "support/map_memory.h"
#include "support/support_alone.h"
#include "support/support_rows.h"

#define PAGE 4096ull
#define RW   (VMSPACE_R | VMSPACE_W)
#define RWX  (RW | VMSPACE_X)

static struct {
	struct hostmem *mem;
	struct frames frames;
	struct vmspace *space;
	char revoked[256];                 /* "[start,end) " in pages, in order */
	void (*meanwhile)(uint64_t start); /* what others do while rights are taken back */
	bool inside;
} world;

static void
on_revoke(void *ctx, uint64_t start, uint64_t end, bool take_all)
{
	size_t used = strlen(world.revoked);

	assert_ptr_equal(ctx, &world);
	assert_true(take_all && start < end);
	snprintf(world.revoked + used, sizeof(world.revoked) - used, "[%llx,%llx) ",
	    (unsigned long long)(start / PAGE), (unsigned long long)(end / PAGE));
	if (world.meanwhile != NULL && !world.inside) {
		world.inside = true;
		world.meanwhile(start);
		world.inside = false;
	}
}

static void
world_make(uint64_t frames)
{
	memset(&world, 0, sizeof(world));
	world.mem = hostmem_create(0x10000000, 100000);
	assert_non_null(world.mem);
	frames_init(&world.frames, world.mem, vk_hpa(0x100000), vk_hpa(0x100000 + frames * PAGE));
	world.space = vmspace_create(&world.frames);
	assert_non_null(world.space);
	vmspace_set_revoke(world.space, on_revoke, &world);
}

static int
world_begin(void **state)
{
	(void)state;
	world_make(1000);
	return 0;
}

static int
world_end(void **state)
{
	(void)state;
	vmspace_destroy(world.space);
	/* With the map, every frame has gone back. */
	if (world.frames.taken != 0)
		print_error("%llu frames are left over\n", (unsigned long long)world.frames.taken);
	hostmem_destroy(world.mem);
	return world.frames.taken != 0;
}

/* Maps pages of an object of its own; `bytes` may be NULL. */
static struct vm_object *
map(uint64_t first, uint64_t pages, unsigned prot, bool cow, const void *bytes, size_t size)
{
	struct vm_range range = {.start = first * PAGE,
	    .end = (first + pages) * PAGE,
	    .prot = prot,
	    .copy_on_write = cow};

	range.object = vm_object_create(&world.frames, bytes, size);
	assert_non_null(range.object);
	assert_true(vmspace_map(world.space, &range));
	vm_object_release(range.object); /* the map has its own reference */
	return range.object;
}

static struct vm_fault
fault(uint64_t page, unsigned acc)
{
	return vmspace_fault(world.space, page * PAGE + 0x123, acc);
}

static void
assert_found(struct vm_fault found, enum event_fault kind)
{
	assert_int_equal(found.status, VM_FAULT_OK);
	assert_int_equal(found.kind, kind);
	assert_int_equal(found.frame.v & (PAGE - 1), 0);
}

static void
assert_refused(struct vm_fault found, enum vm_fault_status status)
{
	assert_int_equal(found.status, status);
	assert_int_equal(found.kind, EVENT_FAULT_REFUSED);
}

static uint64_t
word_of(struct vm_fault found)
{
	return hostmem_load(world.mem, found.frame);
}

/* --- what is there ---------------------------------------------------------------------------- */

struct seen {
	uint64_t page[8], frame[8];
	unsigned pages;
};

static void
see(void *ctx, uint64_t address, hpa_t frame)
{
	struct seen *seen = ctx;

	assert_true(seen->pages < 8);
	seen->page[seen->pages] = address / PAGE;
	seen->frame[seen->pages++] = frame.v;
}

static void
a_visit_tells_each_page_once_and_copies_before_what_they_copy(void **state)
{
	struct vm_fault zero, shared, copy;
	struct seen seen = {.pages = 0};

	(void)state;
	map(0x10, 4, RW, false, NULL, 0);
	map(0x20, 4, RW, true, "file", 4);
	vmspace_visit(world.space, see, &seen);
	assert_int_equal(seen.pages, 0);
	zero = fault(0x12, VK_ACC_W);
	(void)fault(0x20, VK_ACC_R);
	shared = fault(0x21, VK_ACC_R);
	copy = fault(0x20, VK_ACC_W);
	vmspace_visit(world.space, see, &seen);
	assert_int_equal(seen.pages, 3);
	assert_int_equal(seen.page[0], 0x12);
	assert_int_equal(seen.frame[0], zero.frame.v);
	assert_int_equal(seen.page[1], 0x20);
	assert_int_equal(seen.frame[1], copy.frame.v);
	assert_int_equal(seen.page[2], 0x21);
	assert_int_equal(seen.frame[2], shared.frame.v);
}

static void
a_visit_leaves_out_pages_of_the_object_outside_the_range(void **state)
{
	struct seen seen = {.pages = 0};
	struct vm_fault left;

	(void)state;
	map(0x10, 4, RW, false, NULL, 0);
	(void)fault(0x10, VK_ACC_W);
	left = fault(0x13, VK_ACC_W);
	assert_true(vmspace_unmap(world.space, 0x10 * PAGE, 0x12 * PAGE));
	vmspace_visit(world.space, see, &seen);
	assert_int_equal(seen.pages, 1);
	assert_int_equal(seen.page[0], 0x13);
	assert_int_equal(seen.frame[0], left.frame.v);
}

/* --- zero-fill, files ------------------------------------------------------------------------- */

static void
a_zero_fill_page_comes_into_being_once(void **state)
{
	struct vm_fault first, again;

	(void)state;
	map(0x10, 4, RW, false, NULL, 0);
	first = fault(0x11, VK_ACC_R);
	assert_found(first, EVENT_FAULT_ZERO);
	assert_int_equal(word_of(first), 0);
	assert_int_equal(world.frames.taken, 1);
	assert_true(hostmem_store(world.mem, first.frame, 0x77));
	again = fault(0x11, VK_ACC_W);
	assert_found(again, EVENT_FAULT_PRESENT);
	assert_int_equal(again.frame.v, first.frame.v);
	assert_int_not_equal(fault(0x12, VK_ACC_R).frame.v, first.frame.v);
	assert_string_equal(world.revoked, "");
}

static void
a_file_page_has_the_files_bytes_and_zeroes_after_its_end(void **state)
{
	unsigned char bytes[2 * 4096 + 100], page[4096];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i % 251 + 1);
	map(0x10, 4, RWX, false, bytes, sizeof(bytes));
	memset(bytes, 0, 4096); /* the object has its own copy */
	assert_found(fault(0x12, VK_ACC_X), EVENT_FAULT_FILE);
	hostmem_read(world.mem, fault(0x12, VK_ACC_R).frame, page, sizeof(page));
	assert_memory_equal(page, bytes + 2 * 4096, 100);
	for (i = 100; i < 4096; i++)
		assert_int_equal(page[i], 0);
	assert_found(fault(0x11, VK_ACC_R), EVENT_FAULT_FILE);
	hostmem_read(world.mem, fault(0x11, VK_ACC_R).frame, page, sizeof(page));
	assert_memory_equal(page, bytes + 4096, 4096);
	assert_found(fault(0x13, VK_ACC_R), EVENT_FAULT_ZERO);
	assert_found(fault(0x10, VK_ACC_R), EVENT_FAULT_FILE);
	assert_int_equal(word_of(fault(0x10, VK_ACC_R)), 0x0807060504030201ull);
}

static void
an_offset_moves_the_files_pages(void **state)
{
	unsigned char bytes[3 * 4096];
	struct vm_range range = {
	    .start = 0x20 * PAGE, .end = 0x22 * PAGE, .prot = RW, .offset = PAGE};

	(void)state;
	memset(bytes, 1, 4096);
	memset(bytes + 4096, 2, 4096);
	memset(bytes + 8192, 3, 4096);
	range.object = vm_object_create(&world.frames, bytes, sizeof(bytes));
	assert_true(vmspace_map(world.space, &range));
	vm_object_release(range.object);
	assert_int_equal(word_of(fault(0x20, VK_ACC_R)), 0x0202020202020202ull);
	assert_int_equal(word_of(fault(0x21, VK_ACC_R)), 0x0303030303030303ull);
}

/* --- who may, and where ------------------------------------------------------------------------
 */

static void
a_range_begins_at_its_start_and_ends_before_its_end(void **state)
{
	(void)state;
	assert_refused(vmspace_fault(world.space, 0, VK_ACC_R), VM_FAULT_NO_RANGE);
	map(0x10, 2, RW, false, NULL, 0);
	map(0x14, 1, RW, false, NULL, 0);
	assert_refused(vmspace_fault(world.space, 0xffff, VK_ACC_R), VM_FAULT_NO_RANGE);
	assert_int_equal(vmspace_fault(world.space, 0x10000, VK_ACC_R).status, VM_FAULT_OK);
	assert_int_equal(vmspace_fault(world.space, 0x11fff, VK_ACC_R).status, VM_FAULT_OK);
	assert_refused(vmspace_fault(world.space, 0x12000, VK_ACC_R), VM_FAULT_NO_RANGE);
	assert_refused(vmspace_fault(world.space, 0x13fff, VK_ACC_R), VM_FAULT_NO_RANGE);
	assert_refused(vmspace_fault(world.space, 0x15000, VK_ACC_R), VM_FAULT_NO_RANGE);
	assert_refused(vmspace_fault(world.space, ~0ull, VK_ACC_R), VM_FAULT_NO_RANGE);
}

static void
each_protection_allows_its_accesses_and_tells_its_rights(void **state)
{
	static const unsigned accs[] = {VK_ACC_R, VK_ACC_W, VK_ACC_X};
	static const unsigned needs[] = {VMSPACE_R, VMSPACE_W, VMSPACE_X};
	unsigned prot, a;

	(void)state;
	for (prot = 0; prot < 8; prot++) {
		map(0x10 + prot, 1, prot, false, NULL, 0);
		for (a = 0; a < 3; a++) {
			struct vm_fault found = fault(0x10 + prot, accs[a]);

			if (!(prot & needs[a])) {
				assert_refused(found, VM_FAULT_PROTECTION);
				continue;
			}
			assert_int_equal(found.status, VM_FAULT_OK);
			assert_int_equal(found.readable, (prot & VMSPACE_R) != 0);
			assert_int_equal(found.writable, (prot & VMSPACE_W) != 0);
			assert_int_equal(found.executable, (prot & VMSPACE_X) != 0);
		}
	}
}

struct overlap_row {
	const char *what;
	uint64_t start, end; /* pages; 10 to 14 are taken */
	bool fits;
};

/* clang-format off */
static const struct overlap_row overlap_rows[] = {
	{ "the same range", 0x10, 0x14, false },
	{ "a range within", 0x11, 0x12, false },
	{ "a range around", 0xf, 0x15, false },
	{ "a range over the start", 0xf, 0x11, false },
	{ "a range over the end", 0x13, 0x15, false },
	{ "a range up to the start", 0xf, 0x10, true },
	{ "a range from the end on", 0x14, 0x15, true },
	{ "a range far away", 0x100, 0x200, true },
	{ "an empty range", 0x20, 0x20, false },
	{ "a range that ends before it starts", 0x30, 0x20, false },
	{ "a range that ends before it starts, around another", 0x15, 0xf, false },
};
/* clang-format on */

static void
run_overlap_row(void **state)
{
	const struct overlap_row *row = *state;
	struct vm_range range = {.start = row->start * PAGE, .end = row->end * PAGE, .prot = RW};
	unsigned cow;

	for (cow = 0; cow < 2; cow++) {
		world_begin(NULL);
		map(0x10, 4, RW, false, NULL, 0);
		(void)fault(0x11, VK_ACC_W);
		range.copy_on_write = cow != 0;
		range.object = vm_object_create(&world.frames, "x", 1);
		assert_int_equal(vmspace_map(world.space, &range), row->fits);
		vm_object_release(range.object);
		assert_found(fault(0x11, VK_ACC_W), EVENT_FAULT_PRESENT);
		if (row->fits)
			assert_int_equal(
			    vmspace_fault(world.space, range.start, VK_ACC_W).status, VM_FAULT_OK);
		assert_int_equal(world_end(NULL), 0);
	}
}

/* --- copy-on-write ------------------------------------------------------------------------------
 */

static void
a_private_page_is_shared_until_it_is_written(void **state)
{
	struct vm_fault shared, own;

	(void)state;
	map(0x10, 2, RW, true, "shared bytes", 12);
	shared = fault(0x10, VK_ACC_R);
	assert_found(shared, EVENT_FAULT_FILE);
	assert_false(shared.writable);
	own = fault(0x10, VK_ACC_W);
	assert_found(own, EVENT_FAULT_COPY);
	assert_true(own.writable);
	assert_int_not_equal(own.frame.v, shared.frame.v);
	assert_int_equal(word_of(own), word_of(shared));
	assert_string_equal(world.revoked, "[10,11) ");
	assert_true(hostmem_store(world.mem, own.frame, 0x77));
	assert_found(fault(0x10, VK_ACC_W), EVENT_FAULT_PRESENT);
	assert_int_equal(word_of(fault(0x10, VK_ACC_R)), 0x77);
	assert_true(fault(0x10, VK_ACC_R).writable);
	assert_string_equal(world.revoked, "[10,11) ");
}

static void
a_page_written_before_it_was_read_has_the_shared_bytes(void **state)
{
	struct vm_fault own;

	(void)state;
	map(0x10, 2, RW, true, "shared bytes", 12);
	own = fault(0x10, VK_ACC_W);
	assert_found(own, EVENT_FAULT_COPY);
	assert_int_equal(word_of(own), 0x6220646572616873ull); /* "shared b" */
}

static void
a_page_that_may_not_be_written_is_not_copied(void **state)
{
	(void)state;
	map(0x10, 1, VMSPACE_R, true, "shared", 6);
	assert_refused(fault(0x10, VK_ACC_W), VM_FAULT_PROTECTION);
	assert_int_equal(world.frames.taken, 0);
	assert_string_equal(world.revoked, "");
}

/* Two processes with one object: private ones do not see each other, shared ones do. */
static void
processes_share_what_they_have_not_written(void **state)
{
	struct vmspace *other = vmspace_create(&world.frames);
	struct vm_range range = {
	    .start = 0x10 * PAGE, .end = 0x12 * PAGE, .prot = RW, .copy_on_write = true};
	struct vm_fault mine, theirs;

	(void)state;
	range.object = vm_object_create(&world.frames, "0123456789", 10);
	assert_true(vmspace_map(world.space, &range));
	assert_true(vmspace_map(other, &range));
	mine = fault(0x10, VK_ACC_R);
	theirs = vmspace_fault(other, 0x10 * PAGE, VK_ACC_R);
	assert_int_equal(mine.frame.v, theirs.frame.v);
	mine = fault(0x10, VK_ACC_W);
	assert_true(hostmem_store(world.mem, mine.frame, 0x77));
	assert_int_equal(vmspace_fault(other, 0x10 * PAGE, VK_ACC_R).frame.v, theirs.frame.v);
	assert_int_equal(word_of(theirs), 0x3736353433323130ull);
	theirs = vmspace_fault(other, 0x10 * PAGE, VK_ACC_W);
	assert_int_not_equal(theirs.frame.v, mine.frame.v);
	assert_int_equal(word_of(theirs), 0x3736353433323130ull);
	range.start = 0x20 * PAGE;
	range.end = 0x22 * PAGE;
	range.copy_on_write = false;
	assert_true(vmspace_map(world.space, &range));
	assert_true(vmspace_map(other, &range));
	mine = fault(0x20, VK_ACC_W);
	theirs = vmspace_fault(other, 0x20 * PAGE, VK_ACC_W);
	assert_int_equal(mine.frame.v, theirs.frame.v);
	vm_object_release(range.object);
	vmspace_destroy(other);
	assert_int_equal(word_of(fault(0x10, VK_ACC_R)), 0x77);
}

/* --- changes of the map ---------------------------------------------------------------------- */

static void
what_is_unmapped_is_gone_and_the_rest_stays(void **state)
{
	struct vm_fault before[5];
	unsigned i, cow;

	(void)state;
	for (cow = 0; cow < 2; cow++) {
		uint64_t at = 0x10 + 0x10 * cow;

		map(at, 5, RW, cow != 0, "file", 4);
		for (i = 0; i < 5; i++) {
			before[i] = fault(at + i, VK_ACC_W);
			assert_true(hostmem_store(world.mem, before[i].frame, 100 + i));
		}
		world.revoked[0] = '\0';
		assert_true(vmspace_unmap(world.space, (at + 2) * PAGE, (at + 3) * PAGE));
		assert_string_equal(world.revoked, cow ? "[22,23) " : "[12,13) ");
		for (i = 0; i < 5; i++) {
			struct vm_fault now = fault(at + i, VK_ACC_R);

			if (i == 2) {
				assert_refused(now, VM_FAULT_NO_RANGE);
				continue;
			}
			assert_found(now, EVENT_FAULT_PRESENT);
			assert_int_equal(now.frame.v, before[i].frame.v);
			assert_int_equal(word_of(now), 100 + i);
		}
	}
}

static void
unmapping_goes_over_ranges_and_holes(void **state)
{
	(void)state;
	map(0x10, 2, RW, false, NULL, 0);
	map(0x14, 2, RW, true, NULL, 0);
	map(0x16, 2, RW, false, NULL, 0);
	(void)fault(0x10, VK_ACC_W);
	(void)fault(0x11, VK_ACC_W);
	(void)fault(0x15, VK_ACC_W);
	(void)fault(0x17, VK_ACC_W);
	world.revoked[0] = '\0';
	assert_true(vmspace_unmap(world.space, 0x11 * PAGE, 0x17 * PAGE));
	assert_string_equal(world.revoked, "[11,12) [14,16) [16,17) ");
	assert_found(fault(0x10, VK_ACC_R), EVENT_FAULT_PRESENT);
	assert_refused(fault(0x11, VK_ACC_R), VM_FAULT_NO_RANGE);
	assert_refused(fault(0x15, VK_ACC_R), VM_FAULT_NO_RANGE);
	assert_found(fault(0x17, VK_ACC_R), EVENT_FAULT_PRESENT);
	assert_true(vmspace_unmap(world.space, 0, ~0ull & ~(PAGE - 1)));
	assert_int_equal(world.frames.taken, 0);
	assert_true(vmspace_unmap(world.space, 0, 0x100 * PAGE)); /* nothing is there */
}

static void
frames_go_back_with_the_last_reference(void **state)
{
	struct vm_range range = {.start = 0x10 * PAGE, .end = 0x12 * PAGE, .prot = RW};

	(void)state;
	range.object = vm_object_create(&world.frames, NULL, 0);
	assert_true(vmspace_map(world.space, &range));
	range.start = 0x20 * PAGE;
	range.end = 0x22 * PAGE;
	assert_true(vmspace_map(world.space, &range));
	(void)fault(0x10, VK_ACC_W);
	assert_int_equal(fault(0x20, VK_ACC_W).frame.v, fault(0x10, VK_ACC_R).frame.v);
	assert_int_equal(world.frames.taken, 1);
	assert_true(vmspace_unmap(world.space, 0x10 * PAGE, 0x12 * PAGE));
	assert_int_equal(world.frames.taken, 1);
	assert_found(fault(0x20, VK_ACC_R), EVENT_FAULT_PRESENT);
	assert_true(vmspace_unmap(world.space, 0x20 * PAGE, 0x22 * PAGE));
	assert_int_equal(world.frames.taken, 1);
	vm_object_release(range.object);
	assert_int_equal(world.frames.taken, 0);
}

static void
protection_changes_where_it_is_changed(void **state)
{
	unsigned char bytes[5 * 4096];
	unsigned i;

	(void)state;
	for (i = 0; i < 5; i++)
		memset(bytes + 4096 * i, (int)i + 1, 4096);
	map(0x10, 5, RW, true, bytes, sizeof(bytes));
	(void)fault(0x12, VK_ACC_W);
	world.revoked[0] = '\0';
	assert_true(vmspace_protect(world.space, 0x11 * PAGE, 0x13 * PAGE, VMSPACE_R));
	assert_string_equal(world.revoked, "[11,13) ");
	assert_int_equal(fault(0x10, VK_ACC_W).status, VM_FAULT_OK);
	assert_refused(fault(0x11, VK_ACC_W), VM_FAULT_PROTECTION);
	assert_refused(fault(0x12, VK_ACC_W), VM_FAULT_PROTECTION);
	assert_false(fault(0x12, VK_ACC_R).writable); /* a page of its own, and read-only now */
	assert_int_equal(fault(0x13, VK_ACC_W).status, VM_FAULT_OK);
	for (i = 0; i < 5; i++)
		assert_int_equal(
		    word_of(fault(0x10 + i, VK_ACC_R)), 0x0101010101010101ull * (i + 1));
	assert_true(vmspace_protect(world.space, 0x10 * PAGE, 0x15 * PAGE, RWX));
	assert_int_equal(fault(0x12, VK_ACC_W).status, VM_FAULT_OK);
	assert_found(fault(0x11, VK_ACC_X), EVENT_FAULT_PRESENT);
	assert_true(vmspace_protect(world.space, 0x80 * PAGE, 0x90 * PAGE, 0));
}

/* --- what others do while rights are taken back ---------------------------------------------- */

static struct vm_fault seen;

static void
others_write(uint64_t start)
{
	seen = vmspace_fault(world.space, start, VK_ACC_W);
}

static void
others_read(uint64_t start)
{
	seen = vmspace_fault(world.space, start, VK_ACC_R);
}

static void
others_unmap(uint64_t start)
{
	assert_true(vmspace_unmap(world.space, start, start + PAGE));
}

static void
others_unmap_and_map(uint64_t start)
{
	assert_true(vmspace_unmap(world.space, start, start + PAGE));
	map(start / PAGE, 1, RW, false, "another!", 8);
}

/* Makes the map's array move. */
static void
others_map_much(uint64_t start)
{
	unsigned i;

	(void)start;
	for (i = 0; i < 40; i++)
		map(0x1000 + 2 * i, 1, RW, false, NULL, 0);
}

static void
a_fault_during_protect_gets_the_new_rights(void **state)
{
	(void)state;
	map(0x10, 2, RW, false, NULL, 0);
	(void)fault(0x10, VK_ACC_W);
	world.meanwhile = others_write;
	assert_true(vmspace_protect(world.space, 0x10 * PAGE, 0x12 * PAGE, VMSPACE_R));
	assert_refused(seen, VM_FAULT_PROTECTION);
	world.meanwhile = others_read;
	assert_true(vmspace_protect(world.space, 0x10 * PAGE, 0x12 * PAGE, VMSPACE_R));
	assert_false(seen.writable);
}

static void
a_fault_during_unmap_finds_nothing(void **state)
{
	(void)state;
	map(0x10, 2, RW, false, NULL, 0);
	map(0x12, 2, RW, true, NULL, 0);
	(void)fault(0x10, VK_ACC_W);
	(void)fault(0x12, VK_ACC_W);
	world.meanwhile = others_write;
	assert_true(vmspace_unmap(world.space, 0x10 * PAGE, 0x12 * PAGE));
	assert_refused(seen, VM_FAULT_NO_RANGE);
	assert_true(vmspace_unmap(world.space, 0x12 * PAGE, 0x14 * PAGE));
	assert_refused(seen, VM_FAULT_NO_RANGE);
}

static uint64_t taken_at_revoke;

static void
others_count_frames(uint64_t start)
{
	(void)start;
	taken_at_revoke = world.frames.taken;
}

static void
frames_are_free_only_after_they_were_taken_back(void **state)
{
	(void)state;
	map(0x10, 3, RW, false, NULL, 0);
	(void)fault(0x10, VK_ACC_W);
	(void)fault(0x11, VK_ACC_W);
	world.meanwhile = others_count_frames;
	assert_true(vmspace_unmap(world.space, 0x10 * PAGE, 0x13 * PAGE));
	assert_int_equal(taken_at_revoke, 2);
	assert_int_equal(world.frames.taken, 0);
}

static void
a_fault_during_a_copy_gets_the_copy(void **state)
{
	struct vm_fault own;

	(void)state;
	map(0x10, 1, RW, true, "file", 4);
	(void)fault(0x10, VK_ACC_R);
	world.meanwhile = others_read;
	own = fault(0x10, VK_ACC_W);
	assert_found(own, EVENT_FAULT_COPY);
	assert_int_equal(seen.frame.v, own.frame.v);
	assert_true(seen.writable);
}

static void
a_copy_whose_range_goes_meanwhile_is_no_page(void **state)
{
	(void)state;
	map(0x10, 1, RW, true, "file", 4);
	world.meanwhile = others_unmap;
	assert_refused(fault(0x10, VK_ACC_W), VM_FAULT_NO_RANGE);
	assert_int_equal(world.frames.taken, 0);
	map(0x10, 1, RW, true, "file", 4);
	world.meanwhile = others_unmap_and_map;
	assert_int_equal(word_of(fault(0x10, VK_ACC_W)), 0x21726568746f6e61ull);
	assert_int_equal(world.frames.taken, 1);
	world.meanwhile = NULL;
	assert_true(vmspace_unmap(world.space, 0x10 * PAGE, 0x11 * PAGE));
	map(0x10, 1, RW, true, "file", 4);
	world.meanwhile = others_map_much;
	assert_found(fault(0x10, VK_ACC_W), EVENT_FAULT_COPY);
}

/* --- the end of memory -------------------------------------------------------------------------
 */

static void
without_frames_a_fault_is_refused_and_nothing_is_lost(void **state)
{
	(void)state;
	world_end(state);
	world_make(2);
	map(0x10, 4, RW, false, NULL, 0);
	map(0x20, 1, RW, true, "file", 4);
	assert_int_equal(fault(0x20, VK_ACC_R).status, VM_FAULT_OK);
	assert_int_equal(fault(0x10, VK_ACC_R).status, VM_FAULT_OK);
	assert_refused(fault(0x11, VK_ACC_R), VM_FAULT_NO_MEMORY);
	assert_refused(fault(0x20, VK_ACC_W), VM_FAULT_NO_MEMORY);
	assert_found(fault(0x20, VK_ACC_R), EVENT_FAULT_PRESENT);
	assert_string_equal(world.revoked, "");
	assert_found(fault(0x10, VK_ACC_W), EVENT_FAULT_PRESENT);
}

/* --- by seed, against one entry a page ------------------------------------------------------ */

#define MODEL_PAGES   24
#define MODEL_OBJECTS 3

/* What the map should be: for each page its own answer to every question. */
static struct {
	struct {
		bool mapped, cow, has_own;
		unsigned prot, object, index;
		uint64_t own;
	} page[MODEL_PAGES];
	uint64_t shared[MODEL_OBJECTS][64];
	struct vm_object *object[MODEL_OBJECTS];
} model;

static uint64_t chance;

static unsigned
draw(unsigned below)
{
	return random_xorshift_below(&chance, below);
}

static void
model_map(void)
{
	unsigned first = draw(MODEL_PAGES), pages = 1 + draw(6), object = draw(MODEL_OBJECTS), i;
	struct vm_range range = {.start = first * PAGE,
	    .prot = draw(8),
	    .copy_on_write = draw(2) != 0,
	    .object = model.object[object],
	    .offset = draw(8) * PAGE};
	bool fits = true;

	if (first + pages > MODEL_PAGES)
		pages = MODEL_PAGES - first;
	range.end = (first + pages) * PAGE;
	for (i = first; i < first + pages; i++)
		fits = fits && !model.page[i].mapped;
	assert_int_equal(vmspace_map(world.space, &range), fits);
	for (i = first; fits && i < first + pages; i++) {
		model.page[i].mapped = true;
		model.page[i].has_own = false;
		model.page[i].cow = range.copy_on_write;
		model.page[i].prot = range.prot;
		model.page[i].object = object;
		model.page[i].index = (unsigned)(range.offset / PAGE) + (i - first);
	}
}

static void
model_change(bool unmap)
{
	unsigned first = draw(MODEL_PAGES), end = first + draw(MODEL_PAGES - first + 1);
	unsigned prot = draw(8), i;

	if (unmap)
		assert_true(vmspace_unmap(world.space, first * PAGE, end * PAGE));
	else
		assert_true(vmspace_protect(world.space, first * PAGE, end * PAGE, prot));
	for (i = first; i < end; i++) {
		if (unmap)
			model.page[i].mapped = false;
		else
			model.page[i].prot = prot;
	}
}

/* One access, which reads and, if it may, writes the page's first word. */
static void
model_fault(void)
{
	static const unsigned accs[] = {VK_ACC_R, VK_ACC_W, VK_ACC_X};
	static const unsigned needs[] = {VMSPACE_R, VMSPACE_W, VMSPACE_X};
	unsigned i = draw(MODEL_PAGES), a = draw(3);
	struct vm_fault found = vmspace_fault(world.space, i * PAGE + draw(4096), accs[a]);
	uint64_t *word;

	if (!model.page[i].mapped || !(model.page[i].prot & needs[a])) {
		assert_refused(
		    found, model.page[i].mapped ? VM_FAULT_PROTECTION : VM_FAULT_NO_RANGE);
		return;
	}
	word = &model.shared[model.page[i].object][model.page[i].index];
	if (model.page[i].cow && accs[a] == VK_ACC_W && !model.page[i].has_own) {
		model.page[i].has_own = true;
		model.page[i].own = *word;
	}
	if (model.page[i].has_own)
		word = &model.page[i].own;
	assert_int_equal(found.status, VM_FAULT_OK);
	assert_int_equal(word_of(found), *word);
	assert_int_equal(found.readable, (model.page[i].prot & VMSPACE_R) != 0);
	assert_int_equal(found.executable, (model.page[i].prot & VMSPACE_X) != 0);
	assert_int_equal(found.writable,
	    (model.page[i].prot & VMSPACE_W) != 0 && (!model.page[i].cow || model.page[i].has_own));
	if (accs[a] == VK_ACC_W) {
		*word = chance;
		assert_true(hostmem_store(world.mem, found.frame, *word));
	}
}

static void
model_round(uint64_t seed)
{
	unsigned step, object;

	chance = (seed + 1) * 0x9e3779b97f4a7c15ull;
	memset(&model, 0, sizeof(model));
	world_make(3000);
	for (object = 0; object < MODEL_OBJECTS; object++) {
		uint64_t *bytes = test_calloc(5, 4096);
		unsigned i;

		for (i = 0; i < 5; i++)
			bytes[512 * i] = model.shared[object][i] = 1000 * object + i + 1;
		model.object[object] = vm_object_create(&world.frames, bytes, 5 * 4096 - 1000);
		assert_non_null(model.object[object]);
		test_free(bytes);
	}
	for (step = 0; step < 300; step++) {
		unsigned what = draw(10);

		if (what == 0)
			model_map();
		else if (what == 1)
			model_change(draw(2) != 0);
		else
			model_fault();
		world.revoked[0] = '\0';
	}
	for (object = 0; object < MODEL_OBJECTS; object++)
		vm_object_release(model.object[object]);
	assert_int_equal(world_end(NULL), 0);
}

static void
any_sequence_of_changes_and_faults_does_what_single_pages_would(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 500; seed++)
		model_round(seed);
}

/* --- copyio over the map ---------------------------------------------------------------------- */

/* An ordinary process: user addresses are those of the map. */
static struct vk_us
process(struct map_memory *memory, struct vmspace *space)
{
	struct vk_us us;

	*memory = (struct map_memory){.host = world.mem, .space = space};
	vk_us_init_std(&us, map_memory_gpm(memory), vk_gva(0x7fffffe00000));
	return us;
}

static void
copyio_faults_its_pages_in(void **state)
{
	struct map_memory memory;
	struct vk_us us = process(&memory, world.space);
	char bytes[16] = "unchanged";
	size_t done;

	(void)state;
	map(0x10, 1, RW, false, "from the file", 14);
	map(0x11, 1, RW, false, NULL, 0);
	assert_int_equal(vk_copyinstr(&us, vk_gva(0x10000), bytes, 16, &done), VK_OK);
	assert_string_equal(bytes, "from the file");
	assert_int_equal(vk_copyout(&us, "zero-filled", vk_gva(0x11800), 12, &done), VK_OK);
	assert_int_equal(vk_copyin(&us, vk_gva(0x11800), bytes, 12, &done), VK_OK);
	assert_string_equal(bytes, "zero-filled");
	assert_int_equal(vk_copyin(&us, vk_gva(0x11ff8), bytes, 16, &done), VK_EFAULT);
	assert_int_equal(done, 8);
}

static void
copyout_to_a_shared_page_changes_only_the_own_copy(void **state)
{
	struct vmspace *other = vmspace_create(&world.frames);
	struct vm_range range = {
	    .start = 0x10 * PAGE, .end = 0x11 * PAGE, .prot = RW, .copy_on_write = true};
	struct map_memory ours, theirs;
	struct vk_us us = process(&ours, world.space), them = process(&theirs, other);
	uint64_t value;

	(void)state;
	range.object = vm_object_create(&world.frames, "01234567", 8);
	assert_true(vmspace_map(world.space, &range));
	assert_true(vmspace_map(other, &range));
	vm_object_release(range.object);
	assert_int_equal(vk_fuword64(&us, vk_gva(0x10000), &value), VK_OK);
	assert_int_equal(vk_suword64(&us, vk_gva(0x10000), 42), VK_OK);
	assert_string_equal(world.revoked, "[10,11) ");
	assert_int_equal(vk_fuword64(&us, vk_gva(0x10000), &value), VK_OK);
	assert_int_equal(value, 42);
	assert_int_equal(vk_fuword64(&them, vk_gva(0x10000), &value), VK_OK);
	assert_int_equal(value, 0x3736353433323130ull);
	vmspace_destroy(other);
}

/*
 * Guest tables that nobody has touched yet, in a file that another process has too: the walk brings
 * them in, and the flags that it sets are set in pages of its own.
 */
static void
a_walk_faults_its_tables_in_and_sets_flags_in_its_own_copy(void **state)
{
	static const struct guestpt_mode mode = {
	    .cr0 = VK_CR0_PG, .cr3 = 0x10000, .maxphyaddr = 46};
	struct vm_range range = {
	    .start = 0x10 * PAGE, .end = 0x15 * PAGE, .prot = RW, .copy_on_write = true};
	struct vmspace *other = vmspace_create(&world.frames);
	struct map_memory memory = {.host = world.mem, .space = world.space};
	uint64_t *bytes = test_calloc(5, 4096);
	struct vk_us us;
	uint64_t word;
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++)
		bytes[512 * i + 1] = (0x11 + i) * PAGE | 7;
	bytes[512 * 4] = 0x1234;
	range.object = vm_object_create(&world.frames, bytes, 5 * 4096);
	test_free(bytes);
	assert_true(vmspace_map(world.space, &range));
	assert_true(vmspace_map(other, &range));
	vm_object_release(range.object);
	vk_us_init_ept(&us, map_memory_gpm(&memory), &mode, vk_gva(0x7fffffe00000));
	assert_int_equal(vk_fuword64(&us, vk_gva(0x8040201000), &word), VK_OK);
	assert_int_equal(word, 0x1234);
	assert_int_equal(world.frames.taken, 9); /* five pages of the file, four tables' copies */
	for (i = 0; i < 4; i++) {
		uint64_t slot = (0x10 + i) * PAGE + 8;

		word = hostmem_load(
		    world.mem, vk_hpa(vmspace_fault(world.space, slot, VK_ACC_R).frame.v + 8));
		assert_int_equal(word, (0x11 + i) * PAGE | 0x27);
		word = hostmem_load(
		    world.mem, vk_hpa(vmspace_fault(other, slot, VK_ACC_R).frame.v + 8));
		assert_int_equal(word, (0x11 + i) * PAGE | 7);
	}
	vmspace_destroy(other);
}

static void
copyout_to_a_read_only_range_is_refused(void **state)
{
	struct map_memory memory;
	struct vk_us us = process(&memory, world.space);
	uint32_t old = 7;

	(void)state;
	map(0x10, 1, VMSPACE_R, true, "01234567", 8);
	assert_int_equal(vk_suword64(&us, vk_gva(0x10000), 42), VK_EFAULT);
	assert_int_equal(vk_swapu32(&us, vk_gva(0x10000), 42, &old), VK_EFAULT);
	assert_int_equal(old, 7);
	assert_int_equal(word_of(fault(0x10, VK_ACC_R)), 0x3736353433323130ull);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)

static int
run_world(void)
{
	const struct CMUnitTest tests[] = {
	    WORLD(a_visit_tells_each_page_once_and_copies_before_what_they_copy),
	    WORLD(a_visit_leaves_out_pages_of_the_object_outside_the_range),
	    WORLD(a_zero_fill_page_comes_into_being_once),
	    WORLD(a_file_page_has_the_files_bytes_and_zeroes_after_its_end),
	    WORLD(an_offset_moves_the_files_pages),
	    WORLD(a_range_begins_at_its_start_and_ends_before_its_end),
	    WORLD(each_protection_allows_its_accesses_and_tells_its_rights),
	    WORLD(a_private_page_is_shared_until_it_is_written),
	    WORLD(a_page_written_before_it_was_read_has_the_shared_bytes),
	    WORLD(a_page_that_may_not_be_written_is_not_copied),
	    WORLD(processes_share_what_they_have_not_written),
	    WORLD(what_is_unmapped_is_gone_and_the_rest_stays),
	    WORLD(unmapping_goes_over_ranges_and_holes),
	    WORLD(frames_go_back_with_the_last_reference),
	    WORLD(protection_changes_where_it_is_changed),
	    WORLD(a_fault_during_protect_gets_the_new_rights),
	    WORLD(a_fault_during_unmap_finds_nothing),
	    WORLD(frames_are_free_only_after_they_were_taken_back),
	    WORLD(a_fault_during_a_copy_gets_the_copy),
	    WORLD(a_copy_whose_range_goes_meanwhile_is_no_page),
	    WORLD(without_frames_a_fault_is_refused_and_nothing_is_lost),
	    WORLD(copyio_faults_its_pages_in),
	    WORLD(copyout_to_a_shared_page_changes_only_the_own_copy),
	    WORLD(a_walk_faults_its_tables_in_and_sets_flags_in_its_own_copy),
	    WORLD(copyout_to_a_read_only_range_is_refused),
	    cmocka_unit_test(any_sequence_of_changes_and_faults_does_what_single_pages_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	struct rows rows = {0};
	int failed;
	size_t i;

	for (i = 0; i < ROWS_COUNT(overlap_rows); i++)
		rows_add(&rows, "map", overlap_rows[i].what, run_overlap_row, &overlap_rows[i]);
	failed = rows_run(&rows, "vmspace");
	failed += run_world();
	return failed != 0;
}
