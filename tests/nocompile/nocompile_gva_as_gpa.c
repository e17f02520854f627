/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest-virtual address is not a guest-physical one: something has to translate it. */
#include "base/addr.h"

void take(gpa_t gpa);
void give(gva_t gva);

void
give(gva_t gva)
{
#ifdef VKEPT_CONTROL
	take(vk_gpa(gva.v));
#else
	take(gva);
#endif
}
