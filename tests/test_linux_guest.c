/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables of real kernels against what the kernels and their emulator said: see
 * tests/data/linux-guest/README.md.  What the monitor printed is compared by check_maps.sh; here
 * are the processes' own pagemaps, the emulator's list of mappings, translations through two
 * tables, and the same memory as kdump would have left it [ELF-CORE] [NOTE-QEMU] [NOTE-VMCOREINFO]
 * [NPT-WALK] [EPT-WALK].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <jansson.h>

#include "image/image_reader.h"
#include "maps/maps.h"
#include "report/report_monitor.h"
#include "view/view_explain.h"

#define DATA "tests/data/linux-guest/"
#define EPT_CAP_ALL                                                                                \
	(EPT_CAP_EXEC_ONLY | EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD)

/* --- files ------------------------------------------------------------------------------------ */

/* The text of a file, unpacked where it is packed; to be freed. */
static char *
read_text(const char *directory, const char *name)
{
	struct image_bytes bytes;
	struct image_error error;
	char path[256], *text;
	FILE *file;
	long size;

	snprintf(path, sizeof(path), DATA "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s: cannot be opened", path);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	fclose(file);
	if (image_packing_of((unsigned char *)text, (size_t)size) == IMAGE_PLAIN)
		return text;
	if (image_unpack(IMAGE_XZ, (unsigned char *)text, (size_t)size, &image_limits, &bytes,
	    &error) != IMAGE_OK)
		fail_msg("%s: %s", path, error.text);
	free(text);
	text = calloc(1, bytes.size + 1);
	assert_non_null(text);
	memcpy(text, bytes.block, bytes.size);
	munmap(bytes.block, bytes.mapped);
	return text;
}

/* Takes the hexadecimal fields of a line, at most `room`; *line becomes the next, or NULL. */
static int
read_fields(const char **line, unsigned long long *field, int room)
{
	const char *at = *line, *next;
	char *end;
	int n = 0;

	while (n < room && *at != '\n' && *at != '\0') {
		field[n] = strtoull(at, &end, 16);
		if (end == at)
			break;
		n++;
		at = end + (*end == ' ' || *end == '-');
	}
	next = strchr(at, '\n');
	*line = next != NULL && next[1] != '\0' ? next + 1 : NULL;
	return n;
}

static json_t *
read_case(const char *directory)
{
	char *text = read_text(directory, "case.json");
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	free(text);
	return json;
}

static struct view
open_case(const char *directory, const struct image_cpu *given, unsigned number)
{
	struct guestpt_mode mode = { .efer = VK_EFER_NXE, .page1g = 1, .maxphyaddr = 52 };
	struct image_core core;
	struct image_error error;
	struct view view;
	char path[256];

	snprintf(path, sizeof(path), DATA "%s/pt.elf.gz", directory);
	if (image_core_open(path, &core, &error) != IMAGE_OK)
		fail_msg("%s: %s", path, error.text);
	if (given == NULL) {
		assert_true(number < core.cpus);
		given = &core.cpu[number];
	}
	mode.cr0 = given->cr0;
	mode.cr3 = given->cr3;
	mode.cr4 = given->cr4;
	view_init(&view, core.image, &mode, 0);
	core.image = NULL;
	image_core_free(&core);
	return view;
}

/* --- lists of mappings ------------------------------------------------------------------------ */

struct piece {
	uint64_t va, pa, size;
};

struct pieces {
	struct piece *piece;
	size_t count, room;
};

static void
add_piece(struct pieces *pieces, uint64_t va, uint64_t pa, uint64_t size)
{
	if (pieces->count == pieces->room) {
		pieces->room = pieces->room != 0 ? 2 * pieces->room : 1024;
		pieces->piece = realloc(pieces->piece, pieces->room * sizeof(*pieces->piece));
		assert_non_null(pieces->piece);
	}
	pieces->piece[pieces->count++] = (struct piece){ va, pa, size };
}

static int
compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	uint64_t dx = x->va - x->pa, dy = y->va - y->pa;

	if (dx != dy)
		return dx < dy ? -1 : 1;
	return x->va < y->va ? -1 : x->va > y->va;
}

