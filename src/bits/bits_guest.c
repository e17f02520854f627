/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of guest paging: the processor's entries at levels 5 to 1, the entries that a vkernel
 * writes (VPTE, in three layouts), CR3, the page-fault error code, PKRU and IA32_PAT.
 *
 * The guest entries are those of IA-32e paging, 4 and 5 levels, as Intel processors read them;
 * 32-bit and PAE paging are not here.  Bit 11 of an entry has a meaning under HLAT only and counts
 * as ignored.  The VPTE tables say what the vkernel's software means by its bits; what the
 * processor makes of the same word is in guest-pte.
 */
#include "bits/bits_rows.h"

/* clang-format off */

static const char *const guest_entry[VK_LEVELS + 1] = {
	NULL, "PTE", "PDE", "PDPTE", "PML4E", "PML5E"
};

/* Bit 7 tells a page from a table only where the processor looks at it. */
static const struct bits_rule guest_rule[] = {
	RULE(FACT_ABSENT, 0,     0,            0, 0x01, 0x00),
	RULE(FACT_LEAF,   AT(1), 0,            0, 0x00, 0x00),
	RULE(FACT_LEAF,   AT(2), 0,            0, 0x80, 0x80),
	RULE(FACT_LEAF,   AT(3), BITS_PAGE1G,  0, 0x80, 0x80),
	RULE(FACT_KEYS,   0,     BITS_PKE,     0, 0x00, 0x00),
	RULE(FACT_KEYS,   0,     BITS_PKS,     0, 0x00, 0x00),
	NOTE(AT(5), 0, BITS_LA57, 0, 0, "without LA57 the processor reads no PML5E"),
	NOTE(AT(3), 0, BITS_PAGE1G | FACT_ABSENT, 0x80, 0x80,
	    "1 GiB pages are not supported: every use is a reserved-bit fault"),
};

/* [GUEST-ENTRY] */
static const struct bits_row guest_row[] = {
	FLAG("P", 0, 0, 0, 0, "not present: the other bits are ignored", "present"),
	FREE(NULL, 63, 1, 0, FACT_ABSENT, 0, "ignored: the entry is not present"),
	FLAG("RW", 1, 0, 0, FACT_ABSENT, "read-only", "writable"),
	FLAG("US", 2, 0, 0, FACT_ABSENT, "supervisor only", "open to user mode"),
	FLAG("PWT", 3, 0, 0, FACT_ABSENT, "write-through bit of the memory type clear",
	    "write-through bit of the memory type set"),
	FLAG("PCD", 4, 0, 0, FACT_ABSENT, "cache-disable bit of the memory type clear",
	    "cache-disable bit of the memory type set"),
	FLAG("A", 5, 0, 0, FACT_ABSENT, "not used since the flag was cleared", "accessed"),
	FLAG("D", 6, 0, FACT_LEAF, FACT_ABSENT, "not written since the flag was cleared", "dirty"),
	FREE(NULL, 6, 6, 0, 0, FACT_ABSENT | FACT_LEAF, "ignored: only a page can be dirty"),
	FLAG("PAT", 7, AT(1), 0, FACT_ABSENT, "PAT bit of the memory type clear",
	    "PAT bit of the memory type set"),
	FLAG("PS", 7, AT(2), 0, FACT_ABSENT, "refers to a page table", "maps a 2 MiB page"),
	FLAG("PS", 7, AT(3), BITS_PAGE1G, FACT_ABSENT, "refers to a page directory",
	    "maps a 1 GiB page"),
	ZERO("PS", 7, 7, AT(3), 0, FACT_ABSENT | BITS_PAGE1G,
	    "reserved: no 1 GiB pages on this processor"),
	ZERO("PS", 7, 7, AT(4) | AT(5), 0, FACT_ABSENT, "reserved: no pages of this size"),
	FLAG("G", 8, 0, FACT_LEAF | BITS_PGE, FACT_ABSENT, "dropped when CR3 is loaded",
	    "global: kept when CR3 is loaded"),
	FREE("G", 8, 8, 0, FACT_LEAF, FACT_ABSENT | BITS_PGE, "ignored: CR4.PGE is clear"),
	FREE(NULL, 8, 8, 0, 0, FACT_ABSENT | FACT_LEAF, "ignored: only a page can be global"),
	FREE(NULL, 11, 9, 0, 0, FACT_ABSENT, "ignored: free for software"),
	FLAG("PAT", 12, AT(2) | AT(3), FACT_LEAF, FACT_ABSENT, "PAT bit of the memory type clear",
	    "PAT bit of the memory type set"),
	ZERO(NULL, 29, 13, AT(3), FACT_LEAF, FACT_ABSENT, "reserved: inside a 1 GiB page"),
	ZERO(NULL, 20, 13, AT(2), FACT_LEAF, FACT_ABSENT, "reserved: inside a 2 MiB page"),
	FRAME(PA_TOP, 30, AT(3), FACT_LEAF, FACT_ABSENT, "physical address of the 1 GiB page"),
	FRAME(PA_TOP, 21, AT(2), FACT_LEAF, FACT_ABSENT, "physical address of the 2 MiB page"),
	FRAME(PA_TOP, 12, AT(1), FACT_LEAF, FACT_ABSENT, "physical address of the 4 KiB page"),
	FRAME(PA_TOP, 12, 0, 0, FACT_ABSENT | FACT_LEAF, "physical address of the next table"),
	ZERO(NULL, 51, PA_END, 0, 0, FACT_ABSENT, "reserved: at or above MAXPHYADDR"),
	FREE(NULL, 62, 52, 0, 0, FACT_ABSENT | FACT_LEAF, "ignored: free for software"),
	FREE(NULL, 58, 52, 0, FACT_LEAF, FACT_ABSENT, "ignored: free for software"),
	NUMBER("pkey", 62, 59, 0, FACT_LEAF | FACT_KEYS, FACT_ABSENT, NULL, "protection key"),
	FREE("pkey", 62, 59, 0, FACT_LEAF, FACT_ABSENT | FACT_KEYS,
	    "ignored: no protection keys are on"),
	FLAG("XD", 63, 0, BITS_NXE, FACT_ABSENT, "fetches allowed", "execute-disabled"),
	ZERO("XD", 63, 63, 0, 0, FACT_ABSENT | BITS_NXE, "reserved: IA32_EFER.NXE is clear"),
};

