/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays the vectors: sixteen pages of memory, one set of guest tables, one call.
 *
 * The usual guest.  Frames are 4 KiB; memory ends at 0x10000, and beyond it there is a hole:
 *
 *   0x1000  PML4   1, 255 -> 0x2000    2 -> 0x2000 with PS set
 *   0x2000  PDPT   1, 511 -> 0x3000    2 -> 1 GiB page at 0, PAT bit set
 *   0x3000  PD     1, 510 -> 0x4000    2 -> 2 MiB page at 0, PAT bit set    3 -> the same, bit 13
 *   0x4000  PT     0 -> 0x6000    1 -> 0x5000    2 not present    3 -> 0x7000 read-only
 *                  4 -> 0x8000 supervisor    5 -> 0xc000    6 -> the hole
 *                  7 -> 0x4000, the table itself    8 -> 0x9000, bit 45    9 -> 0xa000, PAT
 *                  511 -> 0xb000
 *
 * The processor has 40 address bits.  The host's map makes 0xc000 and 0xd000 read-only.  No entry
 * has a flag set.  All other bytes follow a pattern without a NUL.
 *
 * Beside what a vector states, each run holds the memory to its rules: one page at a time, each
 * given back, no other access meanwhile, nothing read or written where the memory refused.
 */
#include "kmod_vectors.h"

#include "base/access.h"

#define KMOD_BUFFER_BYTES    0x2100u
#define KMOD_UNTOUCHED       0xa5
#define KMOD_READ_ONLY_START 0xc000u
#define KMOD_READ_ONLY_END   0xe000u

struct kmod_machine {
	uint64_t memory[KMOD_MEMORY_BYTES / 8];
	uint8_t buffer[KMOD_BUFFER_BYTES];
	int held;          /* pages that are out */
	const char *wrong; /* the first rule that was broken */
	uint64_t before;   /* digest of the memory as the call found it */
};

/* clang-format off */
static const struct kmod_word kmod_guest[] = {
	{ 0x1000 + 1 * 8, 0x2007 },
	{ 0x1000 + 2 * 8, 0x2087 },
	{ 0x1000 + 255 * 8, 0x2007 },
	{ 0x2000 + 1 * 8, 0x3007 },
	{ 0x2000 + 2 * 8, 0x1087 },
	{ 0x2000 + 511 * 8, 0x3007 },
	{ 0x3000 + 1 * 8, 0x4007 },
	{ 0x3000 + 2 * 8, 0x1087 },
	{ 0x3000 + 3 * 8, 0x3087 },
	{ 0x3000 + 510 * 8, 0x4007 },
	{ 0x4000 + 0 * 8, 0x6007 },
	{ 0x4000 + 1 * 8, 0x5007 },
	{ 0x4000 + 3 * 8, 0x7005 },
	{ 0x4000 + 4 * 8, 0x8003 },
	{ 0x4000 + 5 * 8, 0xc007 },
	{ 0x4000 + 6 * 8, 0x20007 },
	{ 0x4000 + 7 * 8, 0x4007 },
	{ 0x4000 + 8 * 8, 0x200000009007 },
	{ 0x4000 + 9 * 8, 0xa087 },
	{ 0x4000 + 511 * 8, 0xb007 },
	{ 0, 0 }
};
/* clang-format on */

/* 1 to 251. */
static uint8_t
kmod_pattern(uint64_t at)
{
	return (uint8_t)(1 + (at * 13 + (at >> 12)) % 251);
}

static void
kmod_words_set(struct kmod_machine *machine, const struct kmod_word *word, unsigned limit)
{
	for (; limit > 0 && word->at != 0; limit--, word++)
		machine->memory[word->at / 8] = word->value;
}

static uint64_t
kmod_digest(const struct kmod_machine *machine)
{
	uint64_t digest = 0;
	unsigned i;

	for (i = 0; i < KMOD_MEMORY_BYTES / 8; i++)
		digest = (digest ^ machine->memory[i]) * 0x100000001b3ull;
	return digest;
}

