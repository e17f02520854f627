/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's door between the core and what lies under it: the same names as src/base/env.h, put
 * in its place by coming first on the include path.
 *
 * Types and atomic operations are the compiler's own.  No header is needed then, and one text
 * serves every release of the kernel: the builtins compile to locked instructions whether a release
 * offers a module inlines for them or only functions to call.  An atomic operation is nothing but
 * itself here; there is no scheduler to announce it to.
 */
#ifndef VK_BASE_ENV_H
#define VK_BASE_ENV_H

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

#define NULL ((void *)0)

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
	return __atomic_compare_exchange_n(p, seen, new_value, 0, __ATOMIC_SEQ_CST,
	    __ATOMIC_SEQ_CST);
}

static inline int
vk_atomic_cas32(uint32_t *p, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	*seen = old;
	return __atomic_compare_exchange_n(p, seen, new_value, 0, __ATOMIC_SEQ_CST,
	    __ATOMIC_SEQ_CST);
}

/* One turn of a busy wait. */
static inline void
vk_pause(void)
{
	__builtin_ia32_pause();
}

#endif
