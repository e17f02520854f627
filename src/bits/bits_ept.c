/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of extended paging: EPT entries at levels 5 to 1, the EPTP, the exit qualification of an
 * EPT violation and the capability MSR that says which of their bits exist.
 *
 * Optional fields follow the machine: without its feature a bit is ignored in an entry, and 0 or
 * undefined in a qualification.  Rules between an EPT entry and the tables behind it (sub-page
 * vectors, the #VE information page) are not here.
 */
#include "bits/bits_rows.h"

/* clang-format off */

static const char *const ept_entry[VK_LEVELS + 1] = {
	NULL, "EPT PTE", "EPT PDE", "EPT PDPTE", "EPT PML4E", "EPT PML5E"
};

/* [EPT-NOT-PRESENT] [EPT-MISCONFIG] */
static const struct bits_rule ept_rule[] = {
	RULE(FACT_ABSENT, 0,     0,             BITS_EPT_MBEC, 0x007, 0x000),
	RULE(FACT_ABSENT, 0,     BITS_EPT_MBEC, 0,             0x407, 0x000),
	RULE(FACT_LEAF,   AT(1), 0,             0,             0x000, 0x000),
	RULE(FACT_LEAF,   AT(2), BITS_EPT_2M,   0,             0x080, 0x080),
	RULE(FACT_LEAF,   AT(3), BITS_EPT_1G,   0,             0x080, 0x080),
	NOTE(AT(5), 0, BITS_EPT_5L, 0, 0, "with a 4-level EPT the processor reads no EPT PML5E"),
	NOTE(0, 0, 0, 0x003, 0x002, "misconfigured: W without R"),
	NOTE(0, 0, BITS_EPT_XO, 0x007, 0x004,
	    "misconfigured: X without R, and no execute-only pages"),
	NOTE(0, BITS_EPT_MBEC, BITS_EPT_XO, 0x407, 0x400,
	    "misconfigured: XU without R, and no execute-only pages"),
	NOTE(0, BITS_EPT_PW | FACT_LEAF, FACT_ABSENT, VK_BIT(58) | 0x001, VK_BIT(58),
	    "misconfigured: PW without R"),
};

/* [MEMTYPE-EFFECTIVE] */
static const struct bits_value ept_memtype_value[] = {
	{ 0, "UC", "uncacheable" },
	{ 1, "WC", "write combining" },
	{ 4, "WT", "write-through" },
	{ 5, "WP", "write-protected" },
	{ 6, "WB", "write-back" },
	{ 0, NULL, NULL }
};

/* [EPT-ENTRY] */
static const struct bits_row ept_row[] = {
	FLAG("R", 0, 0, 0, 0, "data reads denied", "data reads allowed"),
	FLAG("W", 1, 0, 0, 0, "data writes denied", "data writes allowed"),
	FLAG("X", 2, 0, 0, BITS_EPT_MBEC, "fetches denied", "fetches allowed"),
	FLAG("X", 2, 0, BITS_EPT_MBEC, 0, "fetches from supervisor-mode addresses denied",
	    "fetches from supervisor-mode addresses allowed"),
	FREE(NULL, 62, 3, 0, FACT_ABSENT, BITS_EPT_MBEC, "ignored: the entry is not present"),
	FREE(NULL, 9, 3, 0, FACT_ABSENT | BITS_EPT_MBEC, 0, "ignored: the entry is not present"),
	CHOICE("memtype", 5, 3, 0, FACT_LEAF, FACT_ABSENT, ept_memtype_value),
	FLAG("IPAT", 6, 0, FACT_LEAF, FACT_ABSENT, "memory type combined with the guest's PAT",
	    "the guest's PAT is ignored"),
	ZERO(NULL, 6, 3, 0, 0, FACT_ABSENT | FACT_LEAF,
	    "reserved in an entry that refers to a table"),
	FREE(NULL, 7, 7, AT(1), 0, FACT_ABSENT, "ignored: a PTE always maps a page"),
	FLAG("PS", 7, AT(2), BITS_EPT_2M, FACT_ABSENT, "refers to a page table",
	    "maps a 2 MiB page"),
	ZERO("PS", 7, 7, AT(2), 0, FACT_ABSENT | BITS_EPT_2M,
	    "reserved: no 2 MiB EPT pages on this processor"),
	FLAG("PS", 7, AT(3), BITS_EPT_1G, FACT_ABSENT, "refers to a page directory",
	    "maps a 1 GiB page"),
	ZERO("PS", 7, 7, AT(3), 0, FACT_ABSENT | BITS_EPT_1G,
	    "reserved: no 1 GiB EPT pages on this processor"),
	ZERO("PS", 7, 7, AT(4) | AT(5), 0, FACT_ABSENT, "reserved: no pages of this size"),
	FLAG("A", 8, 0, BITS_EPT_AD, FACT_ABSENT, "not used since the flag was cleared",
	    "accessed"),
	FREE("A", 8, 8, 0, 0, FACT_ABSENT | BITS_EPT_AD,
	    "ignored: accessed and dirty flags are off"),
	FLAG("D", 9, 0, FACT_LEAF | BITS_EPT_AD, FACT_ABSENT,
	    "not written since the flag was cleared",
	    "dirty"),
	FREE("D", 9, 9, 0, FACT_LEAF, FACT_ABSENT | BITS_EPT_AD,
	    "ignored: accessed and dirty flags are off"),
	FREE(NULL, 9, 9, 0, 0, FACT_ABSENT | FACT_LEAF, "ignored: only a page can be dirty"),
	FLAG("XU", 10, 0, BITS_EPT_MBEC, 0, "fetches from user-mode addresses denied",
	    "fetches from user-mode addresses allowed"),
	FREE("XU", 10, 10, 0, 0, FACT_ABSENT | BITS_EPT_MBEC,
	    "ignored: mode-based execute control is off"),
	FREE(NULL, 62, 11, 0, FACT_ABSENT | BITS_EPT_MBEC, 0, "ignored: the entry is not present"),
	FREE(NULL, 11, 11, 0, 0, FACT_ABSENT, "ignored: free for software"),
	ZERO(NULL, 29, 12, AT(3), FACT_LEAF, FACT_ABSENT, "reserved: inside a 1 GiB page"),
	ZERO(NULL, 20, 12, AT(2), FACT_LEAF, FACT_ABSENT, "reserved: inside a 2 MiB page"),
	FRAME(PA_TOP, 30, AT(3), FACT_LEAF, FACT_ABSENT, "host-physical address of the 1 GiB page"),
	FRAME(PA_TOP, 21, AT(2), FACT_LEAF, FACT_ABSENT, "host-physical address of the 2 MiB page"),
	FRAME(PA_TOP, 12, AT(1), FACT_LEAF, FACT_ABSENT, "host-physical address of the 4 KiB page"),
	FRAME(PA_TOP, 12, 0, 0, FACT_ABSENT | FACT_LEAF,
	    "host-physical address of the next EPT table"),
	ZERO(NULL, 51, PA_END, 0, 0, FACT_ABSENT, "reserved: at or above MAXPHYADDR"),
	FREE(NULL, 63, 52, 0, 0, FACT_ABSENT | FACT_LEAF, "ignored: free for software"),
	FREE(NULL, 56, 52, 0, FACT_LEAF, FACT_ABSENT, "ignored: free for software"),
	FLAG("VGP", 57, 0, FACT_LEAF | BITS_EPT_VGP, FACT_ABSENT, "any guest tables may lead here",
	    "limits on the guest tables that lead here"),
	FREE("VGP", 57, 57, 0, FACT_LEAF, FACT_ABSENT | BITS_EPT_VGP,
	    "ignored: verify guest paging is off"),
	FLAG("PW", 58, 0, FACT_LEAF | BITS_EPT_PW, FACT_ABSENT, "guest tables here need W",
	    "walks may write guest tables here without W"),
	FREE("PW", 58, 58, 0, FACT_LEAF, FACT_ABSENT | BITS_EPT_PW, "ignored: paging-write is off"),
	FREE(NULL, 59, 59, 0, FACT_LEAF, FACT_ABSENT, "ignored: free for software"),
	FLAG("SSS", 60, 0, FACT_LEAF | BITS_EPT_SSS, FACT_ABSENT,
	    "no supervisor shadow-stack accesses",
	    "supervisor shadow-stack accesses allowed"),
	FREE("SSS", 60, 60, 0, FACT_LEAF, FACT_ABSENT | BITS_EPT_SSS,
	    "ignored: supervisor shadow-stack control is off"),
	FLAG("SPP", 61, AT(1), FACT_LEAF | BITS_EPT_SPP, FACT_ABSENT,
	    "one right for the whole page",
	    "writes decided for every 128 bytes"),
	FREE("SPP", 61, 61, AT(1), FACT_LEAF, FACT_ABSENT | BITS_EPT_SPP,
	    "ignored: sub-page write permission is off"),
	FREE(NULL, 61, 61, AT(2) | AT(3), FACT_LEAF, FACT_ABSENT, "ignored: free for software"),
	FREE(NULL, 62, 62, 0, FACT_LEAF, FACT_ABSENT, "ignored: free for software"),
	FLAG("SVE", 63, 0, FACT_LEAF | BITS_EPT_VE, FACT_ABSENT, "a violation here may become #VE",
	    "no #VE: a violation here exits"),
	FLAG("SVE", 63, 0, FACT_ABSENT | BITS_EPT_VE, 0, "a violation here may become #VE",
	    "no #VE: a violation here exits"),
	FREE("SVE", 63, 63, 0, FACT_LEAF, FACT_ABSENT | BITS_EPT_VE,
	    "ignored: EPT-violation #VE is off"),
	FREE("SVE", 63, 63, 0, FACT_ABSENT, BITS_EPT_VE, "ignored: EPT-violation #VE is off"),
};

static const struct bits_value eptp_memtype_value[] = {
	{ 0, "UC", "EPT entries are read uncached" },
	{ 6, "WB", "EPT entries are read write-back" },
	{ 0, NULL, NULL }
};

static const struct bits_value eptp_walk_value[] = {
	{ 3, "4-level", "the root is an EPT PML4 table" },
	{ 0, NULL, NULL }
};

static const struct bits_value eptp_walk5_value[] = {
	{ 3, "4-level", "the root is an EPT PML4 table" },
	{ 4, "5-level", "the root is an EPT PML5 table" },
	{ 0, NULL, NULL }
};

/* [EPT-EPTP] */
static const struct bits_row eptp_row[] = {
	CHOICE("memtype", 2, 0, 0, 0, 0, eptp_memtype_value),
	CHOICE("walk", 5, 3, 0, 0, BITS_EPT_5L, eptp_walk_value),
	CHOICE("walk", 5, 3, 0, BITS_EPT_5L, 0, eptp_walk5_value),
	FLAG("AD", 6, 0, BITS_EPT_AD, 0, "no accessed and dirty flags", "accessed and dirty flags"),
	ZERO("AD", 6, 6, 0, 0, BITS_EPT_AD, "reserved: no accessed and dirty flags"),
	FLAG("SSS", 7, 0, BITS_EPT_SSS, 0, "no supervisor shadow-stack control",
	    "supervisor shadow-stack control"),
	ZERO("SSS", 7, 7, 0, 0, BITS_EPT_SSS, "reserved: no supervisor shadow-stack control"),
	ZERO(NULL, 11, 8, 0, 0, 0, "reserved"),
	FRAME(PA_TOP, 12, 0, 0, 0, "host-physical address of the root table"),
	ZERO(NULL, 63, PA_END, 0, 0, 0, "reserved: at or above MAXPHYADDR"),
};

#define NO_RIGHT                                                                                   \
	"no right: an entry was not present, the entries share none, or the address is too wide"

static const struct bits_rule qualification_rule[] = {
	RULE(FACT_GLA, 0, 0, 0, 0x080, 0x080),
	RULE(FACT_FINAL, 0, 0, 0, 0x180, 0x180),
	NOTE(0, 0, 0, 0x007, 0x000, "neither a read, a write nor a fetch"),
	NOTE(0, 0, BITS_EPT_MBEC, 0x038, 0x000, NO_RIGHT),
	NOTE(0, BITS_EPT_MBEC, 0, 0x078, 0x000, NO_RIGHT),
};

/* [EPT-QUALIFICATION] */
static const struct bits_row qualification_row[] = {
	FLAG("READ", 0, 0, 0, 0, "no data read", "a data read"),
	FLAG("WRITE", 1, 0, 0, 0, "no data write", "a data write"),
	FLAG("FETCH", 2, 0, 0, 0, "no instruction fetch", "an instruction fetch"),
	FLAG("PERM_R", 3, 0, 0, 0, "the address is not readable", "the address is readable"),
	FLAG("PERM_W", 4, 0, 0, 0, "the address is not writable", "the address is writable"),
	FLAG("PERM_X", 5, 0, 0, BITS_EPT_MBEC, "the address is not executable",
	    "the address is executable"),
	FLAG("PERM_X", 5, 0, BITS_EPT_MBEC, 0, "not executable as a supervisor-mode address",
	    "executable as a supervisor-mode address"),
	FLAG("PERM_XU", 6, 0, BITS_EPT_MBEC, 0, "not executable as a user-mode address",
	    "executable as a user-mode address"),
	FREE("PERM_XU", 6, 6, 0, 0, BITS_EPT_MBEC,
	    "0 or undefined: mode-based execute control is off"),
	FLAG("GLA", 7, 0, 0, 0, "the guest-linear address field is not valid",
	    "the guest-linear address field is valid"),
	FLAG("FINAL", 8, 0, FACT_GLA, 0, "access to a guest paging-structure entry",
	    "access to the translation of the linear address"),
	ZERO(NULL, 8, 8, 0, 0, FACT_GLA, "always 0: there is no linear address"),
	FLAG("USER", 9, 0, FACT_FINAL | BITS_ADV_INFO, 0, "a supervisor-mode linear address",
	    "a user-mode linear address"),
	FLAG("WRITABLE", 10, 0, FACT_FINAL | BITS_ADV_INFO, 0, "read-only in the guest's tables",
	    "writable in the guest's tables"),
	FLAG("XD", 11, 0, FACT_FINAL | BITS_ADV_INFO, 0, "executable in the guest's tables",
	    "execute-disabled in the guest's tables"),
	FREE("USER", 9, 9, 0, FACT_FINAL, BITS_ADV_INFO, "0 or undefined: no advanced information"),
	FREE("WRITABLE", 10, 10, 0, FACT_FINAL, BITS_ADV_INFO,
	    "0 or undefined: no advanced information"),
	FREE("XD", 11, 11, 0, FACT_FINAL, BITS_ADV_INFO, "0 or undefined: no advanced information"),
	FREE(NULL, 11, 9, 0, 0, FACT_FINAL, "0 or undefined: for final translations only"),
	FLAG("NMI", 12, 0, 0, 0, "no NMI unblocking", "IRET had unblocked NMIs"),
	FLAG("SS", 13, 0, BITS_EPT_SSS, 0, "no shadow-stack access", "a shadow-stack access"),
	ZERO("SS", 13, 13, 0, 0, BITS_EPT_SSS, "always 0: no shadow stacks"),
	FLAG("SSS", 14, 0, BITS_EPT_SSS, 0, "the leaf denies supervisor shadow-stack accesses",
	    "the leaf allows supervisor shadow-stack accesses"),
	ZERO("SSS", 14, 14, 0, 0, BITS_EPT_SSS, "always 0: no supervisor shadow-stack control"),
	FLAG("VGP", 15, 0, BITS_EPT_VGP, 0, "not caused by verify guest paging",
	    "caused by verify guest paging"),
	ZERO("VGP", 15, 15, 0, 0, BITS_EPT_VGP, "always 0: verify guest paging is off"),
	FLAG("ASYNC", 16, 0, BITS_ASYNC, 0, "caused by the instruction",
	    "asynchronous to the instruction"),
	ZERO("ASYNC", 16, 16, 0, 0, BITS_ASYNC, "always 0: no asynchronous exits"),
	ZERO(NULL, 63, 17, 0, 0, 0, "not defined"),
};

/* [EPT-CAP] */
static const struct bits_row ept_cap_row[] = {
	FLAG("XO", 0, 0, 0, 0, "execute-only entries are misconfigured", "execute-only entries"),
	ZERO(NULL, 5, 1, 0, 0, 0, "reserved"),
	FLAG("WALK4", 6, 0, 0, 0, "no 4-level walk", "4-level walk"),
	FLAG("WALK5", 7, 0, 0, 0, "no 5-level walk", "5-level walk"),
	FLAG("UC", 8, 0, 0, 0, "no uncached EPT entries", "EPTP memory type UC"),
	ZERO(NULL, 13, 9, 0, 0, 0, "reserved"),
	FLAG("WB", 14, 0, 0, 0, "no write-back EPT entries", "EPTP memory type WB"),
	ZERO(NULL, 15, 15, 0, 0, 0, "reserved"),
	FLAG("PAGE2M", 16, 0, 0, 0, "no 2 MiB EPT pages", "2 MiB EPT pages"),
	FLAG("PAGE1G", 17, 0, 0, 0, "no 1 GiB EPT pages", "1 GiB EPT pages"),
	ZERO(NULL, 19, 18, 0, 0, 0, "reserved"),
	FLAG("INVEPT", 20, 0, 0, 0, "no INVEPT", "INVEPT"),
	FLAG("AD", 21, 0, 0, 0, "no accessed and dirty flags", "accessed and dirty flags"),
	FLAG("ADV-INFO", 22, 0, 0, 0, "no advanced information about EPT violations",
	    "advanced information about EPT violations"),
	FLAG("SSS", 23, 0, 0, 0, "no supervisor shadow-stack control",
	    "supervisor shadow-stack control"),
	ZERO(NULL, 24, 24, 0, 0, 0, "reserved"),
	FLAG("INVEPT-SINGLE", 25, 0, 0, 0, "no single-context INVEPT", "single-context INVEPT"),
	FLAG("INVEPT-ALL", 26, 0, 0, 0, "no all-context INVEPT", "all-context INVEPT"),
	ZERO(NULL, 31, 27, 0, 0, 0, "reserved"),
	FLAG("INVVPID", 32, 0, 0, 0, "no INVVPID", "INVVPID"),
	ZERO(NULL, 39, 33, 0, 0, 0, "reserved"),
	FLAG("INVVPID-ADDR", 40, 0, 0, 0, "no individual-address INVVPID",
	    "individual-address INVVPID"),
	FLAG("INVVPID-SINGLE", 41, 0, 0, 0, "no single-context INVVPID", "single-context INVVPID"),
	FLAG("INVVPID-ALL", 42, 0, 0, 0, "no all-context INVVPID", "all-context INVVPID"),
	FLAG("INVVPID-LOCAL", 43, 0, 0, 0, "no INVVPID that keeps globals",
	    "single-context INVVPID that keeps globals"),
	ZERO(NULL, 63, 44, 0, 0, 0, "reserved"),
};

const struct bits_format bits_ept_formats[] = {
	{ "ept", "EPT paging-structure entry", "EPT-ENTRY", ept_entry,
	    ept_row, BITS_COUNT(ept_row), ept_rule, BITS_COUNT(ept_rule), 0 },
	{ "eptp", "extended-page-table pointer", "EPT-EPTP", NULL,
	    eptp_row, BITS_COUNT(eptp_row), NULL, 0, 0 },
	{ "qualification", "exit qualification of an EPT violation (exit 48)", "EPT-QUALIFICATION",
	    NULL, qualification_row, BITS_COUNT(qualification_row),
	    qualification_rule, BITS_COUNT(qualification_rule), 0 },
	{ "ept-vpid-cap", "IA32_VMX_EPT_VPID_CAP (MSR 48CH)", "EPT-CAP", NULL,
	    ept_cap_row, BITS_COUNT(ept_cap_row), NULL, 0, 0 },
};
const size_t bits_ept_formats_count = BITS_COUNT(bits_ept_formats);

/* clang-format on */
