/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explanations: the record of an access turned into the list of what was read and a verdict.
 */
#include "sim/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/vcpu.h"

/* --- what was read ---------------------------------------------------------------------------- */

struct explain_read *
explain_add_read(struct explanation *why, enum event_side side, unsigned level,
    uint64_t slot, uint64_t entry, uint64_t address)
{
	struct explain_read *read;

	if (why->reads == EXPLAIN_READS)
		return &why->read[EXPLAIN_READS - 1];
	read = &why->read[why->reads];
	*read = (struct explain_read){ .order = ++why->reads, .side = side, .level = level };
	read->slot = slot;
	read->entry = entry;
	read->address = address;
	return read;
}

static void
add_ept_walk(struct explanation *why, const struct vcpu *vcpu, const struct ept_walk *walk,
    bool update)
{
	unsigned level;

	for (level = vcpu->ept.levels; walk->level != 0 && level >= walk->level; level--)
		explain_add_read(why, EVENT_EPT, level, walk->step[level].slot.v,
		    walk->step[level].entry, walk->gpa.v)->update = update;
}

static void
add_piece(struct explanation *why, const struct vcpu *vcpu, const struct vcpu_result *result,
    const struct vcpu_piece *piece)
{
	const struct guestpt_walk *guest = &piece->guest;
	unsigned level, i;
	unsigned levels = !(vcpu->mode.cr0 & VK_CR0_PG) ? 0 :
	    (vcpu->mode.cr4 & VK_CR4_LA57) ? 5 : 4;

	level = levels;
	for (i = 0; vcpu->ept_on && i < result->gpm.count; i++) {
		const struct ept_gpm_access *access = &result->gpm.access[i];

		add_ept_walk(why, vcpu, &access->walk, access->update);
		if (access->status == EPT_OK && !access->update && level > 0)
			explain_add_read(why, EVENT_GUEST, level--, access->walk.gpa.v,
			    access->entry, piece->gva.v);
	}
	for (level = levels; !vcpu->ept_on && guest->level != 0 && level >= guest->level; level--)
		explain_add_read(why, EVENT_GUEST, level, guest->step[level].slot.v,
		    guest->step[level].entry, piece->gva.v);
	if (piece->final_walked)
		add_ept_walk(why, vcpu, &piece->final, false);
}

