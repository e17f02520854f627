/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's integer types.  The name of the guard is the kernel's: base/env.h looks at it. */
#ifndef _SYS_TYPES_H_
#define _SYS_TYPES_H_

typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef unsigned long uintptr_t;
typedef unsigned long size_t;

typedef unsigned int u_int;
typedef unsigned long u_long;
typedef int64_t register_t; /* signed */
typedef uint64_t vm_offset_t;
typedef uint64_t vm_paddr_t;
typedef uint64_t pt_entry_t;

#endif