/* Sorts, and joins what continues, or repeats, what is before it. */
static void
normalize(struct pieces *pieces)
{
	size_t i, n = 0;

	qsort(pieces->piece, pieces->count, sizeof(*pieces->piece), compare_pieces);
	for (i = 0; i < pieces->count; i++) {
		const struct piece *next = &pieces->piece[i];
		struct piece *last = n != 0 ? &pieces->piece[n - 1] : NULL;
		uint64_t end = next->va + next->size;

		if (last != NULL && last->va - last->pa == next->va - next->pa &&
		    next->va <= last->va + last->size) {
			if (end > last->va + last->size)
				last->size = end - last->va;
			continue;
		}
		pieces->piece[n++] = *next;
	}
	pieces->count = n;
}

static void
check_same(const char *what, struct pieces *found, struct pieces *expected)
{
	size_t i;

	normalize(found);
	normalize(expected);
	for (i = 0; i < found->count && i < expected->count; i++) {
		if (compare_pieces(&found->piece[i], &expected->piece[i]) != 0 ||
		    found->piece[i].size != expected->piece[i].size)
			fail_msg("%s: found 0x%llx to 0x%llx, 0x%llx bytes; expected 0x%llx to "
			    "0x%llx, 0x%llx bytes", what,
			    (unsigned long long)found->piece[i].va,
			    (unsigned long long)found->piece[i].pa,
			    (unsigned long long)found->piece[i].size,
			    (unsigned long long)expected->piece[i].va,
			    (unsigned long long)expected->piece[i].pa,
			    (unsigned long long)expected->piece[i].size);
	}
	assert_int_equal(found->count, expected->count);
	free(found->piece);
	free(expected->piece);
}

/* Calls `take` for each mapping that there is. */
static void
list(const struct view *view, enum maps_side side,
    void (*take)(void *ctx, const struct maps_mapping *mapping), void *ctx)
{
	struct maps_mapping batch[7];
	struct maps_filter filter;
	struct maps *maps;
	size_t count, i;

	maps_filter_init(&filter, view, side);
	assert_int_equal(maps_begin(&maps, view, side, &filter), MAPS_OK);
	while ((count = maps_next(maps, batch, 7)) != 0) {
		for (i = 0; i < count; i++)
			take(ctx, &batch[i]);
	}
	assert_false(maps_failed(maps));
	maps_end(maps);
}

/* --- a process' own pagemap ------------------------------------------------------------------- */

#define VSYSCALL 0xffffff600000ull

static void
take_user_page(void *ctx, const struct maps_mapping *mapping)
{
	if (maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS) & MAPS_U)
		add_piece(ctx, mapping->start, mapping->gpa, mapping->size);
}

/* Areas without any right, which pagemap calls present. */
static void
read_none_areas(const char *text, struct pieces *none)
{
	const char *line = text;

	while (line != NULL) {
		const char *rights = strchr(line, ' ');
		unsigned long long field[2];

		if (read_fields(&line, field, 2) == 2 && strncmp(rights, " ---", 4) == 0)
			add_piece(none, field[0], 0, field[1] - field[0]);
	}
}

static int
is_in(const struct pieces *pieces, uint64_t va)
{
	size_t i;

	for (i = 0; i < pieces->count; i++) {
		if (va - pieces->piece[i].va < pieces->piece[i].size)
			return 1;
	}
	return 0;
}

#define PAGEMAP_PRESENT 0x100u /* of the flags, which begin at bit 55 of an entry */

static void
read_pagemap(const char *text, const struct pieces *none, struct pieces *expected)
{
	const char *line = text;

	while (line != NULL) {
		unsigned long long field[4]; /* address, pages, frame, flags */

		if (read_fields(&line, field, 4) == 4 && (field[3] & PAGEMAP_PRESENT) != 0 &&
		    !is_in(none, field[0]))
			add_piece(expected, field[0], field[2] << 12, field[1] << 12);
	}
}