void
explain_mark_failed(struct explanation *why)
{
	unsigned i;

	for (i = why->reads; i-- > 0;) {
		struct explain_read *read = &why->read[i];

		if (read->side == why->side && read->slot == why->slot && why->level != 0) {
			read->failed = true;
			return;
		}
	}
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *
level_name(enum event_side side, unsigned level)
{
	static const char *const names[][VK_LEVELS + 1] = {
		[EVENT_GUEST] = { "", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" },
		[EVENT_EPT] = { "", "EPT L1", "EPT L2", "EPT L3", "EPT L4", "EPT L5" },
		[EVENT_NPT] = { "", "NPT L1", "NPT L2", "NPT L3", "NPT L4", "NPT L5" },
	};

	return names[side][level];
}

static const char *
access_name(unsigned acc)
{
	if (acc & VK_ACC_X)
		return "fetch";
	if ((acc & VK_ACC_R) && (acc & VK_ACC_W))
		return "read-modify-write";
	return (acc & VK_ACC_W) ? "write" : "read";
}

#define SAY(field, ...) snprintf((field), sizeof(field), __VA_ARGS__)

void
explain_blame(struct explanation *why, enum event_side side, unsigned level, uint64_t slot,
    uint64_t entry, uint64_t bits, const char *rule)
{
	why->side = side;
	why->level = level;
	why->slot = slot;
	why->entry = entry;
	why->bits = bits;
	why->rule = rule;
}

/* --- guest verdicts --------------------------------------------------------------------------- */

struct denial {
	unsigned deny;
	uint64_t bits;    /* of the entry that decides */
	bool set;         /* it denies by being set in some entry, not by being clear */
	const char *rule;
	const char *verdict;
	const char *remedy;
};

static const struct denial denials[] = {
	{ GUESTPT_DENY_US, VK_PG_US, false, "GUEST-RIGHTS",
	    "a user-mode access to a supervisor-mode address: U/S is 0",
	    "set U/S in this entry (it has to be 1 at every level)" },
	{ GUESTPT_DENY_RW, VK_PG_RW, false, "GUEST-RIGHTS",
	    "a write to a read-only address: R/W is 0",
	    "set R/W in this entry (it has to be 1 at every level), or, for a supervisor access, "
	    "clear CR0.WP" },
	{ GUESTPT_DENY_XD, VK_PG_XD, true, "GUEST-RIGHTS",
	    "a fetch from an execute-disabled address: XD is 1",
	    "clear XD in this entry (it has to be 0 at every level)" },
	{ GUESTPT_DENY_SMEP, VK_PG_US, true, "GUEST-RIGHTS",
	    "a supervisor fetch from a user-mode address with CR4.SMEP set",
	    "clear U/S at some level, or CR4.SMEP" },
	{ GUESTPT_DENY_SMAP, VK_PG_US, true, "GUEST-RIGHTS",
	    "a supervisor access to a user-mode address with CR4.SMAP set",
	    "set RFLAGS.AC (explicit accesses only), clear U/S at some level, or CR4.SMAP" },
	{ GUESTPT_DENY_PKEY, VK_PG_PKEY, true, "GUEST-PKEY",
	    "the protection key of the leaf denies the access",
	    "clear the key's access-disable or write-disable bit in PKRU or IA32_PKRS, or change "
	    "the key" },
};

/* The uppermost entry that denies a right. */
static unsigned
level_that_denies(const struct guestpt_walk *walk, unsigned levels, const struct denial *denial)
{
	unsigned level;

	if (denial->deny == GUESTPT_DENY_PKEY)
		return walk->level;
	for (level = levels; level > walk->level; level--) {
		if (((walk->step[level].entry & denial->bits) != 0) == denial->set)
			break;
	}
	return level;
}

/* "page fault, error code 0x6: " and so on, and where the entry is. */
static void
say_fault(struct explanation *why, enum event_side side, const struct guestpt_walk *walk,
    unsigned level, const char *what, const char *end)
{
	SAY(why->verdict, "%spage fault, error code 0x%" PRIx32 ": %s %s at %s 0x%" PRIx64 "%s",
	    side == EVENT_NPT ? "nested " : "", walk->error_code, what, level_name(side, level),
	    side == EVENT_NPT ? "HPA" : "GPA", walk->step[level].slot.v, end);
}

static void
explain_rights(struct explanation *why, enum event_side side, unsigned levels,
    const struct guestpt_walk *walk)
{
	char what[EXPLAIN_TEXT / 2];
	size_t i;

	for (i = 0; i < sizeof(denials) / sizeof(denials[0]); i++) {
		const struct denial *denial = &denials[i];
		unsigned level;

		if (!(walk->deny & denial->deny))
			continue;
		level = level_that_denies(walk, levels, denial);
		explain_blame(why, side, level, walk->step[level].slot.v, walk->step[level].entry,
		    denial->bits, denial->rule);
		SAY(what, "%s, in the", denial->verdict);
		say_fault(why, side, walk, level, what, "");
		SAY(why->remedy, "%s", denial->remedy);
		return;
	}
}

void
explain_page_fault(struct explanation *why, enum event_side side, unsigned levels,
    const struct guestpt_walk *walk)
{
	unsigned level = walk->level;
	char what[EXPLAIN_TEXT / 2];

	if (walk->why == GUESTPT_WHY_RIGHTS) {
		explain_rights(why, side, levels, walk);
		return;
	}
	if (walk->why == GUESTPT_WHY_RESERVED) {
		explain_blame(why, side, level, walk->step[level].slot.v, walk->step[level].entry,
		    walk->bits, "GUEST-ENTRY");
		SAY(what, "reserved bits 0x%" PRIx64 " are set in the", walk->bits);
		say_fault(why, side, walk, level, what, "");
		SAY(why->remedy, "clear bits 0x%" PRIx64 " of the entry", walk->bits);
		return;
	}
	explain_blame(why, side, level, walk->step[level].slot.v, walk->step[level].entry, VK_PG_P,
	    "GUEST-ENTRY");
	say_fault(why, side, walk, level, "the", " is not present (bit 0 is 0)");
	SAY(why->remedy, "%s", level == 1 ? "make the entry map a page, with P set" :
	    "make the entry name a table (or map a large page), with P set");
}

/* --- EPT verdicts ----------------------------------------------------------------------------- */

struct ept_reason {
	const char *rule;
	const char *verdict;
	const char *remedy;
};

static const struct ept_reason ept_reasons[] = {
	[EPT_WHY_NONE] = { "EPT-WALK", "no reason recorded", "" },
	[EPT_WHY_GPA_WIDTH] = { "EPT-VIOLATION",
	    "the guest-physical address has bits above 47, which a 4-level EPT cannot translate",
	    "use a guest-physical address below 2^48, or a 5-level EPT" },
	[EPT_WHY_NOT_PRESENT] = { "EPT-NOT-PRESENT", "the entry gives no right at all: not present",
	    "make the entry present: have the VMM map the page" },
	[EPT_WHY_PERMISSION] = { "EPT-VIOLATION", "the entries do not allow it",
	    "set the missing right in this entry (it has to be set at every level)" },
	[EPT_WHY_SUBPAGE] = { "EPT-SPP", "the sub-page permission vector denies the write",
	    "set the bit of this 128-byte sub-page in the vector" },
	[EPT_WHY_WRITE_WITHOUT_READ] = { "EPT-MISCONFIG", "writable but not readable",
	    "set bit 0 (read), or clear bit 1 (write)" },
	[EPT_WHY_EXEC_ONLY] = { "EPT-MISCONFIG",
	    "execute-only, on a processor without execute-only pages",
	    "set bit 0 (read), or use a processor with the capability" },
	[EPT_WHY_RESERVED] = { "EPT-MISCONFIG", "reserved bits are set", "clear them" },
	[EPT_WHY_MEMTYPE] = { "EPT-MISCONFIG", "a memory type that does not exist (2, 3 or 7)",
	    "use 0 (UC), 1 (WC), 4 (WT), 5 (WP) or 6 (WB) in bits 5:3" },
	[EPT_WHY_SPP_MISS] = { "EPT-SPP", "the sub-page permission table has no valid entry",
	    "make the entry of the sub-page permission table valid" },
	[EPT_WHY_SPP_MISCONFIG] = { "EPT-SPP", "a sub-page permission entry has reserved bits set",
	    "clear them" },
	[EPT_WHY_UNSTABLE] = { "EPT-AD", "the entry kept changing while its flags were to be set",
	    "stop whoever changes it" },
};

/* The uppermost entry that lacks a missing right; for anything else the last one read. */
static unsigned
ept_level_to_blame(const struct ept *ept, const struct ept_walk *walk)
{
	unsigned level = walk->level;

	if (walk->why != EPT_WHY_PERMISSION)
		return level;
	for (level = ept->levels; level > walk->level; level--) {
		if (walk->bits & ~walk->step[level].entry)
			break;
	}
	return level;
}

/* Which of the rights is missing, in words. */
static const char *
missing_right(uint64_t bits)
{
	if (bits & EPT_W)
		return "the entries do not allow writes";
	if (bits & EPT_R)
		return "the entries do not allow reads";
	return (bits & EPT_XU) ? "the entries do not allow user-mode fetches" :
	    "the entries do not allow fetches";
}

static void
explain_ept(struct explanation *why, const struct vcpu *vcpu, const struct ept_walk *walk,
    bool final, bool update)
{
	const struct ept_reason *reason = &ept_reasons[walk->why];
	unsigned level = ept_level_to_blame(&vcpu->ept, walk);
	const char *exit = why->exit_reason == EPT_EXIT_MISCONFIG ? "EPT misconfiguration" :
	    why->exit_reason == EPT_EXIT_SPP ? "sub-page event" :
	    why->outcome == EVENT_VIRTUALIZATION ? "#VE" : "EPT violation";
	const char *cause = walk->why == EPT_WHY_PERMISSION ? missing_right(walk->bits) :
	    reason->verdict;
	const char *what = final ? "the page itself" :
	    update ? "a guest table, whose accessed or dirty flag is to be set" : "a guest table";

	explain_blame(why, EVENT_EPT, level, level != 0 ? walk->step[level].slot.v : 0,
	    level != 0 ? walk->step[level].entry : 0, walk->bits, reason->rule);
	if (level == 0)
		SAY(why->verdict, "%s, qualification 0x%" PRIx64 ", on GPA 0x%" PRIx64 " (%s): %s",
		    exit, why->qualification, walk->gpa.v, what, cause);
	else
		SAY(why->verdict, "%s, qualification 0x%" PRIx64 ", on GPA 0x%" PRIx64
		    " (%s): %s, bits 0x%" PRIx64 " in the %s at HPA 0x%" PRIx64, exit,
		    why->qualification, walk->gpa.v, what, cause, walk->bits,
		    level_name(EVENT_EPT, level), walk->step[level].slot.v);
	SAY(why->remedy, "%s", reason->remedy);
}

/* --- all -------------------------------------------------------------------------------------- */

void
explain_not_canonical(struct explanation *why, unsigned width)
{
	why->rule = "GUEST-CANONICAL";
	SAY(why->verdict, "#GP(0): 0x%" PRIx64 " is not canonical for %u-bit linear addresses; "
	    "no table is read", why->gva, width);
	SAY(why->remedy, "use an address whose upper bits are all equal");
}

void
explain_passed(struct explanation *why)
{
	SAY(why->verdict, "%s of GVA 0x%" PRIx64 " goes to GPA 0x%" PRIx64 ", HPA 0x%" PRIx64,
	    access_name(why->acc), why->gva, why->gpa, why->hpa);
}

void
explain_begin(struct explanation *why, uint64_t gva, unsigned acc)
{
	memset(why, 0, offsetof(struct explanation, read));
	memset(&why->side, 0, sizeof(*why) - offsetof(struct explanation, side));
	why->rule = "";
	why->gva = gva;
	why->acc = acc;
}

static const enum event_outcome outcomes[] = {
	[VCPU_DONE] = EVENT_OK,
	[VCPU_PF] = EVENT_PAGE_FAULT,
	[VCPU_GP] = EVENT_GENERAL_PROTECTION,
	[VCPU_EXIT] = EVENT_VM_EXIT,
	[VCPU_VE] = EVENT_VIRTUALIZATION,
};

static void
explain_failure(struct explanation *why, const struct vcpu *vcpu, const struct vcpu_result *result,
    const struct vcpu_piece *piece)
{
	switch (result->outcome) {
	case VCPU_PF:
		explain_page_fault(why, EVENT_GUEST, (vcpu->mode.cr4 & VK_CR4_LA57) ? 5 : 4,
		    &piece->guest);
		break;
	case VCPU_GP:
		explain_not_canonical(why, (vcpu->mode.cr4 & VK_CR4_LA57) ? 57 : 48);
		break;
	case VCPU_EXIT:
	case VCPU_VE:
		if (result->gpm.stopped_by_log) {
			why->rule = "EPT-PML";
			SAY(why->verdict, "page-modification log full: its index is not 0 to 511");
			SAY(why->remedy, "empty the log and set the index back to 511");
		} else if (piece->final_walked && piece->final_status != EPT_OK) {
			explain_ept(why, vcpu, &piece->final, true, false);
		} else if (result->gpm.count > 0) {
			const struct ept_gpm_access *last =
			    &result->gpm.access[result->gpm.count - 1];

			explain_ept(why, vcpu, &last->walk, false, last->update);
		}
		break;
	case VCPU_DONE:
		break;
	}
}

void
explain_access(const struct vcpu *vcpu, const struct vcpu_request *request,
    struct explanation *why)
{
	struct vcpu_result result;
	const struct vcpu_piece *piece;

	explain_begin(why, request->gva.v, request->acc);
	why->outcome = outcomes[vcpu_explain(vcpu, request, &result)];
	why->error_code = result.error_code;
	why->exit_reason = result.exit.reason;
	why->qualification = result.exit.qualification;
	if (result.pieces == 0) {
		explain_failure(why, vcpu, &result, &result.piece[0]);
		return;
	}
	piece = &result.piece[result.outcome == VCPU_DONE ? 0 : result.pieces - 1];
	why->gva = piece->gva.v;
	why->gpa = piece->gpa.v;
	why->hpa = piece->hpa.v;
	/* The table accesses on record are those of the last page walked. */
	add_piece(why, vcpu, &result, &result.piece[result.pieces - 1]);
	if (result.outcome == VCPU_DONE) {
		why->memtype = vcpu_memtype(vcpu, piece);
		explain_passed(why);
		return;
	}
	explain_failure(why, vcpu, &result, piece);
	explain_mark_failed(why);
}
