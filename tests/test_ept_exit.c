/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exit says, by rows over records of walks: each bit of the qualification, each address.
 *
 * [EPT-QUALIFICATION] [EPT-VIOLATION] [EPT-MISCONFIG] [EPT-SPP] [EPT-AD-TABLE] [VMX-REASON]
 */
#include <string.h>

#include "ept/ept_exit.h"
#include "support/support_rows.h"

#define R VK_ACC_R
#define W VK_ACC_W
#define X VK_ACC_X
#define TABLE VK_ACC_TABLE
#define GPA 0x0000123456789abcull
#define GLA 0xffff8040201abcull

/* The linear address of a row. */
#define NO_LINEAR 0x01u
#define ON_THE_WAY 0x02u /* the GPA is that of a guest table entry */
#define IS_USER 0x04u
#define IS_WRITABLE 0x08u
#define IS_XD 0x10u
/* The machine. */
#define ADVANCED 0x20u
#define MBEC 0x40u

struct row {
	const char *what;
	unsigned acc;
	enum ept_status status;
	enum ept_why why;
	uint64_t perm;
	unsigned flags;
	unsigned reason;
	uint64_t qualification;
};

#define VIOLATION(why) EPT_VIOLATION, EPT_WHY_##why

static const struct row rows[] = {
	{ "a read of an absent page", R, VIOLATION(NOT_PRESENT), 0, 0, 48, 0x181 },
	{ "a write to a page without W", W, VIOLATION(PERMISSION), EPT_R | EPT_X, 0, 48, 0x1aa },
	{ "a fetch from a page without X", X, VIOLATION(PERMISSION), EPT_R | EPT_W, 0, 48, 0x19c },
	{ "a read of an execute-only page", R, VIOLATION(PERMISSION), EPT_X, 0, 48, 0x1a1 },
	{ "a read-modify-write reports its write alone", R | W, VIOLATION(PERMISSION), EPT_R, 0, 48,
	    0x18a },
	{ "a read of a guest table entry that counts as a write reports both", R | W | TABLE,
	    VIOLATION(NOT_PRESENT), 0, ON_THE_WAY, 48, 0x083 },
	{ "a read of a guest table entry without A/D reports a read", R | TABLE,
	    VIOLATION(NOT_PRESENT), 0, ON_THE_WAY, 48, 0x081 },
	{ "a table page without W", R | W | TABLE, VIOLATION(PERMISSION), EPT_R | EPT_X, ON_THE_WAY,
	    48, 0x0ab },
	{ "rights of an incomplete path are not reported", R, VIOLATION(NOT_PRESENT), EPT_RWX, 0,
	    48, 0x181 },
	{ "nor those of an address too wide", W, VIOLATION(GPA_WIDTH), EPT_RWX, 0, 48, 0x182 },
	{ "without a linear address bits 7 and 8 are clear", R, VIOLATION(NOT_PRESENT), 0,
	    NO_LINEAR, 48, 0x001 },
	{ "without a linear address there is no advanced information", R, VIOLATION(NOT_PRESENT),
	    0, NO_LINEAR | ADVANCED | IS_USER | IS_WRITABLE | IS_XD, 48, 0x001 },
	{ "nor is any other bit set for its lack", W, VIOLATION(NOT_PRESENT), 0, NO_LINEAR, 48,
	    0x002 },
	{ "a write to a supervisor's read-only page that may be executed sets none of bits 9 to 11",
	    W, VIOLATION(NOT_PRESENT), 0, ADVANCED, 48, 0x182 },
	{ "bit 9 says that the address is a user one", R, VIOLATION(NOT_PRESENT), 0,
	    ADVANCED | IS_USER, 48, 0x381 },
	{ "bit 10 says that it is writable", R, VIOLATION(NOT_PRESENT), 0, ADVANCED | IS_WRITABLE,
	    48, 0x581 },
	{ "bit 11 says that it is execute-disabled", R, VIOLATION(NOT_PRESENT), 0,
	    ADVANCED | IS_XD, 48, 0x981 },
	{ "without the capability bits 9 to 11 are clear", R, VIOLATION(NOT_PRESENT), 0,
	    IS_USER | IS_WRITABLE | IS_XD, 48, 0x181 },
	{ "so are they for a table entry", R | TABLE, VIOLATION(NOT_PRESENT), 0,
	    ON_THE_WAY | ADVANCED | IS_USER | IS_WRITABLE | IS_XD, 48, 0x081 },
	{ "with MBEC bit 6 is the user execute right", X, VIOLATION(PERMISSION), EPT_R | EPT_XU,
	    MBEC, 48, 0x1cc },
	{ "without MBEC bit 6 is clear", X, VIOLATION(PERMISSION), EPT_R | EPT_XU, 0, 48, 0x18c },
	{ "a sub-page that may not be written is a violation", W, VIOLATION(SUBPAGE), EPT_R | EPT_X,
	    0, 48, 0x1aa },
	{ "an unstable walk reports no rights", R, VIOLATION(UNSTABLE), EPT_RWX, 0, 48, 0x181 },
	{ "a misconfiguration has no qualification", W, EPT_MISCONFIG, EPT_WHY_RESERVED, EPT_RWX,
	    ADVANCED | IS_USER, 49, 0 },
	{ "a missing sub-page entry is exit 66 with bit 11", W, EPT_SPP_EVENT, EPT_WHY_SPP_MISS,
	    EPT_R, 0, 66, 0x800 },
	{ "a misconfigured sub-page entry is exit 66 without it", W, EPT_SPP_EVENT,
	    EPT_WHY_SPP_MISCONFIG, EPT_R, 0, 66, 0 },
};