static void
check_process(const char *directory, unsigned pid, unsigned cpu)
{
	struct pieces found = { NULL, 0, 0 }, expected = { NULL, 0, 0 }, none = { NULL, 0, 0 };
	struct view view = open_case(directory, NULL, cpu);
	char name[64], *maps, *pagemap;
	size_t i, n = 0;

	snprintf(name, sizeof(name), "guest-maps.%u.txt", pid);
	maps = read_text(directory, name);
	snprintf(name, sizeof(name), "guest-pagemap.%u.txt.xz", pid);
	pagemap = read_text(directory, name);
	read_none_areas(maps, &none);
	read_pagemap(pagemap, &none, &expected);
	list(&view, MAPS_GUEST, take_user_page, &found);
	for (i = 0; i < found.count; i++) {
		if (found.piece[i].va >> 12 != VSYSCALL >> 12 &&
		    found.piece[i].va < VK_BIT(maps_width(&view, MAPS_GUEST) - 1))
			found.piece[n++] = found.piece[i];
	}
	found.count = n;
	assert_true(found.count > 500);
	check_same(directory, &found, &expected);
	free(none.piece);
	free(maps);
	free(pagemap);
	view_free(&view);
}

static void
tables_map_what_the_pagemap_of_each_process_says(void **state)
{
	(void)state;
	check_process("l4-basic", 93, 0);
	check_process("l4-basic", 96, 1);
	check_process("l5-la57", 94, 0);
	check_process("l4-kpti-huge", 97, 0);
	check_process("l4-kpti-huge", 97, 1);
}

/* --- dump-guest-memory -p --------------------------------------------------------------------- */

/* Interrupt controllers and timer, which are no memory. */
#define DEVICES_START 0xfec00000ull
#define DEVICES_END 0x100000000ull

/* Device pages are left out of that list, and so are pages with a key. */
static void
take_memory(void *ctx, const struct maps_mapping *mapping)
{
	int is_device = mapping->gpa >= DEVICES_START && mapping->gpa < DEVICES_END;

	if (!is_device && maps_part(mapping, MAPS_AT_KEY, 15) == 0)
		add_piece(ctx, mapping->start, mapping->gpa, mapping->size);
}

static void
read_dump(const char *text, unsigned width, struct pieces *expected)
{
	const char *line = text;

	while (line != NULL) {
		unsigned long long field[3]; /* linear address, physical address, size */

		if (read_fields(&line, field, 3) == 3)
			add_piece(expected, field[0] & (VK_BIT(width) - 1), field[1], field[2]);
	}
}

static void
check_dump(const char *directory)
{
	char *text = read_text(directory, "dump-paging.txt.xz");
	struct pieces expected = { NULL, 0, 0 }, found = { NULL, 0, 0 };
	unsigned cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		struct view view = open_case(directory, NULL, cpu);

		list(&view, MAPS_GUEST, take_memory, &found);
		if (cpu == 0)
			read_dump(text, maps_width(&view, MAPS_GUEST), &expected);
		view_free(&view);
	}
	check_same(directory, &found, &expected);
	free(text);
}

static void
tables_map_what_the_emulator_dumps(void **state)
{
	(void)state;
	check_dump("l4-basic");
	check_dump("l5-la57");
	check_dump("l4-kpti-huge");
}

/* --- two tables ------------------------------------------------------------------------------- */

static struct view
open_nested(const char *directory)
{
	struct image_cpu cpu = { .cr0 = 0x80010033, .cr3 = 0x1000, .cr4 = 0xa0 };
	json_t *json = read_case(directory);
	const json_t *nested = json_object_get(json, "nested");
	const json_t *eptp = json_object_get(nested, "eptp");
	struct view view = open_case(directory, eptp != NULL ? &cpu : NULL, 0);
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	if (eptp != NULL) {
		uint64_t value = strtoull(json_string_value(eptp), NULL, 0);

		assert_int_equal(ept_init(&ept, nowhere, value, EPT_CAP_ALL, 0, 52), EPTP_VALID);
		view_set_ept(&view, &ept);
	} else {
		struct guestpt_mode host = { .cr3 = 0x114f2000, .page1g = 1, .maxphyaddr = 52 };

		view_set_npt(&view, &host);
	}
	json_decref(json);
	return view;
}

