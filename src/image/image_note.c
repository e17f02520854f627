/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notes of a core that tell where paging structures begin.
 *
 * QEMU leaves one note a CPU with its control registers; EFER is not among them.  Linux leaves
 * VMCOREINFO, lines of text from which the address of the kernel's own tables follows: a symbol's
 * virtual address, and what lies between the kernel's image and where it was loaded [NOTE-QEMU]
 * [NOTE-VMCOREINFO].
 */
#include <errno.h>
#include <stdlib.h>

#include "guestpt/guestpt.h"
#include "image/image_reader.h"

/* One note, within a file. */
struct note {
	uint64_t offset;           /* of the note */
	uint64_t at;               /* of what it holds */
	uint32_t type, size;
	const char *name;          /* not terminated */
	uint32_t name_size;        /* with the NUL that it should end with */
	const unsigned char *held; /* `size` bytes */
};

#define NOTE_HEADER 12u

static bool
is_named(const struct note *note, const char *name)
{
	return note->name_size == strlen(name) + 1 &&
	    memcmp(note->name, name, note->name_size) == 0;
}

/* --- QEMU ------------------------------------------------------------------------------------- */

#define QEMU_VERSION 1u
#define QEMU_CR0 392u
#define QEMU_CR3 416u
#define QEMU_CR4 424u
#define QEMU_SIZE 432u /* up to there; later versions have more */

static enum image_status
take_qemu(const struct note *note, struct image_core *core, struct image_error *error)
{
	struct image_cpu *grown;

	if (note->size < QEMU_SIZE)
		return image_bad_at(error, note->at, "a note of QEMU of %u bytes found, "
		    "%u expected", (unsigned)note->size, QEMU_SIZE);
	if (image_u32(note->held) != QEMU_VERSION)
		return image_bad_at(error, note->at, "a note of QEMU of version %u found, "
		    "version %u expected", (unsigned)image_u32(note->held), QEMU_VERSION);
	grown = realloc(core->cpu, (core->cpus + 1) * sizeof(*grown));
	if (grown == NULL)
		return image_failed(error, "out of memory");
	core->cpu = grown;
	grown[core->cpus].cr0 = image_u64(note->held + QEMU_CR0);
	grown[core->cpus].cr3 = image_u64(note->held + QEMU_CR3);
	grown[core->cpus].cr4 = image_u64(note->held + QEMU_CR4);
	core->cpus++;
	return IMAGE_OK;
}

/* --- Linux ------------------------------------------------------------------------------------ */

#define KERNEL_IMAGE 0xffffffff80000000ull /* linear address of what is loaded at phys_base */
#define DIGITS_MAX 20

/* The number behind "KEY=" in one of the lines; false when there is none. */
static bool
find_number(const struct note *note, const char *key, int base, uint64_t *number)
{
	const char *line = (const char *)note->held, *end = line + note->size;
	size_t length = strlen(key);
	char digits[DIGITS_MAX + 1] = "", *stop;

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((next != NULL ? next : end) - line);

		if (size > length && size - length <= DIGITS_MAX &&
		    memcmp(line, key, length) == 0) {
			memcpy(digits, line + length, size - length);
			/* phys_base may be negative; modulo 2^64 the sum is right all the same. */
			errno = 0;
			*number = base == 16 ? strtoull(digits, &stop, base) :
			    (uint64_t)strtoll(digits, &stop, base);
			return *stop == '\0' && errno == 0;
		}
		line += size + 1;
	}
	return false;
}

static void
take_vmcoreinfo(const struct note *note, struct image_core *core)
{
	uint64_t symbol, base, levels5 = 0;

	if (!find_number(note, "SYMBOL(init_top_pgt)=", 16, &symbol) &&
	    !find_number(note, "SYMBOL(swapper_pg_dir)=", 16, &symbol) &&
	    !find_number(note, "SYMBOL(init_level4_pgt)=", 16, &symbol))
		return;
	if (!find_number(note, "NUMBER(phys_base)=", 10, &base))
		return;
	(void)find_number(note, "NUMBER(pgtable_l5_enabled)=", 10, &levels5);
	core->has_kernel = true;
	core->kernel.cr0 = VK_CR0_PG | VK_CR0_WP;
	core->kernel.cr3 = symbol - KERNEL_IMAGE + base;
	core->kernel.cr4 = VK_CR4_PAE | (levels5 != 0 ? VK_CR4_LA57 : 0);
}

/* --- all -------------------------------------------------------------------------------------- */

static uint64_t
align4(uint64_t size)
{
	return (size + 3) & ~3ull;
}

/* Takes the note at `*offset` apart, which becomes that of the next; false: it is too long. */
static bool
next_note(const unsigned char *file, uint64_t *offset, uint64_t end, struct note *note)
{
	const unsigned char *header = file + *offset;

	note->offset = *offset;
	note->name_size = image_u32(header);
	note->size = image_u32(header + 4);
	note->type = image_u32(header + 8);
	note->name = (const char *)header + NOTE_HEADER;
	note->at = *offset + NOTE_HEADER + align4(note->name_size);
	if (note->at > end || note->size > end - note->at)
		return false;
	note->held = file + note->at;
	/* The last one need not be filled up. */
	*offset = note->at + align4(note->size);
	if (*offset > end)
		*offset = end;
	return true;
}

enum image_status
image_notes_read(const unsigned char *file, uint64_t offset, uint64_t size,
    struct image_core *core, struct image_error *error)
{
	enum image_status status = IMAGE_OK;
	uint64_t end = offset + size;
	struct note note;

	while (status == IMAGE_OK && end - offset >= NOTE_HEADER) {
		if (!next_note(file, &offset, end, &note))
			return image_bad_at(error, note.offset, "a note of %u and %u bytes found, "
			    "%llu expected at most", (unsigned)note.name_size,
			    (unsigned)note.size,
			    (unsigned long long)(end - note.offset - NOTE_HEADER));
		/* kdump leaves zeroes behind the last. */
		if (note.name_size == 0 && note.size == 0 && note.type == 0)
			break;
		if (is_named(&note, "QEMU") && note.type == 0)
			status = take_qemu(&note, core, error);
		else if (is_named(&note, "VMCOREINFO"))
			take_vmcoreinfo(&note, core);
	}
	return status;
}
