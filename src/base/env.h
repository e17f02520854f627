/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one door between the core and what lies under it.
 *
 * The core takes its integer types and its atomic operations from here and from nowhere else.  This
 * is the hosted door, the one the simulator uses: every atomic operation is announced to
 * vk_env_point() before it is carried out, so that a scheduler may let another thread go first.  A
 * kernel build puts its own base/env.h earlier on the include path.
 */
#ifndef VK_BASE_ENV_H
#define VK_BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

/* On a function: its result may not be dropped without saying so. */
#define VK_MUST_CHECK __attribute__((warn_unused_result))

/* What a thread is about to do with memory that it shares with others. */
enum vk_env_op {
	VK_ENV_LOAD,
	VK_ENV_STORE,
	VK_ENV_ADD,
	VK_ENV_CHANGE, /* as an addition, but the thread does not learn the value */
	VK_ENV_SWAP,
	VK_ENV_CAS,
	VK_ENV_PAUSE
};

/*
 * Called before each atomic operation, on `where` (NULL for a pause).  Outside a simulated thread
 * it returns at once; inside one it is a scheduling point.
 */
void vk_env_point(enum vk_env_op op, const void *where);

static inline uint64_t
vk_atomic_load64(const uint64_t *p)
{
	vk_env_point(VK_ENV_LOAD, p);
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static inline void
vk_atomic_store64(uint64_t *p, uint64_t value)
{
	vk_env_point(VK_ENV_STORE, p);
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

/* As below, for callers who need not know what was there: nothing is learnt. */
static inline void
vk_atomic_plus64(uint64_t *p, uint64_t value)
{
	vk_env_point(VK_ENV_CHANGE, p);
	(void)__atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}

static inline void
vk_atomic_set64(uint64_t *p, uint64_t bits)
{
	vk_env_point(VK_ENV_CHANGE, p);
	(void)__atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
}

static inline void
vk_atomic_clear64(uint64_t *p, uint64_t bits)
{
	vk_env_point(VK_ENV_CHANGE, p);
	(void)__atomic_fetch_and(p, ~bits, __ATOMIC_SEQ_CST);
}

/* Adds modulo 2^64 and returns the value from before. */
static inline uint64_t
vk_atomic_add64(uint64_t *p, uint64_t value)
{
	vk_env_point(VK_ENV_ADD, p);
	return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t
vk_atomic_add32(uint32_t *p, uint32_t value)
{
	vk_env_point(VK_ENV_ADD, p);
	return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}

static inline uint64_t
vk_atomic_swap64(uint64_t *p, uint64_t value)
{
	vk_env_point(VK_ENV_SWAP, p);
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t
vk_atomic_swap32(uint32_t *p, uint32_t value)
{
	vk_env_point(VK_ENV_SWAP, p);
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

/* Returns non-zero when *p held `old` and now holds `new_value`; *seen gets what *p held. */
static inline int
vk_atomic_cas64(uint64_t *p, uint64_t old, uint64_t new_value, uint64_t *seen)
{
	vk_env_point(VK_ENV_CAS, p);
	*seen = old;
	return __atomic_compare_exchange_n(p, seen, new_value, 0, __ATOMIC_SEQ_CST,
	    __ATOMIC_SEQ_CST);
}

static inline int
vk_atomic_cas32(uint32_t *p, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	vk_env_point(VK_ENV_CAS, p);
	*seen = old;
	return __atomic_compare_exchange_n(p, seen, new_value, 0, __ATOMIC_SEQ_CST,
	    __ATOMIC_SEQ_CST);
}

/* One turn of a busy wait. */
static inline void
vk_pause(void)
{
	vk_env_point(VK_ENV_PAUSE, NULL);
}

#endif