static void
kmod_machine_init(struct kmod_machine *machine, const struct kmod_vector *vector)
{
	uint8_t *byte = (uint8_t *)machine->memory;
	unsigned at;

	for (at = 0; at < KMOD_MEMORY_BYTES; at++)
		byte[at] = at >= 0x1000 && at < 0x5000 ? 0 : kmod_pattern(at);
	for (at = 0; at < KMOD_BUFFER_BYTES; at++)
		machine->buffer[at] =
		    vector->call == KMOD_COPYOUT ? kmod_pattern(at ^ 0x5a) : KMOD_UNTOUCHED;
	kmod_words_set(machine, kmod_guest, (unsigned)-1);
	kmod_words_set(machine, vector->set, KMOD_WORDS);
	machine->held = 0;
	machine->wrong = NULL;
	machine->before = kmod_digest(machine);
}

/* --- the memory as the core sees it ----------------------------------------------------------- */

static int
kmod_mem_allows(struct kmod_machine *machine, gpa_t gpa, unsigned acc)
{
	if (machine->held != 0)
		machine->wrong = "memory was used while a page was held";
	if (gpa.v >= KMOD_MEMORY_BYTES)
		return 0;
	return !(acc & VK_ACC_W) || gpa.v < KMOD_READ_ONLY_START || gpa.v >= KMOD_READ_ONLY_END;
}

static int
kmod_mem_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct kmod_machine *machine = ctx;

	if (slot.v % 8 != 0)
		machine->wrong = "a table entry was read across its bounds";
	if (!kmod_mem_allows(machine, slot, VK_ACC_R))
		return 0;
	*entry = vk_atomic_load64(&machine->memory[slot.v / 8]);
	return 1;
}

static enum cas_status
kmod_mem_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct kmod_machine *machine = ctx;
	uint64_t seen;

	if (!kmod_mem_allows(machine, slot, VK_ACC_R | VK_ACC_W))
		return CAS_REFUSED;
	return vk_atomic_cas64(&machine->memory[slot.v / 8], old, new_value, &seen) ? CAS_DONE :
										      CAS_LOST;
}

static void *
kmod_mem_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct kmod_machine *machine = ctx;

	*cookie = NULL;
	if (!kmod_mem_allows(machine, gpa, acc))
		return NULL;
	*cookie = machine;
	machine->held++;
	return (char *)machine->memory + gpa.v;
}

static void
kmod_mem_release(void *ctx, void *cookie)
{
	struct kmod_machine *machine = ctx;

	if (cookie != ctx)
		machine->wrong = "a page was given back that was not held";
	machine->held--;
}

static const struct gpm_ops kmod_mem_ops = {
    kmod_mem_load, kmod_mem_cas, kmod_mem_hold, kmod_mem_release};

/* --- the call --------------------------------------------------------------------------------- */

static void
kmod_us_init(struct vk_us *us, struct kmod_machine *machine, const struct kmod_vector *vector)
{
	struct gpm mem = {&kmod_mem_ops, machine};
	struct guestpt_mode mode;

	if (vector->family == KMOD_STD) {
		vk_us_init_std(us, mem, vk_gva(KMOD_USER_END));
		return;
	}
	__builtin_memset(&mode, 0, sizeof(mode));
	mode.cr0 = VK_CR0_PG | VK_CR0_WP;
	mode.cr3 = vector->cr3 != 0 ? vector->cr3 : 0x1000;
	mode.page1g = 1;
	mode.maxphyaddr = 40;
	vk_us_init_ept(us, mem, &mode, vk_gva(KMOD_USER_END));
}

static int
kmod_call_copy(struct vk_us *us, struct kmod_machine *machine, const struct kmod_vector *vector,
    uint64_t *result)
{
	gva_t uaddr = vk_gva(vector->uaddr);
	size_t len = (size_t)vector->len, done = 0;
	int error;

	if (vector->call == KMOD_COPYIN)
		error = vk_copyin(us, uaddr, machine->buffer, len, &done);
	else if (vector->call == KMOD_COPYOUT)
		error = vk_copyout(us, machine->buffer, uaddr, len, &done);
	else
		error = vk_copyinstr(us, uaddr, (char *)machine->buffer, len, &done);
	*result = done;
	return error;
}