static void
take_any(void *ctx, const struct maps_mapping *mapping)
{
	if (maps_kind_of(mapping) == MAPS_PAGE)
		add_piece(ctx, mapping->start, mapping->hpa, mapping->size);
}

/* Where a list says that an address is; ~0 when nowhere. */
static uint64_t
find(const struct pieces *pieces, uint64_t va)
{
	size_t i;

	for (i = 0; i < pieces->count; i++) {
		if (va - pieces->piece[i].va < pieces->piece[i].size)
			return pieces->piece[i].pa + (va - pieces->piece[i].va);
	}
	return ~0ull;
}

static void
read_backing(const char *directory, struct pieces *backing)
{
	char *text = read_text(directory, "gpa-hpa.txt.xz");
	const char *line = text;

	while (line != NULL) {
		unsigned long long field[3]; /* guest-physical address, pages, host-physical one */

		if (read_fields(&line, field, 3) == 3)
			add_piece(backing, field[0], field[2], field[1] << 12);
	}
	free(text);
}

/* Whether an access ended for want of an outer mapping. */
static int
is_nested_failure(const struct explanation *why)
{
	return why->outcome == EVENT_VM_EXIT || why->outcome == EVENT_NESTED_FAULT;
}

/* One line of the list: through both tables by walking, and as it is listed. */
static int
check_translation(const struct view *view, const struct pieces *outer,
    const struct pieces *backing, const struct pieces *listed, uint64_t gva, uint64_t gpa,
    int valid)
{
	static struct explanation why;
	uint64_t low = gva & (VK_BIT(48) - 1), hpa = find(outer, gpa);
	hpa_t absent;

	assert_int_equal(view_explain(view, vk_gva(gva), 1, VK_ACC_R, VIEW_EITHER, &why, &absent),
	    VIEW_OK);
	if (is_nested_failure(&why)) {
		assert_true(find(listed, low) == ~0ull);
		return 0;
	}
	if (!valid) {
		assert_int_equal(why.outcome, EVENT_PAGE_FAULT);
		assert_true(find(listed, low) == ~0ull);
		return 0;
	}
	assert_int_equal(why.outcome, EVENT_OK);
	assert_true(why.gpa == gpa);
	assert_true(why.hpa == hpa && hpa == find(backing, gpa));
	assert_true(find(listed, low) == hpa);
	return 1;
}

static void
check_nested(const char *directory, int least)
{
	struct pieces outer = { NULL, 0, 0 }, listed = { NULL, 0, 0 }, backing = { NULL, 0, 0 };
	struct view view = open_nested(directory);
	char *text = read_text(directory, "gva-gpa.txt.xz");
	const char *line;
	int done = 0;
	size_t i;

	read_backing(directory, &backing);
	list(&view, MAPS_OUTER, take_any, &outer);
	list(&view, MAPS_BOTH, take_any, &listed);
	for (line = text; line != NULL;) {
		unsigned long long field[4]; /* linear and guest-physical address, valid, touched */

		if (read_fields(&line, field, 4) == 4)
			done += check_translation(&view, &outer, &backing, &listed, field[0],
			    field[1], field[2] != 0);
	}
	assert_true(done >= least);
	/* What the outer tables map lies where the hypervisor says it does. */
	for (i = 0; i < outer.count; i++)
		assert_true(find(&backing, outer.piece[i].va) == outer.piece[i].pa);
	free(text);
	free(outer.piece);
	free(listed.piece);
	free(backing.piece);
	view_free(&view);
}

static void
translations_under_an_ept_are_the_recorded_ones(void **state)
{
	(void)state;
	check_nested("nested-ept", 300);
}

static void
translations_under_nested_tables_are_the_recorded_ones(void **state)
{
	(void)state;
	check_nested("nested-npt", 300);
}

