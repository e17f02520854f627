/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's door between the core and what lies under it: the same names as src/base/env.h, put
 * in its place by coming first on the include path.
 *
 * Types and atomic operations are the compiler's own.  No header is needed then, and one text
 * serves every release of the kernel: the builtins compile to locked instructions whether a release
 * offers a module inlines for them or only functions to call.  An atomic operation is nothing but
 * itself here; there is no scheduler to announce it to.
 *
 * The few files that talk to the kernel include its headers first; the types are then the kernel's,
 * which abi_check.c holds to be the same.
 */
#ifndef VK_BASE_ENV_H
#define VK_BASE_ENV_H

#ifndef _SYS_TYPES_H_
typedef __SIZE_TYPE__ size_t;
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

/*
 * A kernel has a family of these names already.  Linked into one, the core's goes by others; in a
 * module of its own that does no harm.
 */
#define std_copyin      vk_std_copyin
#define std_copyout     vk_std_copyout
#define std_copyinstr   vk_std_copyinstr
#define std_fubyte      vk_std_fubyte
#define std_subyte      vk_std_subyte
#define std_fuword32    vk_std_fuword32
#define std_fuword64    vk_std_fuword64
#define std_suword32    vk_std_suword32
#define std_suword64    vk_std_suword64
#define std_swapu32     vk_std_swapu32
#define std_swapu64     vk_std_swapu64
#define std_casu32      vk_std_casu32
#define std_casu64      vk_std_casu64
#define std_fuwordadd32 vk_std_fuwordadd32
#define std_fuwordadd64 vk_std_fuwordadd64

/* On a function: its result may not be dropped without saying so. */
#define VK_MUST_CHECK __attribute__((warn_unused_result))

static inline uint64_t
vk_atomic_load64(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void
vk_atomic_store64(uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

/* As below, for callers who need not know what was there: nothing is learnt. */
static inline void
vk_atomic_plus64(uint64_t *p, uint64_t value)
{
	(void)__atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}

static inline void
vk_atomic_set64(uint64_t *p, uint64_t bits)
{
	(void)__atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
}

static inline void
vk_atomic_clear64(uint64_t *p, uint64_t bits)
{
	(void)__atomic_fetch_and(p, ~bits, __ATOMIC_SEQ_CST);
}

/* Adds modulo 2^64 and returns the value from before. */
static inline uint64_t
vk_atomic_add64(uint64_t *p, uint64_t value)
{
	return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t
vk_atomic_add32(uint32_t *p, uint32_t value)
{
	return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}

static inline uint64_t
vk_atomic_swap64(uint64_t *p, uint64_t value)
{
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t
vk_atomic_swap32(uint32_t *p, uint32_t value)
{
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

/* Returns non-zero when *p held `old` and now holds `new_value`; *seen gets what *p held. */
static inline int
vk_atomic_cas64(uint64_t *p, uint64_t old, uint64_t new_value, uint64_t *seen)
{
	*seen = old;
	return __atomic_compare_exchange_n(
	    p, seen, new_value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline int
vk_atomic_cas32(uint32_t *p, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	*seen = old;
	return __atomic_compare_exchange_n(
	    p, seen, new_value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* One turn of a busy wait. */
static inline void
vk_pause(void)
{
	__builtin_ia32_pause();
}

#endif
