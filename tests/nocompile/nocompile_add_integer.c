/* SPDX-License-Identifier: BSD-2-Clause */
/* No integer is added to an address: the text has to show the unit and the space. */
#include "base/addr.h"

gpa_t next_page(gpa_t gpa);

gpa_t
next_page(gpa_t gpa)
{
#ifdef VKEPT_CONTROL
	return vk_gpa(gpa.v + 4096);
#else
	return gpa + 4096;
#endif
}