static const struct bits_rule vpte_rule[] = {
	RULE(FACT_ABSENT, 0, 0, 0, 0x01, 0x00),
};

/* From the merge on, the bits that the processor knows are at its places. [DF-VPTE] */
static const struct bits_row vpte_row[] = {
	FLAG("V", 0, 0, 0, 0, "not valid: the other bits mean nothing", "valid"),
	FREE(NULL, 63, 1, 0, FACT_ABSENT, 0, "no meaning: the entry is not valid"),
	FLAG("RW", 1, 0, 0, FACT_ABSENT, "read-only", "writable"),
	FLAG("U", 2, 0, 0, FACT_ABSENT, "kernel only", "open to user mode"),
	FREE(NULL, 4, 3, 0, 0, FACT_ABSENT, "not assigned (to the processor: PWT, PCD)"),
	FLAG("A", 5, 0, 0, FACT_ABSENT, "not referenced", "accessed"),
	FLAG("M", 6, 0, 0, FACT_ABSENT, "not modified", "modified"),
	FLAG("PS", 7, 0, 0, FACT_ABSENT, "4 KiB page or a table", "large page"),
	FLAG("G", 8, 0, 0, FACT_ABSENT, "not global", "global"),
	FLAG("WIRED", 9, 0, 0, FACT_ABSENT, "not wired", "wired: not to be paged out"),
	FLAG("MANAGED", 10, 0, 0, FACT_ABSENT, "not managed", "managed: listed with its page"),
	FLAG("NX", 11, 0, FACT_HEAD, FACT_ABSENT, "fetches meant to be allowed",
	    "no execute (to the processor: ignored)"),
	FREE(NULL, 11, 11, 0, 0, FACT_ABSENT | FACT_HEAD, "not assigned"),
	FRAME(51, 12, 0, 0, FACT_ABSENT, "address of the page or table"),
	FREE(NULL, 63, 52, 0, 0, FACT_ABSENT, "not assigned"),
};

