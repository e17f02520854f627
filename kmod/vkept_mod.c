/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module: runs the vectors when it is loaded and whenever debug.vkept.run is set, and counts.
 *
 * A module cannot take the place of the kernel's copy functions: nothing calls into it.  It shows
 * that the core compiled for this kernel behaves as it does elsewhere; docs/KMOD.md says how the
 * core and the glue are built into a kernel.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/module.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/errno.h>
#include <vm/vm.h>
#include <vm/pmap.h>

#include "df_pmap.h"
#include "kmod_vectors.h"

MALLOC_DEFINE(M_VKEPT, "vkept", "vectors of the vkept module");

static int vkept_runs;   /* since the module was loaded */
static int vkept_failed; /* vectors that failed in the last run */

/* Plays all vectors and names the failed ones on the console; returns how many. */
static int
vkept_run_vectors(void)
{
	void *scratch = kmalloc(kmod_scratch_bytes(), M_VKEPT, M_WAITOK | M_ZERO);
	unsigned i;
	int failed = 0;

	for (i = 0; i < kmod_vectors_count; i++) {
		const char *wrong = kmod_vector_run(&kmod_vectors[i], scratch);

		if (wrong == NULL)
			continue;
		failed++;
		kprintf("vkept: FAILED: %s: %s\n", kmod_vectors[i].name, wrong);
	}
	kfree(scratch, M_VKEPT);
	kprintf("vkept: %u vectors, %d failed\n", kmod_vectors_count, failed);
	vkept_failed = failed;
	vkept_runs++;
	return failed;
}

/* Reads as 0; any other value written to it starts a run. */
static int
vkept_sysctl_run(SYSCTL_HANDLER_ARGS)
{
	int run = 0;
	int error = sysctl_handle_int(oidp, &run, 0, req);

	if (error != 0 || req->newptr == NULL || run == 0)
		return error;
	return vkept_run_vectors() == 0 ? 0 : EIO;
}

SYSCTL_NODE(_debug, OID_AUTO, vkept, CTLFLAG_RW, 0, "copyio through nested page tables");
SYSCTL_PROC(_debug_vkept, OID_AUTO, run, CTLTYPE_INT | CTLFLAG_RW, NULL, 0, vkept_sysctl_run, "I",
    "write 1 to run the vectors");
SYSCTL_INT(_debug_vkept, OID_AUTO, runs, CTLFLAG_RD, &vkept_runs, 0, "runs of the vectors");
SYSCTL_INT(_debug_vkept, OID_AUTO, failed, CTLFLAG_RD, &vkept_failed, 0,
    "vectors that failed in the last run");

static int
vkept_modevent(module_t mod, int type, void *unused)
{
	(void)mod;
	(void)unused;
	switch (type) {
	case MOD_LOAD:
		df_pmap_init();
		return vkept_run_vectors() == 0 ? 0 : EIO;
	case MOD_UNLOAD:
	case MOD_SHUTDOWN:
		return 0;
	default:
		return EOPNOTSUPP;
	}
}

static moduledata_t vkept_module = {"vkept", vkept_modevent, NULL};

DECLARE_MODULE(vkept, vkept_module, SI_SUB_DRIVERS, SI_ORDER_ANY);
MODULE_VERSION(vkept, 1);
