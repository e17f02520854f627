/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second opinion: a naive model of 4- and 5-level x86-64 paging, alone or under EPT.
 *
 * It is written from the format tables and the rule lists of the architecture, rule by rule,
 * shares no code with the core, caches nothing and cares for no speed.  What it answers for one
 * access on one machine state is what a processor without translation caches would do.
 *
 * Where the architecture leaves a choice, the model takes one and the place says so:
 *  - guest accessed and dirty flags are set root first, after the guest rights check and before
 *    the final guest-physical address is translated; a walk that ends in #PF sets none;
 *  - EPT accessed and dirty flags are set as each EPT translation completes; one that fails
 *    sets none;
 *  - an EPT violation by a read-modify-write of data reports qualification bit 1 alone, by an
 *    update of a guest flag bits 0 and 1;
 *  - the halves of an access that straddles two pages are translated in address order, each
 *    completely.
 *
 * Not modelled: CR0.PG = 0, PAE and 32-bit paging, HLAT, shadow stacks, verify-guest-paging,
 * sub-page write permission, VMFUNC, event delivery, memory types beyond their validity, alignment
 * checks, and the transfer of the data itself.
 *
 * All addresses are plain numbers: `la` linear, `gpa` guest-physical, `hpa` host-physical.
 */
#ifndef TESTS_ORACLE_NAIVE_H
#define TESTS_ORACLE_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

/* IA32_VMX_EPT_VPID_CAP: the bits that the model consults. [EPT-CAP] */
#define NAIVE_CAP_EXEC_ONLY (UINT64_C(1) << 0)
#define NAIVE_CAP_WALK4     (UINT64_C(1) << 6)
#define NAIVE_CAP_WALK5     (UINT64_C(1) << 7)
#define NAIVE_CAP_UC        (UINT64_C(1) << 8)
#define NAIVE_CAP_WB        (UINT64_C(1) << 14)
#define NAIVE_CAP_2M        (UINT64_C(1) << 16)
#define NAIVE_CAP_1G        (UINT64_C(1) << 17)
#define NAIVE_CAP_AD        (UINT64_C(1) << 21)
#define NAIVE_CAP_ADVANCED  (UINT64_C(1) << 22)
#define NAIVE_CAP_SSS       (UINT64_C(1) << 23)

/* The processor state that one access depends on, and the door to host-physical memory. */
struct naive_machine {
	/* Host-physical memory, one aligned qword at a time; ctx is passed through. */
	void *ctx;
	uint64_t (*read)(void *ctx, uint64_t hpa);
	void (*write)(void *ctx, uint64_t hpa, uint64_t value);

	unsigned maxphyaddr; /* 36..52 */
	bool p1g;            /* 1 GiB guest pages exist */

	unsigned levels; /* of the guest tables: 4, or 5 with CR4.LA57 */
	unsigned cpl;
	uint64_t cr3;
	bool pcide; /* CR4; matters to MOV to CR3 only */
	bool nxe;   /* IA32_EFER */
	bool wp;    /* CR0 */
	bool smep;  /* CR4 */
	bool smap;  /* CR4 */
	bool ac;    /* RFLAGS */
	bool pke;   /* CR4 */
	bool pks;   /* CR4 */
	uint32_t pkru;
	uint32_t pkrs;

	bool ept;          /* off: guest-physical is host-physical */
	uint64_t eptp;     /* with its walk length and its accessed/dirty bit */
	uint64_t ept_cap;  /* NAIVE_CAP_* */
	bool mbec;         /* mode-based execute control */
	bool paging_write; /* EPT paging-write control */

	bool ve;          /* EPT-violation #VE */
	uint64_t ve_info; /* host-physical address of the information page */
	uint16_t eptp_index;

	bool pml;           /* page-modification logging */
	uint64_t pml_log;   /* host-physical address of the log page */
	uint16_t pml_index; /* changed by the model as by the processor */
};

enum naive_kind { NAIVE_READ, NAIVE_WRITE, NAIVE_RMW, NAIVE_FETCH };

struct naive_access {
	uint64_t la;   /* first byte */
	unsigned size; /* 1..8 bytes; may straddle two pages and may wrap */
	enum naive_kind kind;
	bool implicit; /* a supervisor access whatever the CPL */
};

enum naive_outcome {
	NAIVE_OK,
	NAIVE_GP,            /* #GP(0): not canonical */
	NAIVE_PF,            /* #PF */
	NAIVE_EPT_VIOLATION, /* exit 48 */
	NAIVE_EPT_MISCONFIG, /* exit 49 */
	NAIVE_PML_FULL,      /* exit 62 */
	NAIVE_VE             /* #VE in place of exit 48 */
};

/* The part of an access that lies in one page, once it is translated. */
struct naive_piece {
	uint64_t la;
	unsigned size;
	uint64_t gpa;
	uint64_t hpa;
	unsigned guest_level; /* of the guest leaf: 1..3 */
	unsigned ept_level;   /* of the EPT leaf: 1..3; 0 without EPT */
};

