/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defects that a scenario can switch on: one row each, with its name in the language and what
 * deviates.  docs/DEFECTS.md is written from this list, and from scenarios/regress/known-bugs.txt,
 * which says where such defects were seen.
 *
 * A row is DEFECT(identifier, name, what deviates).
 */
#ifndef VK_DEFECT_DEFECT_LIST_H
#define VK_DEFECT_DEFECT_LIST_H

/* clang-format off */
#define DEFECT_LIST(DEFECT)                                                                      \
	/* The walk that copyio makes. */                                                        \
	DEFECT(PML4_INDEX_UNMASKED, "pml4-index-unmasked",                                       \
	    "the top index is the address shifted right, not masked to 9 bits")                  \
	DEFECT(CR3_LOW_BITS_SCALED, "cr3-low-bits-scaled",                                       \
	    "the low bits of CR3 are added to a pointer to entries, times 8")                    \
	DEFECT(NO_PERMISSION_CHECK, "no-permission-check",                                       \
	    "user and write permission are not looked at")                                       \
	DEFECT(NO_RESERVED_CHECK, "no-reserved-check",                                           \
	    "reserved bits and the page-size bit of a PML4 entry are not looked at")             \
	DEFECT(NO_AD_UPDATE, "no-ad-update",                                                     \
	    "accessed and dirty flags are not set")                                              \
	DEFECT(PAT_IN_GPA, "pat-in-gpa",                                                         \
	    "bit 12 of a large page's entry, PAT, is taken for a bit of the address")            \
	DEFECT(FIRST_PAGE_ONLY, "first-page-only",                                               \
	    "only the first page is translated; the next are taken to follow it")                \
	DEFECT(WALK_ERROR_IGNORED, "walk-error-ignored",                                         \
	    "a failed walk is not noticed; the address that it left, 0, is used")                \
	DEFECT(RIGHTS_OF_LEAF_ONLY, "rights-of-leaf-only",                                       \
	    "the rights of the tables above the leaf do not count")                              \
	DEFECT(NX_NEVER_RESERVED, "nx-never-reserved",                                           \
	    "bit 63 is accepted although EFER.NXE is clear")                                     \
	DEFECT(PTE_PAT_AS_PS, "pte-pat-as-ps",                                                   \
	    "bit 7 of a level 1 entry, PAT, is taken for the page-size bit and refused")         \
	DEFECT(ENTRY_READ_TWICE, "entry-read-twice",                                             \
	    "the leaf is read once for its rights and again for its frame")                      \
	DEFECT(ACCESS_AS_SUPERVISOR, "access-as-supervisor",                                     \
	    "the access is judged as the supervisor's, whoever asked for it")                    \
	DEFECT(TABLE_REMEMBERED, "table-remembered",                                             \
	    "a level 1 entry that was read once is not read again")                              \
	DEFECT(GFN_TRUNCATED, "gfn-truncated",                                                   \
	    "frame numbers are kept in 32 bits")                                                 \
	DEFECT(ENTRY_UPPER_HALF_LOST, "entry-upper-half-lost",                                   \
	    "bits 63:32 of an entry are masked off")                                             \
	DEFECT(LA57_TRUNCATED, "la57-truncated",                                                 \
	    "bits above 47 of the address are dropped although there are five levels")           \
	DEFECT(LARGE_PAGE_LOW_BITS, "large-page-low-bits",                                       \
	    "frame bits below the size of a large page are accepted and ORed in")                \
	DEFECT(ONE_G_AS_TABLE, "1g-as-table",                                                    \
	    "a page of 1 GiB is walked as if it were a table")                                   \
	DEFECT(PML4_RESERVED_IGNORED, "pml4-reserved-ignored",                                   \
	    "reserved bits of a PML4 entry alone are not looked at")                             \
	/* The copy functions. */                                                                \
	DEFECT(NO_RANGE_CHECK, "no-range-check",                                                 \
	    "no test for the end of user space, wrapping or canonical form")                     \
	DEFECT(STRING_PIECES, "string-pieces",                                                   \
	    "a string is copied in whole pieces of 32 bytes, past its NUL")                      \
	DEFECT(STRING_READ_TWICE, "string-read-twice",                                           \
	    "a string is measured, and then copied as long as it was")                           \
	DEFECT(STORE_IN_PARTS, "store-in-parts",                                                 \
	    "a word that straddles pages is stored page by page, untried")                       \
	DEFECT(ERROR_IN_BAND, "error-in-band",                                                   \
	    "a fetch that fails gives -1 as if that were the word")                              \
	DEFECT(EFAULT_AS_VALUE, "efault-as-value",                                               \
	    "a swap or an add that fails gives 14, or -14 across pages, as the old value")       \
	DEFECT(CAS_BYPASSES_TABLE, "cas-bypasses-table",                                         \
	    "compare-and-swap has no nested version: the guest's address is used as the host's") \
	DEFECT(ADD_TRANSLATES_TWICE, "add-translates-twice",                                     \
	    "the address is translated, and the result is translated again")                     \
	DEFECT(SWAP32_NEEDS_8_BYTES, "swap32-needs-8-bytes",                                     \
	    "a 32-bit atomic is refused where fewer than 8 bytes of the page are left")          \
	DEFECT(COPYIO_REMOVES_PAGES, "copyio-removes-pages",                                     \
	    "each page that a copy looks at is taken out of the EPT")                            \
	DEFECT(COPY_UNGUARDED, "copy-unguarded",                                                 \
	    "nothing keeps a shootdown away from the page that a copy has translated")           \
	/* The shootdown. */                                                                     \
	DEFECT(SYNC_NULL_RETURNS, "sync-null-returns",                                           \
	    "a shootdown without an address returns at once and flushes nobody")                 \
	DEFECT(SYNC_ERRORS_UNCHECKED, "sync-errors-unchecked",                                   \
	    "what a failed fetch or swap returned is stored as an entry")                        \
	DEFECT(SYNC_PLAIN_COPY, "sync-plain-copy",                                               \
	    "the new entry is copied over the old one, which nobody gets to see")                \
	DEFECT(GATE_LEFT_SHUT, "gate-left-shut",                                                 \
	    "the path of an error returns without opening the gate")                             \
	DEFECT(NO_GENERATION_BUMP, "no-generation-bump",                                         \
	    "the generation does not change, so nobody executes INVEPT")                         \
	DEFECT(BUMP_BEFORE_GATE, "bump-before-gate",                                             \
	    "the generation changes before the gate is shut")                                    \
	DEFECT(BUMP_AFTER_GATE, "bump-after-gate",                                               \
	    "the generation changes after the gate is open again")                               \
	DEFECT(STORE_AFTER_GATE, "store-after-gate",                                             \
	    "the entry is written after the gate is open again")                                 \
	DEFECT(MASK_BEFORE_GATE, "mask-before-gate",                                             \
	    "whom to interrupt and to wait for is read before the gate is shut")                 \
	DEFECT(STOP_DOES_NOT_WAIT, "stop-does-not-wait",                                         \
	    "the generation changes, but CPUs in guest mode are left there")                     \
	DEFECT(STORE_BEFORE_GATE, "store-before-gate",                                           \
	    "the entry is swapped before the gate is shut; correct all the same")                \
	DEFECT(BUMP_BEFORE_STORE, "bump-before-store",                                           \
	    "the generation changes, then the entry, and then the gate is shut")                 \
	DEFECT(NO_WAIT, "no-wait",                                                               \
	    "the gate is shut and interrupts are sent, but nobody waits for them")               \
	DEFECT(NO_IPI, "no-ipi",                                                                 \
	    "the gate is shut, and nobody is interrupted")                                       \
	DEFECT(COUNT_BEFORE_MASK, "count-before-mask",                                           \
	    "a vCPU counts itself in before its CPU is in the mask")                             \
	DEFECT(INTERRUPTS_ON_BEFORE_ENTRY, "interrupts-on-before-entry",                         \
	    "interrupts are taken between the gate and the entry")                               \
	DEFECT(COMPARE_BEFORE_COUNT, "compare-before-count",                                     \
	    "the generation is compared before a vCPU counts itself in")                         \
	DEFECT(GATE_PLAIN_STORE, "gate-plain-store",                                             \
	    "the gate is shut by a load and a store")                                            \
	DEFECT(COUNT_OUT_NOT_ATOMIC, "count-out-not-atomic",                                     \
	    "a vCPU counts itself out by a load and a store")                                    \
	DEFECT(SLEEP_WITHOUT_INTERLOCK, "sleep-without-interlock",                               \
	    "a vCPU that finds the gate shut sleeps, though its wakeup may have been already")   \
	DEFECT(ACK_BEFORE_EXIT, "ack-before-exit",                                               \
	    "the interrupt counts a CPU out before its guest's last instruction is done")        \
	DEFECT(SYNC_WHILE_COUNTED, "sync-while-counted",                                         \
	    "a vCPU that shuts the gate is counted in itself")                                   \
	DEFECT(NO_INVEPT, "no-invept",                                                           \
	    "the generation is taken over, but INVEPT is not executed")                          \
	DEFECT(INVEPT_WRONG_ROOT, "invept-wrong-root",                                           \
	    "INVEPT is executed for another EPT")                                                \
	DEFECT(INVEPT_BAD_TYPE, "invept-bad-type",                                               \
	    "INVEPT is executed with type 0, fails, and nobody looks")                           \
	DEFECT(NO_INVEPT_ON_MIGRATION, "no-invept-on-migration",                                 \
	    "neither the CPU that a VMCS leaves nor the one it comes to is flushed")             \
	DEFECT(VMCS_FORGOTTEN_EARLY, "vmcs-forgotten-early",                                     \
	    "a CPU forgets the VMCS that it has loaded before it executes VMCLEAR for it")       \
	DEFECT(EPTP_PAGE_REUSED, "eptp-page-reused",                                             \
	    "a new EPT gets the root page of one that was freed")                                \
	/* The vkernel's pmap. */                                                                \
	DEFECT(ACTIVE_MISSED, "active-missed",                                                   \
	    "the mask of active CPUs lacks one that uses the tables")                            \
	DEFECT(ACTIVE_UNLOCKED, "active-unlocked",                                               \
	    "the mask of active CPUs is read without its lock, some time before the change")     \
	DEFECT(PTE_PLAIN_STORE, "pte-plain-store",                                               \
	    "an entry is read, and later written without regard to what it holds then")          \
	DEFECT(NO_SELF_FLUSH, "no-self-flush",                                                   \
	    "the CPU that changes an entry does not flush itself")                               \
	/* The EPT. */                                                                           \
	DEFECT(REVOKE_LOST, "revoke-lost",                                                       \
	    "what the memory map takes back stays in the EPT")                                   \
	DEFECT(NO_FLUSH_ON_REVOKE, "no-invept-on-unmap",                                         \
	    "an EPT entry is removed and nobody is flushed")                                     \
	DEFECT(EPT_ALWAYS_EXECUTABLE, "ept-always-executable",                                   \
	    "every EPT entry allows fetches")                                                    \
	DEFECT(WRITE_WITHOUT_READ, "write-without-read",                                         \
	    "a page faulted in by a write is mapped for writing alone")                          \
	DEFECT(TABLE_WALK_IS_READ, "table-walk-is-read",                                         \
	    "a violation on a table page is resolved as a read")                                 \
	/* The VMM. */                                                                           \
	DEFECT(USER_SUPPLIED_ROOT, "user-supplied-root",                                         \
	    "a slave may bring the EPT that it runs under")                                      \
	DEFECT(SECOND_RUN_ACCEPTED, "second-run-accepted",                                       \
	    "a thread that is a vCPU may become one again")                                      \
	DEFECT(FAILED_INIT_FREES, "failed-init-frees",                                           \
	    "a thread that could not become a vCPU gives back what it never had")                \
	DEFECT(CR3_UNCHECKED, "cr3-unchecked",                                                   \
	    "the CR3 that a process is to run on is not looked at")                              \
	DEFECT(EXIT_LENGTH_BELIEVED, "exit-length-believed",                                     \
	    "the instruction length of the exit is added to RIP, defined or not")                \
	DEFECT(NEXT_ADDRESS_UNCHECKED, "next-address-unchecked",                                 \
	    "RIP is moved on without a look at whether it stays canonical")                      \
	DEFECT(UD_IS_SYSCALL, "ud-is-syscall",                                                   \
	    "every #UD is taken for a system call")                                              \
	DEFECT(EXCEPTION_KILLS, "exception-kills",                                               \
	    "an exception that the VMM has no case for ends the vkernel")                        \
	DEFECT(VIOLATION_KILLS, "violation-kills",                                               \
	    "an EPT violation that cannot be resolved ends the vkernel")
/* clang-format on */

#define DEFECT_ENUMERATOR(id, name, deviates) DEFECT_##id,

enum defect { DEFECT_LIST(DEFECT_ENUMERATOR) DEFECTS };

/* A set of defects: bit n of so many words is enum defect n. */
#define DEFECT_WORDS 2

#undef DEFECT_ENUMERATOR

#endif
