/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest-physical address is not assigned to a host-physical one: the EPT lies between them. */
#include "base/addr.h"

hpa_t frame(gpa_t gpa);

hpa_t
frame(gpa_t gpa)
{
	hpa_t hpa = vk_hpa(0);

#ifdef VKEPT_CONTROL
	hpa.v = gpa.v;
#else
	hpa = gpa;
#endif
	return hpa;
}
