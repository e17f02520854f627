/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk of an EPT reads host-physical memory and cannot be handed guest-physical memory. */
#include "base/mem.h"

uint64_t read_root(struct hpm mem);
uint64_t confuse(struct gpm gpm, struct hpm hpm);

uint64_t
confuse(struct gpm gpm, struct hpm hpm)
{
	(void)gpm;
	(void)hpm;
#ifdef VKEPT_CONTROL
	return read_root(hpm);
#else
	return read_root(gpm);
#endif
}
