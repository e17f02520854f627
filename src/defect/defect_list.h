/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defects that a scenario can switch on: one row each, with its name in the language, what
 * deviates, and where such a defect was seen.  docs/DEFECTS.md is written from this list.
 *
 * A row is DEFECT(identifier, name, what deviates, where it was seen).
 */
#ifndef VK_DEFECT_DEFECT_LIST_H
#define VK_DEFECT_DEFECT_LIST_H

/* clang-format off */
#define DEFECT_LIST(DEFECT)                                                                      \
	/* The walk that copyio makes. */                                                        \
	DEFECT(PML4_INDEX_UNMASKED, "pml4-index-unmasked",                                       \
	    "the top index is the address shifted right, not masked to 9 bits",                  \
	    "DragonFly f875a8e, guest_phys_addr()")                                              \
	DEFECT(CR3_LOW_BITS_SCALED, "cr3-low-bits-scaled",                                       \
	    "the low bits of CR3 are added to a pointer to entries, times 8",                    \
	    "DragonFly f875a8e, get_pt_entry()")                                                 \
	DEFECT(NO_PERMISSION_CHECK, "no-permission-check",                                       \
	    "user and write permission are not looked at",                                       \
	    "DragonFly f875a8e, guest_phys_addr()")                                              \
	DEFECT(NO_RESERVED_CHECK, "no-reserved-check",                                           \
	    "reserved bits and the page-size bit of a PML4 entry are not looked at",             \
	    "DragonFly f875a8e, guest_phys_addr()")                                              \
	DEFECT(NO_AD_UPDATE, "no-ad-update",                                                     \
	    "accessed and dirty flags are not set",                                              \
	    "DragonFly f875a8e, guest_phys_addr()")                                              \
	DEFECT(PAT_IN_GPA, "pat-in-gpa",                                                         \
	    "bit 12 of a large page's entry, PAT, is taken for a bit of the address",            \
	    "DragonFly f875a8e, guest_phys_addr()")                                              \
	DEFECT(FIRST_PAGE_ONLY, "first-page-only",                                               \
	    "only the first page is translated; the next are taken to follow it",                \
	    "DragonFly f875a8e, useracc()")                                                      \
	DEFECT(WALK_ERROR_IGNORED, "walk-error-ignored",                                         \
	    "a failed walk is not noticed; the address that it left, 0, is used",                \
	    "DragonFly f875a8e, callers of vmm_vm_get_gpa()")                                    \
	DEFECT(RIGHTS_OF_LEAF_ONLY, "rights-of-leaf-only",                                       \
	    "the rights of the tables above the leaf do not count",                              \
	    "KVM before b1bd5cba3306 (role with the wrong parent's rights)")                     \
	DEFECT(NX_NEVER_RESERVED, "nx-never-reserved",                                           \
	    "bit 63 is accepted although EFER.NXE is clear",                                     \
	    "KVM before 9645bb56b31a (EFER.NX missing from the role)")                           \
	DEFECT(PTE_PAT_AS_PS, "pte-pat-as-ps",                                                   \
	    "bit 7 of a level 1 entry, PAT, is taken for the page-size bit and refused",         \
	    "NVMM before 1196bd56, libnvmm")                                                     \
	DEFECT(ENTRY_READ_TWICE, "entry-read-twice",                                             \
	    "the leaf is read once for its rights and again for its frame",                      \
	    "NVMM, libnvmm's walk; KVM before f7d9c7b7b902")                                     \
	DEFECT(GFN_TRUNCATED, "gfn-truncated",                                                   \
	    "frame numbers are kept in 32 bits",                                                 \
	    "Xen XSA-173")                                                                       \
	DEFECT(ENTRY_UPPER_HALF_LOST, "entry-upper-half-lost",                                   \
	    "bits 63:32 of an entry are masked off",                                             \
	    "seL4_projects_libs#121")                                                            \
	DEFECT(LA57_TRUNCATED, "la57-truncated",                                                 \
	    "bits above 47 of the address are dropped although there are five levels",           \
	    "volatility3#1991")                                                                  \
	DEFECT(LARGE_PAGE_LOW_BITS, "large-page-low-bits",                                       \
	    "frame bits below the size of a large page are accepted and ORed in",                \
	    "Xen XSA-148 (a large page's entry not validated)")                                  \
	DEFECT(ONE_G_AS_TABLE, "1g-as-table",                                                    \
	    "a page of 1 GiB is walked as if it were a table",                                   \
	    "gem5's x86 walker, 2024")                                                           \
	DEFECT(PML4_RESERVED_IGNORED, "pml4-reserved-ignored",                                   \
	    "reserved bits of a PML4 entry alone are not looked at",                             \
	    "QEMU's nested page walk")                                                           \
	/* The copy functions. */                                                                \
	DEFECT(NO_RANGE_CHECK, "no-range-check",                                                 \
	    "no test for the end of user space, wrapping or canonical form",                     \
	    "DragonFly f875a8e, ept_copyin() and its kin")                                       \
	DEFECT(STRING_PIECES, "string-pieces",                                                   \
	    "a string is copied in whole pieces of 32 bytes, past its NUL",                      \
	    "DragonFly f875a8e, ept_copyinstr()")                                                \
	DEFECT(STORE_IN_PARTS, "store-in-parts",                                                 \
	    "a word that straddles pages is stored page by page, untried",                       \
	    "DragonFly f875a8e, ept_suword64()")                                                 \
	DEFECT(ERROR_IN_BAND, "error-in-band",                                                   \
	    "a fetch that fails gives -1 as if that were the word",                              \
	    "DragonFly f875a8e, ept_fuword64() and ept_fubyte()")                                \
	DEFECT(EFAULT_AS_VALUE, "efault-as-value",                                               \
	    "a swap or an add that fails gives 14, or -14 across pages, as the old value",       \
	    "DragonFly f875a8e, ept_swapu32(), ept_fuwordadd32() and the 64-bit ones")           \
	DEFECT(CAS_BYPASSES_TABLE, "cas-bypasses-table",                                         \
	    "compare-and-swap has no nested version: the guest's address is used as the host's", \
	    "DragonFly 3.8 to f875a8e, casuword(), casu64()")                                    \
	DEFECT(ADD_TRANSLATES_TWICE, "add-translates-twice",                                     \
	    "the address is translated, and the result is translated again",                     \
	    "DragonFly f875a8e, umtx_sleep()")                                                   \
	DEFECT(SWAP32_NEEDS_8_BYTES, "swap32-needs-8-bytes",                                     \
	    "a 32-bit atomic is refused where fewer than 8 bytes of the page are left",          \
	    "DragonFly f875a8e, vkernel64 copyio.c")                                             \
	DEFECT(COPYIO_REMOVES_PAGES, "copyio-removes-pages",                                     \
	    "each page that a copy looks at is taken out of the EPT",                            \
	    "DragonFly 5.2 to f875a8e, vm_fault_page(): | written for &")                        \
	DEFECT(COPY_UNGUARDED, "copy-unguarded",                                                 \
	    "nothing keeps a shootdown away from the page that a copy has translated",           \
	    "DragonFly f875a8e, ept_copyin() and sys_vmm_guest_sync_addr()")                     \
	/* The shootdown. */                                                                     \
	DEFECT(SYNC_NULL_RETURNS, "sync-null-returns",                                           \
	    "a shootdown without an address returns at once and flushes nobody",                 \
	    "DragonFly f875a8e, sys_vmm_guest_sync_addr(); pmap_invalidate_range()")             \
	DEFECT(SYNC_ERRORS_UNCHECKED, "sync-errors-unchecked",                                   \
	    "what a failed fetch or swap returned is stored as an entry",                        \
	    "DragonFly f875a8e, sys_vmm_guest_sync_addr()")                                      \
	DEFECT(SYNC_PLAIN_COPY, "sync-plain-copy",                                               \
	    "the new entry is copied over the old one, which nobody gets to see",                \
	    "DragonFly 3.8, sys_vmm_guest_sync_addr()")                                          \
	DEFECT(GATE_LEFT_SHUT, "gate-left-shut",                                                 \
	    "the path of an error returns without opening the gate",                             \
	    "Xen XSA-277 (p2m lock kept on an error path)")                                      \
	DEFECT(NO_GENERATION_BUMP, "no-generation-bump",                                         \
	    "the generation does not change, so nobody executes INVEPT",                         \
	    "DragonFly before 9563660691")                                                       \
	DEFECT(BUMP_BEFORE_GATE, "bump-before-gate",                                             \
	    "the generation changes before the gate is shut",                                    \
	    "the order that DragonFly's protocol depends on, reversed")                          \
	DEFECT(BUMP_AFTER_GATE, "bump-after-gate",                                               \
	    "the generation changes after the gate is open again",                               \
	    "the order that DragonFly's protocol depends on, reversed")                          \
	DEFECT(STORE_AFTER_GATE, "store-after-gate",                                             \
	    "the entry is written after the gate is open again",                                 \
	    "Xen XSA-346 (the flush is over before the page is freed)")                          \
	DEFECT(MASK_BEFORE_GATE, "mask-before-gate",                                             \
	    "whom to interrupt and to wait for is read before the gate is shut",                 \
	    "the order that DragonFly's protocol depends on, reversed")                          \
	DEFECT(STOP_DOES_NOT_WAIT, "stop-does-not-wait",                                         \
	    "the generation changes, but CPUs in guest mode are left there",                     \
	    "FreeBSD before r367593, pmap_invalidate_ept()")                                     \
	DEFECT(NO_INVEPT, "no-invept",                                                           \
	    "the generation is taken over, but INVEPT is not executed",                          \
	    "DragonFly before 9563660691; KVM before 14c07ad89f")                                \
	DEFECT(INVEPT_WRONG_ROOT, "invept-wrong-root",                                           \
	    "INVEPT is executed for another EPT",                                                \
	    "KVM before 1438921c6dc1")                                                           \
	DEFECT(INVEPT_BAD_TYPE, "invept-bad-type",                                               \
	    "INVEPT is executed with type 0, fails, and nobody looks",                           \
	    "Bareflank#413")                                                                     \
	DEFECT(NO_INVEPT_ON_MIGRATION, "no-invept-on-migration",                                 \
	    "neither the CPU that a VMCS leaves nor the one it comes to is flushed",             \
	    "DragonFly before 9563660691; OpenBSD vmm before 46cd802afa2f")                      \
	DEFECT(VMCS_FORGOTTEN_EARLY, "vmcs-forgotten-early",                                     \
	    "a CPU forgets the VMCS that it has loaded before it executes VMCLEAR for it",       \
	    "DragonFly before c825189df5, execute_vmclear()")                                    \
	DEFECT(EPTP_PAGE_REUSED, "eptp-page-reused",                                             \
	    "a new EPT gets the root page of one that was freed",                                \
	    "DragonFly f875a8e, by reading")                                                     \
	/* The vkernel's pmap. */                                                                \
	DEFECT(ACTIVE_MISSED, "active-missed",                                                   \
	    "the mask of active CPUs lacks one that uses the tables",                            \
	    "DragonFly before 685f4bf52c and 95270b7ecb")                                        \
	DEFECT(ACTIVE_UNLOCKED, "active-unlocked",                                               \
	    "the mask of active CPUs is read without its lock, some time before the change",     \
	    "DragonFly f875a8e, pmap_inval_pde()")                                               \
	DEFECT(PTE_PLAIN_STORE, "pte-plain-store",                                               \
	    "an entry is read, and later written without regard to what it holds then",          \
	    "DragonFly at the merge of 2013; KVM before 4f510c8bb1dd")                           \
	DEFECT(NO_SELF_FLUSH, "no-self-flush",                                                   \
	    "the CPU that changes an entry does not flush itself",                               \
	    "KVM's lost dirty flags, several times")                                             \
	/* The EPT. */                                                                           \
	DEFECT(REVOKE_LOST, "revoke-lost",                                                       \
	    "what the memory map takes back stays in the EPT",                                   \
	    "DragonFly before 7a45978d5d, copy-on-write")                                        \
	DEFECT(NO_FLUSH_ON_REVOKE, "no-invept-on-unmap",                                         \
	    "an EPT entry is removed and nobody is flushed",                                     \
	    "Xen XSA-408; KVM kvm-28")                                                           \
	DEFECT(EPT_ALWAYS_EXECUTABLE, "ept-always-executable",                                   \
	    "every EPT entry allows fetches",                                                    \
	    "DragonFly f875a8e, EPT_PG_V is read and execute")                                   \
	DEFECT(WRITE_WITHOUT_READ, "write-without-read",                                         \
	    "a page faulted in by a write is mapped for writing alone",                          \
	    "HyperDbg#203, libvmi#120")                                                          \
	DEFECT(TABLE_WALK_IS_READ, "table-walk-is-read",                                         \
	    "a violation on a table page is resolved as a read",                                 \
	    "KVM before ae1e2d1082ae")                                                           \
	/* The VMM. */                                                                           \
	DEFECT(USER_SUPPLIED_ROOT, "user-supplied-root",                                         \
	    "a slave may bring the EPT that it runs under",                                      \
	    "DragonFly f875a8e, sys_vmm_guest_ctl()")                                            \
	DEFECT(SECOND_RUN_ACCEPTED, "second-run-accepted",                                       \
	    "a thread that is a vCPU may become one again",                                      \
	    "DragonFly f875a8e, vmx_vminit()")                                                   \
	DEFECT(FAILED_INIT_FREES, "failed-init-frees",                                           \
	    "a thread that could not become a vCPU gives back what it never had",                \
	    "DragonFly f875a8e, vmx_vminit()'s error path")                                      \
	DEFECT(UD_IS_SYSCALL, "ud-is-syscall",                                                   \
	    "every #UD is taken for a system call",                                              \
	    "DragonFly f875a8e, vmx_vmrun()")                                                    \
	DEFECT(EXCEPTION_KILLS, "exception-kills",                                               \
	    "an exception that the VMM has no case for ends the vkernel",                        \
	    "DragonFly f875a8e, vmx_handle_vmexit()")                                            \
	DEFECT(VIOLATION_KILLS, "violation-kills",                                               \
	    "an EPT violation that cannot be resolved ends the vkernel",                         \
	    "DragonFly f875a8e, vmx_handle_vmexit()")
/* clang-format on */

#define DEFECT_ENUMERATOR(id, name, deviates, source) DEFECT_##id,

enum defect { DEFECT_LIST(DEFECT_ENUMERATOR) DEFECTS };

#undef DEFECT_ENUMERATOR

#endif