static void
run_row(void **state)
{
	const struct row *row = *state;
	struct ept_linear linear = { .gla = vk_gva(GLA), .valid = !(row->flags & NO_LINEAR),
		.final = !(row->flags & (NO_LINEAR | ON_THE_WAY)),
		.user = (row->flags & IS_USER) != 0, .writable = (row->flags & IS_WRITABLE) != 0,
		.xd = (row->flags & IS_XD) != 0 };
	struct hpm none = { NULL, NULL };
	struct ept_walk walk;
	struct ept_exit exit;
	struct ept ept;
	int has_linear = linear.valid && row->status != EPT_MISCONFIG;

	assert_int_equal(ept_init(&ept, none, 0x1e, EPT_CAP_WALK4 | EPT_CAP_WB |
	    ((row->flags & ADVANCED) ? EPT_CAP_ADV_INFO : 0),
	    (row->flags & MBEC) ? EPT_CTL_MBEC : 0, 46), EPTP_VALID);
	memset(&walk, 0, sizeof(walk));
	walk.gpa = vk_gpa(GPA);
	walk.acc = row->acc;
	walk.why = row->why;
	walk.perm = row->perm;
	memset(&exit, 0xff, sizeof(exit));
	ept_exit_build(&ept, &walk, row->status, &linear, &exit);
	assert_int_equal(exit.reason, row->reason);
	assert_int_equal(exit.qualification, row->qualification);
	assert_int_equal(exit.gpa.v, GPA);
	assert_int_equal(exit.gla_valid, has_linear);
	assert_int_equal(exit.gla.v, has_linear ? GLA : 0);
}

/* Bits 2:0 repeat the access and bits 5:3 the rights, for every pair of them. */
static void
access_and_rights_are_reported_bit_by_bit(void **state)
{
	struct ept_linear linear = { .valid = 1, .final = 1 };
	struct hpm none = { NULL, NULL };
	struct ept_walk walk;
	struct ept_exit exit;
	unsigned access, rights;
	struct ept ept;

	(void)state;
	memset(&walk, 0, sizeof(walk));
	assert_int_equal(ept_init(&ept, none, 0x1e, EPT_CAP_WALK4 | EPT_CAP_WB, 0, 46), EPTP_VALID);
	walk.why = EPT_WHY_PERMISSION;
	for (access = 0; access < 3; access++) {
		for (rights = 0; rights < 8; rights++) {
			walk.acc = 1u << access;
			walk.perm = rights;
			ept_exit_build(&ept, &walk, EPT_VIOLATION, &linear, &exit);
			assert_int_equal(exit.qualification,
			    0x180 | rights << 3 | 1u << access);
		}
	}
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&list, NULL, rows[i].what, run_row, &rows[i]);
	ROWS_ADD_TEST(&list, access_and_rights_are_reported_bit_by_bit);
	return rows_run(&list, "ept_exit");
}