static int
kmod_call_narrow(struct vk_us *us, const struct kmod_vector *vector, uint64_t *result)
{
	gva_t uaddr = vk_gva(vector->uaddr);
	uint32_t value = (uint32_t)vector->value, word = 0;
	uint8_t byte = 0;
	int error;

	switch (vector->call) {
	case KMOD_FUBYTE:
		error = vk_fubyte(us, uaddr, &byte);
		word = byte;
		break;
	case KMOD_SUBYTE:
		error = vk_subyte(us, uaddr, (uint8_t)value);
		break;
	case KMOD_FUWORD32:
		error = vk_fuword32(us, uaddr, &word);
		break;
	case KMOD_SUWORD32:
		error = vk_suword32(us, uaddr, value);
		break;
	case KMOD_SWAPU32:
		error = vk_swapu32(us, uaddr, value, &word);
		break;
	case KMOD_CASU32:
		error = vk_casu32(us, uaddr, (uint32_t)vector->len, value, &word);
		break;
	default:
		error = vk_fuwordadd32(us, uaddr, value, &word);
		break;
	}
	*result = word;
	return error;
}

static int
kmod_call_wide(struct vk_us *us, const struct kmod_vector *vector, uint64_t *result)
{
	gva_t uaddr = vk_gva(vector->uaddr);

	switch (vector->call) {
	case KMOD_FUWORD64:
		return vk_fuword64(us, uaddr, result);
	case KMOD_SUWORD64:
		return vk_suword64(us, uaddr, vector->value);
	case KMOD_SWAPU64:
		return vk_swapu64(us, uaddr, vector->value, result);
	case KMOD_CASU64:
		return vk_casu64(us, uaddr, vector->len, vector->value, result);
	default:
		return vk_fuwordadd64(us, uaddr, vector->value, result);
	}
}

static int
kmod_call(struct vk_us *us, struct kmod_machine *machine, const struct kmod_vector *vector,
    uint64_t *result)
{
	switch (vector->call) {
	case KMOD_COPYIN:
	case KMOD_COPYOUT:
	case KMOD_COPYINSTR:
		return kmod_call_copy(us, machine, vector, result);
	case KMOD_FUBYTE:
	case KMOD_SUBYTE:
	case KMOD_FUWORD32:
	case KMOD_SUWORD32:
	case KMOD_SWAPU32:
	case KMOD_CASU32:
	case KMOD_ADDU32:
		return kmod_call_narrow(us, vector, result);
	default:
		return kmod_call_wide(us, vector, result);
	}
}

/* --- the judgement ---------------------------------------------------------------------------- */

/* Whether the buffer and the guest's pages agree over the bytes moved, and no byte further. */
static const char *
kmod_judge_bytes(const struct kmod_machine *machine, const struct kmod_vector *vector)
{
	const uint8_t *memory = (const uint8_t *)machine->memory;
	uint64_t first = VK_PAGE_BYTES - (vector->from[0] & VK_PAGE_OFFSET_MASK), n;
	unsigned at;

	for (n = 0; n < vector->result; n++) {
		uint64_t gpa = n < first ? vector->from[0] + n : vector->from[1] + (n - first);

		if (memory[gpa] != machine->buffer[n])
			return "the bytes differ";
	}
	if (vector->call == KMOD_COPYOUT)
		return NULL;
	for (at = (unsigned)vector->result; at < KMOD_BUFFER_BYTES; at++)
		if (machine->buffer[at] != KMOD_UNTOUCHED)
			return "the buffer was touched beyond what was moved";
	return NULL;
}

static const char *
kmod_judge(const struct kmod_machine *machine, const struct kmod_vector *vector, int error,
    uint64_t result)
{
	unsigned i;

	if (machine->wrong != NULL)
		return machine->wrong;
	if (machine->held != 0)
		return "a page is still held";
	if (error != vector->error)
		return "another status";
	if (result != vector->result)
		return "another value or count";
	for (i = 0; i < KMOD_WORDS && vector->left[i].at != 0; i++)
		if (machine->memory[vector->left[i].at / 8] != vector->left[i].value)
			return "another word left in memory";
	if (i == 0 && error != VK_OK && result == 0 && kmod_digest(machine) != machine->before)
		return "a call that failed changed memory";
	if (vector->call > KMOD_COPYINSTR)
		return NULL;
	return kmod_judge_bytes(machine, vector);
}

size_t
kmod_scratch_bytes(void)
{
	return sizeof(struct kmod_machine);
}

const char *
kmod_vector_run(const struct kmod_vector *vector, void *scratch)
{
	struct kmod_machine *machine = scratch;
	struct vk_us us;
	uint64_t result = 0;
	int error;

	kmod_machine_init(machine, vector);
	kmod_us_init(&us, machine, vector);
	error = kmod_call(&us, machine, vector, &result);
	return kmod_judge(machine, vector, error, result);
}
