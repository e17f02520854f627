/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables that an administrator reads and sets. */
#ifndef VK_DECL_SYS_SYSCTL_H
#define VK_DECL_SYS_SYSCTL_H

#include <sys/kernel.h>

#define OID_AUTO    (-1)
#define CTLTYPE_INT 2
#define CTLFLAG_RD  0x80000000u
#define CTLFLAG_WR  0x40000000u
#define CTLFLAG_RW  (CTLFLAG_RD | CTLFLAG_WR)

struct sysctl_req {
	const void *newptr; /* NULL when nothing is set */
};

struct sysctl_oid_list {
	struct sysctl_oid *first;
};

struct sysctl_oid {
	struct sysctl_oid_list *parent;
	int number;
	unsigned int kind;
	void *arg1;
	long arg2;
	const char *name;
	int (*handler)(struct sysctl_oid *, void *, long, struct sysctl_req *);
	const char *format;
	const char *descr;
};

/* The type of arg2 differs between releases; who uses it says SYSCTL_HANDLER_ARGS. */
#define SYSCTL_HANDLER_ARGS struct sysctl_oid *oidp, void *arg1, long arg2, struct sysctl_req *req

int sysctl_handle_int(SYSCTL_HANDLER_ARGS);
extern struct sysctl_oid_list sysctl__debug_children;

#define SYSCTL_OID(parent, nbr, name, kind, a1, a2, handler, format, descr)                 \
	static struct sysctl_oid sysctl_##parent##_##name = {                               \
	    &sysctl_##parent##_children, nbr, kind, a1, a2, #name, handler, format, descr}; \
	DECL_SET(set_sysctl, sysctl_##parent##_##name)
#define SYSCTL_NODE(parent, nbr, name, access, handler, descr)             \
	static struct sysctl_oid_list sysctl_##parent##_##name##_children; \
	SYSCTL_OID(parent, nbr, name, access, NULL, 0, NULL, "N", descr)
#define SYSCTL_PROC(parent, nbr, name, access, ptr, arg, handler, format, descr) \
	SYSCTL_OID(parent, nbr, name, access, ptr, arg, handler, format, descr)
#define SYSCTL_INT(parent, nbr, name, access, ptr, val, descr) \
	SYSCTL_OID(parent, nbr, name, CTLTYPE_INT | access, ptr, val, sysctl_handle_int, "I", descr)

#endif
