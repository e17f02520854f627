/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the program to the C library and the kernel, one of which can be made to fail.
 *
 * The program is linked with --wrap for each of them, and with it the static libraries that it
 * uses, so that their allocations count too.
 */
#ifndef VKEPT_FAILING_CALLS_H
#define VKEPT_FAILING_CALLS_H

enum failing_kind {
	FAILING_NOTHING,
	FAILING_MEMORY, /* ENOMEM */
	FAILING_OPEN,   /* EMFILE */
	FAILING_READ,   /* EIO */
	FAILING_WRITE,  /* ENOSPC; not of messages */
	FAILING_OTHER,  /* EIO: whatever else can fail, such as close(2) and rename(2) */
	FAILING_KINDS
};

enum failing_how {
	FAILING_ONCE,
	FAILING_FOR_GOOD,    /* this call and all later ones of the kind */
	FAILING_SHORT,       /* all reads and writes do a few bytes only, which is no failure */
	FAILING_INTERRUPTED, /* every other read and write is interrupted, which is none either */
	FAILING_HOWS
};

/* In memory that the one who asks shares with the process in which it happens. */
struct failing {
	enum failing_kind kind;
	enum failing_how how;
	unsigned long nth; /* from 1 */
	unsigned long calls; /* of this kind, so far */
	char name[32];     /* of the call that failed (first), or empty */
};

/* From now on calls go by this; NULL: they are as they are. */
void failing_arm(struct failing *failing);

#endif