/* [DF-VPTE-OLD] */
static const struct bits_row vpte_old_row[] = {
	FLAG("V", 0, 0, 0, 0, "not valid: the other bits mean nothing", "valid"),
	FREE(NULL, 63, 1, 0, FACT_ABSENT, 0, "no meaning: the entry is not valid"),
	FLAG("PS", 1, 0, 0, FACT_ABSENT, "4 KiB page or a table", "large page"),
	FLAG("R", 2, 0, 0, FACT_ABSENT, "reads denied", "readable"),
	FLAG("W", 3, 0, 0, FACT_ABSENT, "writes denied", "writable"),
	FLAG("X", 4, 0, 0, FACT_ABSENT, "fetches denied", "executable"),
	FLAG("A", 5, 0, 0, FACT_ABSENT, "not referenced", "accessed"),
	FLAG("M", 6, 0, 0, FACT_ABSENT, "not modified", "modified"),
	FLAG("U", 7, 0, 0, FACT_ABSENT, "kernel only", "open to user mode"),
	FLAG("MANAGED", 8, 0, 0, FACT_ABSENT, "not managed", "managed: listed with its page"),
	FLAG("G", 9, 0, 0, FACT_ABSENT, "not global", "global"),
	FLAG("WIRED", 10, 0, 0, FACT_ABSENT, "not wired", "wired: not to be paged out"),
	FREE(NULL, 11, 11, 0, 0, FACT_ABSENT, "not assigned"),
	FRAME(51, 12, 0, 0, FACT_ABSENT, "address of the page or table"),
	FREE(NULL, 63, 52, 0, 0, FACT_ABSENT, "not assigned"),
};

/* [GUEST-CR3] */
static const struct bits_row cr3_row[] = {
	NUMBER("PCID", 11, 0, 0, BITS_PCIDE, 0, NULL, "process-context identifier"),
	FREE(NULL, 2, 0, 0, 0, BITS_PCIDE, "ignored"),
	FLAG("PWT", 3, 0, 0, BITS_PCIDE, "write-through bit of the root table's memory type clear",
	    "write-through bit of the root table's memory type set"),
	FLAG("PCD", 4, 0, 0, BITS_PCIDE, "cache-disable bit of the root table's memory type clear",
	    "cache-disable bit of the root table's memory type set"),
	FREE(NULL, 11, 5, 0, 0, BITS_PCIDE, "ignored"),
	FRAME(PA_TOP, 12, 0, 0, 0, "physical address of the root table"),
	ZERO(NULL, 63, PA_END, 0, 0, BITS_PCIDE, "reserved: at or above MAXPHYADDR"),
	ZERO(NULL, 62, PA_END, 0, BITS_PCIDE, 0, "reserved: at or above MAXPHYADDR"),
	FLAG("KEEP", 63, 0, BITS_PCIDE, 0, "a load drops what is cached for this PCID",
	    "a load keeps what is cached for this PCID (never stored in CR3)"),
};

static const struct bits_rule error_code_rule[] = {
	RULE(FACT_KEYS,  0, BITS_PKE,  0, 0, 0),
	RULE(FACT_KEYS,  0, BITS_PKS,  0, 0, 0),
	RULE(FACT_FETCH, 0, BITS_NXE,  0, 0, 0),
	RULE(FACT_FETCH, 0, BITS_SMEP, 0, 0, 0),
	NOTE(0, 0, 0, 0x09, 0x08, "RSVD without P: no processor reports that"),
	NOTE(0, 0, 0, 0x21, 0x20, "PK without P: no processor reports that"),
	NOTE(0, 0, 0, 0x12, 0x12, "W and ID together: no access is a write and a fetch"),
};

/* [GUEST-PF-CODE] */
static const struct bits_row error_code_row[] = {
	FLAG("P", 0, 0, 0, 0, "an entry was not present",
	    "all entries present: rights or reserved bits"),
	FLAG("W", 1, 0, 0, 0, "a read or a fetch", "a write"),
	FLAG("US", 2, 0, 0, 0, "a supervisor-mode access", "a user-mode access"),
	FLAG("RSVD", 3, 0, 0, 0, "no reserved bit was set", "a reserved bit was set in an entry"),
	FLAG("ID", 4, 0, FACT_FETCH, 0, "a data access", "an instruction fetch"),
	ZERO("ID", 4, 4, 0, 0, FACT_FETCH, "always 0: fetches are reported with NXE or SMEP only"),
	FLAG("PK", 5, 0, FACT_KEYS, 0, "no protection key denied it", "a protection key denied it"),
	ZERO("PK", 5, 5, 0, 0, FACT_KEYS, "always 0: no protection keys are on"),
	FLAG("SS", 6, 0, 0, 0, "no shadow-stack access", "a shadow-stack access"),
	FLAG("HLAT", 7, 0, 0, 0, "ordinary paging", "HLAT paging"),
	ZERO(NULL, 14, 8, 0, 0, 0, "always 0"),
	FLAG("SGX", 15, 0, 0, 0, "nothing to do with SGX", "denied by an SGX check"),
	ZERO(NULL, 63, 16, 0, 0, 0, "always 0"),
};