/* --- kdump ------------------------------------------------------------------------------------ */

/*
 * A vmcore: the notes, then the kernel's image as it is mapped, then all of memory as the kernel
 * maps it, with the image in it once more.  Here "all" is what the recorded core has.
 */
struct vmcore {
	unsigned char *bytes;
	size_t size, room;
	unsigned headers;
};

#define KERNEL_TEXT 0xffffffff81000000ull
#define DIRECT_MAP 0xffff888000000000ull
#define PHYS_BASE (-0x1200000ll)
#define NOTES_AT 0x4000u

static void
put_at(struct vmcore *vmcore, size_t at, unsigned size, uint64_t value)
{
	for (; size-- != 0; value >>= 8)
		vmcore->bytes[at++] = (unsigned char)value;
}

static void
put_bytes(struct vmcore *vmcore, const void *bytes, size_t size)
{
	assert_true(size <= vmcore->room - vmcore->size);
	memcpy(vmcore->bytes + vmcore->size, bytes, size);
	vmcore->size += size;
}

static void
put_header(struct vmcore *vmcore, unsigned type, uint64_t vaddr, uint64_t paddr, size_t offset,
    size_t size)
{
	size_t at = 64 + 56 * (size_t)vmcore->headers++;

	assert_true(at + 56 <= NOTES_AT);
	put_at(vmcore, at, 4, type);
	put_at(vmcore, at + 4, 4, type == 1 ? 7 : 0);
	put_at(vmcore, at + 8, 8, offset);
	put_at(vmcore, at + 16, 8, vaddr);
	put_at(vmcore, at + 24, 8, paddr);
	put_at(vmcore, at + 32, 8, size);
	put_at(vmcore, at + 40, 8, size);
	put_at(vmcore, 56, 2, vmcore->headers);
}

static void
put_note(struct vmcore *vmcore, const char *name, unsigned type, const void *held, size_t size)
{
	static const unsigned char none[4];
	size_t named = strlen(name) + 1, at = vmcore->size;

	put_bytes(vmcore, none, 4);
	put_bytes(vmcore, none, 4);
	put_bytes(vmcore, none, 4);
	put_at(vmcore, at, 4, named);
	put_at(vmcore, at + 4, 4, size);
	put_at(vmcore, at + 8, 4, type);
	put_bytes(vmcore, name, named);
	put_bytes(vmcore, none, -named & 3);
	put_bytes(vmcore, held, size);
	put_bytes(vmcore, none, -size & 3);
}

static void
put_notes(struct vmcore *vmcore, uint64_t cr3, int levels5)
{
	static const unsigned char prstatus[336], none[12];
	unsigned long long root = 0xffffffff80000000ull + cr3 - (uint64_t)PHYS_BASE;
	size_t start = vmcore->size;
	char text[1024];

	put_note(vmcore, "CORE", 1, prstatus, sizeof(prstatus));
	put_note(vmcore, "CORE", 1, prstatus, sizeof(prstatus));
	snprintf(text, sizeof(text), "OSRELEASE=6.1.0-56-amd64\nPAGESIZE=4096\n"
	    "SYMBOL(init_uts_ns)=ffffffff82c1a240\nOFFSET(uts_namespace.name)=0\n"
	    "SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=ffffffff81000000\n"
	    "LENGTH(mem_section)=2048\nNUMBER(phys_base)=%lld\nSYMBOL(init_top_pgt)=%llx\n"
	    "NUMBER(pgtable_l5_enabled)=%d\nKERNELOFFSET=0\n"
	    "NUMBER(KERNEL_IMAGE_SIZE)=1073741824\nNUMBER(sme_mask)=0\nCRASHTIME=1763828952\n",
	    root, PHYS_BASE, root, levels5);
	put_note(vmcore, "VMCOREINFO", 0, text, strlen(text));
	/* What was reserved for it and not needed. */
	put_bytes(vmcore, none, sizeof(none));
	put_header(vmcore, 4, 0, 0, start, vmcore->size - start);
}