/* What became of an access.  Fields that the outcome does not define are 0. */
struct naive_result {
	enum naive_outcome outcome;
	uint32_t error_code;    /* #PF */
	uint64_t cr2;           /* #PF: first byte of the access in the bad page */
	uint64_t qualification; /* violation, #VE; 0 for a misconfiguration */
	uint64_t gpa;           /* violation, #VE, misconfiguration */
	uint64_t gla;           /* the same; for a misconfiguration a choice */
	unsigned npieces;       /* pieces that were translated completely */
	struct naive_piece piece[2];
};

/* What one access asks of one EPT translation. */
struct naive_ept_need {
	bool read;
	bool write;
	bool fetch;
	bool user_address; /* fetch under MBEC: U/S = 1 at every guest level */
	bool table;        /* the access is the processor's own, to a guest table entry */
};

struct naive_ept_result {
	enum naive_outcome outcome; /* OK, EPT_VIOLATION, EPT_MISCONFIG or PML_FULL */
	uint64_t hpa;               /* OK only */
	unsigned level;             /* of the last entry read; 0 when none was */
	uint64_t rights;            /* violation: qualification bits 6:3 */
	bool suppress_ve;           /* violation: bit 63 forbids #VE */
};

/* Accumulated over the guest entries that a walk used. [GUEST-RIGHTS] */
struct naive_rights {
	bool user;       /* U/S = 1 in all */
	bool writable;   /* R/W = 1 in all */
	bool no_execute; /* XD = 1 in some */
	unsigned key;    /* protection key of the leaf */
};

enum naive_vmentry {
	NAIVE_VMENTRY_OK = 0,
	NAIVE_VMENTRY_BAD_CONTROL = 7,     /* VMfailValid, VM-instruction error 7 */
	NAIVE_VMENTRY_BAD_GUEST_STATE = 33 /* entry failure by invalid guest state */
};

/*
 * Translate a whole access: the two-dimensional walk with EPT, the plain walk without.  Writes
 * guest and EPT accessed and dirty flags, the modification log and the #VE information page
 * through m->write.  Never fails otherwise; *r is filled completely.
 * [GUEST-WALK] [EPT-ORDER]
 */
void naive_translate(struct naive_machine *m, const struct naive_access *a, struct naive_result *r);

/* The guest dimension alone: as naive_translate, guest-physical memory being m's memory. */
void naive_guest_walk(
    const struct naive_machine *m, const struct naive_access *a, struct naive_result *r);

/* The EPT dimension alone: one guest-physical address below 2^52. [EPT-WALK] */
void naive_ept_translate(struct naive_machine *m, uint64_t gpa, const struct naive_ept_need *need,
    struct naive_ept_result *r);

/* VM entry: the EPTP (with EPT on), then the guest's CR3.  [EPT-EPTP] [GUEST-CR3] */
enum naive_vmentry naive_vmentry_check(const struct naive_machine *m);

/* MOV to CR3: true when the source operand raises #GP(0). [GUEST-CR3] */
bool naive_mov_cr3_faults(const struct naive_machine *m, uint64_t source);

/* The single rules, for whoever wants to ask just one. */

/* Bits hi..lo, both included; none when hi < lo. */
uint64_t naive_bits(unsigned hi, unsigned lo);
/* The index of an address into the table at a level, 0..511; guest and EPT alike. */
uint64_t naive_index(uint64_t addr, unsigned level);

bool naive_is_canonical(const struct naive_machine *m, uint64_t la);
/* For a present guest entry: is it a leaf, and which bits must it not have. [GUEST-ENTRY] */
bool naive_guest_is_leaf(unsigned level, uint64_t entry);
uint64_t naive_guest_reserved(const struct naive_machine *m, unsigned level, uint64_t entry);
/* The address that a guest entry holds: of the next table, or of the page. */
uint64_t naive_guest_frame(const struct naive_machine *m, unsigned level, uint64_t entry);
bool naive_access_is_user(const struct naive_machine *m, const struct naive_access *a);
bool naive_access_is_write(const struct naive_access *a);
/* Does the protection key deny, and do all rights together allow. [GUEST-RIGHTS] [GUEST-PKEY] */
bool naive_key_denies(
    const struct naive_machine *m, const struct naive_access *a, const struct naive_rights *g);
bool naive_rights_allow(
    const struct naive_machine *m, const struct naive_access *a, const struct naive_rights *g);
/* The #PF error code from the access and three findings. [GUEST-PF-CODE] */
uint32_t naive_error_code(const struct naive_machine *m, const struct naive_access *a, bool present,
    bool reserved, bool key);

bool naive_ept_has_ad(const struct naive_machine *m);
/*
 * For any EPT entry; misconfigured() only means something for a present one.  [EPT-ENTRY]
 * [EPT-NOT-PRESENT] [EPT-MISCONFIG]
 */
bool naive_ept_is_present(const struct naive_machine *m, uint64_t entry);
bool naive_ept_is_leaf(unsigned level, uint64_t entry);
uint64_t naive_ept_reserved(const struct naive_machine *m, unsigned level, uint64_t entry);
bool naive_ept_is_misconfigured(const struct naive_machine *m, unsigned level, uint64_t entry);
uint64_t naive_ept_frame(const struct naive_machine *m, unsigned level, uint64_t entry);

#endif