#define PKRU_KEY(n)                                                                                \
	FLAG("AD" #n, 2 * (n), 0, 0, 0, "key " #n ": accesses allowed", "key " #n ": no access"),  \
	FLAG("WD" #n, 2 * (n) + 1, 0, 0, 0, "key " #n ": writes allowed", "key " #n ": no writes")

/* [GUEST-PKEY] */
static const struct bits_row pkru_row[] = {
	PKRU_KEY(0), PKRU_KEY(1), PKRU_KEY(2), PKRU_KEY(3),
	PKRU_KEY(4), PKRU_KEY(5), PKRU_KEY(6), PKRU_KEY(7),
	PKRU_KEY(8), PKRU_KEY(9), PKRU_KEY(10), PKRU_KEY(11),
	PKRU_KEY(12), PKRU_KEY(13), PKRU_KEY(14), PKRU_KEY(15),
	ZERO(NULL, 63, 32, 0, 0, 0, "beyond this 32-bit register"),
};

static const struct bits_value pat_value[] = {
	{ 0, "UC", "uncacheable" },
	{ 1, "WC", "write combining" },
	{ 4, "WT", "write-through" },
	{ 5, "WP", "write-protected" },
	{ 6, "WB", "write-back" },
	{ 7, "UC-", "uncacheable, may be overridden" },
	{ 0, NULL, NULL }
};

#define PAT_ENTRY(n)                                                                               \
	CHOICE("PA" #n, 8 * (n) + 2, 8 * (n), 0, 0, 0, pat_value),                                 \
	ZERO(NULL, 8 * (n) + 7, 8 * (n) + 3, 0, 0, 0, "reserved")

/* [MEMTYPE-PAT] */
static const struct bits_row pat_row[] = {
	PAT_ENTRY(0), PAT_ENTRY(1), PAT_ENTRY(2), PAT_ENTRY(3),
	PAT_ENTRY(4), PAT_ENTRY(5), PAT_ENTRY(6), PAT_ENTRY(7),
};

const struct bits_format bits_guest_formats[] = {
	{ "guest-pte", "guest paging-structure entry", "GUEST-ENTRY", guest_entry,
	    guest_row, BITS_COUNT(guest_row), guest_rule, BITS_COUNT(guest_rule), 0 },
	{ "vpte", "vkernel page-table entry", "DF-VPTE", NULL,
	    vpte_row, BITS_COUNT(vpte_row), vpte_rule, BITS_COUNT(vpte_rule), FACT_HEAD },
	{ "vpte-merge", "vkernel page-table entry without a no-execute bit", "DF-VPTE", NULL,
	    vpte_row, BITS_COUNT(vpte_row), vpte_rule, BITS_COUNT(vpte_rule), 0 },
	{ "vpte-old", "vkernel page-table entry before nested paging", "DF-VPTE-OLD", NULL,
	    vpte_old_row, BITS_COUNT(vpte_old_row), vpte_rule, BITS_COUNT(vpte_rule), 0 },
	{ "cr3", "control register 3", "GUEST-CR3", NULL,
	    cr3_row, BITS_COUNT(cr3_row), NULL, 0, 0 },
	{ "error-code", "page-fault error code", "GUEST-PF-CODE", NULL,
	    error_code_row, BITS_COUNT(error_code_row),
	    error_code_rule, BITS_COUNT(error_code_rule), 0 },
	{ "pkru", "protection-key rights, PKRU or IA32_PKRS", "GUEST-PKEY", NULL,
	    pkru_row, BITS_COUNT(pkru_row), NULL, 0, 0 },
	{ "pat", "IA32_PAT, memory types by index", "MEMTYPE-PAT", NULL,
	    pat_row, BITS_COUNT(pat_row), NULL, 0, 0 },
};
const size_t bits_guest_formats_count = BITS_COUNT(bits_guest_formats);

/* clang-format on */