static void
put_memory(struct vmcore *vmcore, uint64_t vaddr, const struct image_run *run)
{
	size_t size = (size_t)(run->end - run->start);

	vmcore->size = (vmcore->size + 0xfff) & ~(size_t)0xfff;
	put_header(vmcore, 1, vaddr, run->start, vmcore->size, size);
	put_bytes(vmcore, run->bytes, size);
}

static void
make_vmcore(struct vmcore *vmcore, const struct view *view)
{
	const struct image *image = view->image;
	uint64_t root = view_guest_root(view).v;
	size_t i;

	vmcore->room = (size_t)4 << 20;
	vmcore->bytes = calloc(1, vmcore->room);
	assert_non_null(vmcore->bytes);
	vmcore->size = NOTES_AT;
	vmcore->headers = 0;
	memcpy(vmcore->bytes, "\177ELF\2\1\1", 7);
	put_at(vmcore, 16, 2, 4);
	put_at(vmcore, 18, 2, 62);
	put_at(vmcore, 20, 4, 1);
	put_at(vmcore, 32, 8, 64);
	put_at(vmcore, 52, 2, 64);
	put_at(vmcore, 54, 2, 56);
	put_notes(vmcore, root, view_guest_levels(view) == 5);
	put_memory(vmcore, KERNEL_TEXT, image_find(image, vk_hpa(root)));
	for (i = 0; i < image->runs; i++)
		put_memory(vmcore, DIRECT_MAP + image->run[i].start, &image->run[i]);
}

struct listing {
	const char *expected;
	size_t at;
};

static void
take_text(void *ctx, const char *bytes, size_t size)
{
	struct listing *listing = ctx;

	if (strncmp(listing->expected + listing->at, bytes, size) != 0)
		fail_msg("another line from byte %zu on", listing->at);
	listing->at += size;
}

static void
check_vmcore(const char *directory, unsigned cpu)
{
	struct guestpt_mode mode = { .efer = VK_EFER_NXE, .page1g = 1, .maxphyaddr = 52 };
	struct view recorded = open_case(directory, NULL, cpu), view;
	struct maps_filter filter;
	struct image_error error;
	struct listing listing = { NULL, 0 };
	struct scn_sink sink = { take_text, &listing };
	struct image_core core;
	struct vmcore vmcore;
	uint64_t absent;
	char name[64], *text;

	make_vmcore(&vmcore, &recorded);
	view_free(&recorded);
	if (image_core_read(vmcore.bytes, vmcore.size, &core, &error) != IMAGE_OK)
		fail_msg("offset 0x%llx: %s", (unsigned long long)error.offset, error.text);
	assert_int_equal(core.cpus, 0);
	assert_true(core.has_kernel);
	mode.cr0 = core.kernel.cr0;
	mode.cr3 = core.kernel.cr3;
	mode.cr4 = core.kernel.cr4;
	view_init(&view, core.image, &mode, 0);
	core.image = NULL;
	image_core_free(&core);
	snprintf(name, sizeof(name), "info-tlb.cpu%u.txt.xz", cpu);
	listing.expected = text = read_text(directory, name);
	maps_filter_init(&filter, &view, MAPS_GUEST);
	assert_int_equal(monitor_write_tlb(&sink, &view, MAPS_GUEST, &filter, &absent), MAPS_OK);
	assert_true(absent == 0 && text[listing.at] == '\0' && listing.at != 0);
	free(text);
	view_free(&view);
	free(vmcore.bytes);
}

static void
a_vmcore_of_kdump_lists_as_the_monitor_does(void **state)
{
	(void)state;
	check_vmcore("l4-basic", 1);
	check_vmcore("l5-la57", 0);
	check_vmcore("l4-kpti-huge", 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_map_what_the_pagemap_of_each_process_says),
		cmocka_unit_test(tables_map_what_the_emulator_dumps),
		cmocka_unit_test(translations_under_an_ept_are_the_recorded_ones),
		cmocka_unit_test(translations_under_nested_tables_are_the_recorded_ones),
		cmocka_unit_test(a_vmcore_of_kdump_lists_as_the_monitor_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
