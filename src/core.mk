# SPDX-License-Identifier: BSD-2-Clause
#
# The one list of the core's sources, relative to this directory.  CMake, the
# checks and a BSD make Makefile all read it, so it keeps to lines of the form
# "CORE_SRCS+= file...".  A check holds it against what is on disk.

CORE_SRCS+=	ept/ept.c ept/ept_edit.c ept/ept_exit.c ept/ept_gpm.c
CORE_SRCS+=	ept/ept_spp.c ept/memtype.c
CORE_SRCS+=	guestpt/guestpt.c guestpt/guestpt_edit.c guestpt/pmap_inval.c
CORE_SRCS+=	guestpt/vpte.c
CORE_SRCS+=	copyio/copyio.c copyio/us_string.c copyio/vk_pmap.c
CORE_SRCS+=	vmm/gate.c vmm/sync.c vmm/vmctl.c vmm/vmexit.c vmm/vminit.c
CORE_SRCS+=	vmm/vmm_history.c vmm/vmrun.c
CORE_SRCS+=	nested/nested_memory.c nested/nested_walk.c
