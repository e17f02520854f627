/* SPDX-License-Identifier: BSD-2-Clause */
/* A module and its events. */
#ifndef VK_DECL_SYS_MODULE_H
#define VK_DECL_SYS_MODULE_H

#include <sys/kernel.h>

typedef struct module *module_t;

typedef enum modeventtype { MOD_LOAD, MOD_UNLOAD, MOD_SHUTDOWN } modeventtype_t;

typedef struct moduledata {
	const char *name;
	int (*evhand)(module_t, int, void *);
	void *priv;
} moduledata_t;

void module_register_init(void *data);

#define DECLARE_MODULE(name, data, sub, order) \
	SYSINIT(name##module, sub, order, module_register_init, &data)

#define MODULE_VERSION(module, version) \
	static const int module##_version __attribute__((used)) = version

#endif
