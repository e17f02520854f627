/* SPDX-License-Identifier: BSD-2-Clause */
/* A bare integer is not an address: which space it is of has to be said. */
#include "base/addr.h"

void touch(gva_t gva);
void start(void);

void
start(void)
{
#ifdef VKEPT_CONTROL
	touch(vk_gva(0x400000));
#else
	touch(0x400000);
#endif
}
