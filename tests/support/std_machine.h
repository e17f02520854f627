/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine that most rows about nested walks start from.
 *
 *	guest (GPA)	PML4 1000, PDPT 2000, PD 3000, PT 4000; data A 10000, B 11000, C 12000
 *	X		0000_0080_4020_1000: all four indices are 1; Y and Z are the next two pages
 *	entries		each maps the next with P, RW, US; PT[1] maps A; all others are 0
 *	EPT		four levels, A/D on, everything RWX and WB, HPA = GPA + 1000000:
 *			GPA 0 to 1fffff by 4 KiB leaves, 200000 to 3fffff and 40000000 to 405fffff
 *			by 2 MiB leaves, nothing else
 *	registers	MAXPHYADDR 46, 64-bit mode, CPL 3, NXE and WP on, all else off; no TLB
 *
 * (Numbers are hexadecimal.)  Every load and compare-and-swap of a table goes through a memory that
 * counts.
 */
#ifndef TESTS_STD_MACHINE_H
#define TESTS_STD_MACHINE_H

#include "sim/vcpu.h"
#include "support/fake_memory.h"

#define STD_X 0x0000008040201000ull
#define STD_Y (STD_X + 0x1000)
#define STD_Z (STD_X + 0x2000)
#define STD_A 0x10000ull
#define STD_B 0x11000ull
#define STD_C 0x12000ull
#define STD_HOST 0x1000000ull /* host-physical minus guest-physical */
#define STD_MAXPHYADDR 46

#define STD_PML5 0x5000ull
#define STD_PML4 0x1000ull
#define STD_PDPT 0x2000ull
#define STD_PD 0x3000ull
#define STD_PT 0x4000ull

/* The EPT's own tables (HPA); the PD of the second GiB has nine leaves. */
#define STD_EPT_PML5 0x105000ull
#define STD_EPT_PML4 0x100000ull
#define STD_EPT_PDPT 0x101000ull
#define STD_EPT_PD 0x102000ull
#define STD_EPT_PT 0x103000ull
#define STD_EPT_PD_HIGH 0x104000ull

#define STD_PWU (VK_PG_P | VK_PG_RW | VK_PG_US)
#define STD_WB (6ull << EPT_MEMTYPE_SHIFT)
#define STD_EPTP (STD_EPT_PML4 | EPTP_AD | (3ull << EPTP_WALK_SHIFT) | 6)
#define STD_CAP                                                                                    \
	(EPT_CAP_EXEC_ONLY | EPT_CAP_WALK4 | EPT_CAP_WALK5 | EPT_CAP_UC | EPT_CAP_WB |             \
	    EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD)

struct std_machine {
	struct fake_memory memory; /* host-physical */
	struct vcpu vcpu;
	struct vcpu_result result; /* of the last access */
};

/* The tables and registers as above; fails the test when memory is short. */
void std_init(struct std_machine *m);
void std_destroy(struct std_machine *m);

/* Five levels at both sides (the fifth with index 0 mapping what there was). */
void std_use_five_levels(struct std_machine *m);

/* Where the guest entry that X uses at a level is (GPA), and a word of guest-physical memory. */
uint64_t std_slot(unsigned level);
uint64_t std_guest(const struct std_machine *m, uint64_t gpa);
void std_set_guest(struct std_machine *m, uint64_t gpa, uint64_t value);

/* The EPT leaf of a guest page below 200000: where it is (HPA), and its value. */
uint64_t std_ept_slot(uint64_t gpa);
uint64_t std_ept(const struct std_machine *m, uint64_t gpa);
void std_set_ept(struct std_machine *m, uint64_t gpa, uint64_t value);

/* Prepares the EPT anew with other capabilities, controls or EPTP; the tables stay. */
void std_set_eptp(struct std_machine *m, uint64_t eptp, uint64_t cap, uint32_t controls);

/*
 * One access: kind 'r', 'w', 'm' (read-modify-write) or 'x'.  What it counted is in m->memory, what
 * came of it in m->result.
 */
enum vcpu_outcome std_access(struct std_machine *m, char kind, uint64_t gva, unsigned size);

/* 'r', 'w', 'm', 'x' as VK_ACC_* bits. */
unsigned std_acc(char kind);

#endif
