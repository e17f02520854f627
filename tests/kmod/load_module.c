/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads the module into a process: linked to the object that the kernel's flags gave, it finds the
 * module as the kernel's linker would, by its sections, and sends it its events.  So the vectors
 * run in the very code that would be loaded.
 *
 * No page of a process is ever asked for, nor its gate; the functions for that end the program.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DF_EOPNOTSUPP 45

enum { LOAD, UNLOAD, SHUTDOWN, UNKNOWN };

struct sysinit {
	unsigned subsystem, order;
	void (*func)(void *);
	void *udata;
};

struct moduledata {
	const char *name;
	int (*evhand)(void *, int, void *);
	void *priv;
};

struct sysctl_req {
	const void *newptr;
};

struct sysctl_oid {
	void *parent;
	int number;
	unsigned kind;
	void *arg1;
	long arg2;
	const char *name;
	int (*handler)(struct sysctl_oid *, void *, long, struct sysctl_req *);
	const char *format, *descr;
};

extern const struct sysinit *const __start_set_sysinit[], *const __stop_set_sysinit[];
extern struct sysctl_oid *const __start_set_sysctl[], *const __stop_set_sysctl[];

void *globaldata;
void *sysctl__debug_children;

static const struct moduledata *module;
static unsigned allocations;

void module_register_init(void *data);
void malloc_init(void *type);
void malloc_uninit(void *type);
void *kmalloc(unsigned long size, void *type, int flags);
void kfree(void *addr, void *type);
int kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int sysctl_handle_int(struct sysctl_oid *oid, void *arg1, long arg2, struct sysctl_req *req);
void *vm_fault_page(void);
void vm_page_dirty(void *page);
void vm_page_unhold(void *page);
void vm_page_wakeup(void *page);
void lwkt_yield(void);
void crit_exit_wrapper(void);

void
module_register_init(void *data)
{
	module = data;
}

void
malloc_init(void *type)
{
	(void)type;
}

void
malloc_uninit(void *type)
{
	(void)type;
}

void *
kmalloc(unsigned long size, void *type, int flags)
{
	(void)type;
	(void)flags;
	allocations++;
	return calloc(1, size);
}

void
kfree(void *addr, void *type)
{
	(void)type;
	allocations--;
	free(addr);
}

int
kprintf(const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vprintf(format, arguments);
	va_end(arguments);
	return n;
}

int
sysctl_handle_int(struct sysctl_oid *oid, void *arg1, long arg2, struct sysctl_req *req)
{
	(void)oid;
	(void)arg2;
	if (req->newptr != NULL)
		memcpy(arg1, req->newptr, sizeof(int));
	return 0;
}

void *
vm_fault_page(void)
{
	abort();
}

void
vm_page_dirty(void *page)
{
	(void)page;
	abort();
}

void
vm_page_unhold(void *page)
{
	(void)page;
	abort();
}

void
vm_page_wakeup(void *page)
{
	(void)page;
	abort();
}

void
lwkt_yield(void)
{
	abort();
}

void
crit_exit_wrapper(void)
{
	abort();
}

static struct sysctl_oid *
sysctl_named(const char *name)
{
	struct sysctl_oid *const *oid;

	for (oid = __start_set_sysctl; oid < __stop_set_sysctl; oid++)
		if (strcmp((*oid)->name, name) == 0)
			return *oid;
	printf("no sysctl: %s\n", name);
	exit(1);
}

static void
expect(int holds, const char *what)
{
	if (holds)
		return;
	printf("does not hold: %s\n", what);
	exit(1);
}

int
main(void)
{
	static const int one = 1, zero = 0;
	struct sysctl_req read = {NULL}, write_one = {&one}, write_zero = {&zero};
	const struct sysinit *const *init;
	struct sysctl_oid *run = sysctl_named("run");
	const int *runs = sysctl_named("runs")->arg1, *failed = sysctl_named("failed")->arg1;

	for (init = __start_set_sysinit; init < __stop_set_sysinit; init++)
		(*init)->func((*init)->udata);
	expect(module != NULL, "the module registers itself");
	expect(module->evhand(NULL, LOAD, NULL) == 0, "the module loads");
	expect(*runs == 1 && *failed == 0, "the vectors ran once and none failed");
	expect(run->handler(run, NULL, 0, &read) == 0 && *runs == 1, "reading runs nothing");
	expect(run->handler(run, NULL, 0, &write_zero) == 0 && *runs == 1, "0 runs nothing");
	expect(run->handler(run, NULL, 0, &write_one) == 0 && *runs == 2, "1 runs the vectors");
	expect(module->evhand(NULL, UNLOAD, NULL) == 0, "the module unloads");
	expect(module->evhand(NULL, SHUTDOWN, NULL) == 0, "the module bears a shutdown");
	expect(module->evhand(NULL, UNKNOWN, NULL) == DF_EOPNOTSUPP, "other events are refused");
	expect(allocations == 0, "all memory was freed");
	return 0;
}
