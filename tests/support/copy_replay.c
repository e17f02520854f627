/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A call once more, from its events.
 */
#include "support/copy_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096ul

struct replay {
	const struct umem *mem;
	uint64_t end; /* of user space; a string may come to it */
	enum copy_name name;
	const struct copy_args *args;
	unsigned char *shadow;
	size_t moved;   /* bytes of the range or value */
	uint64_t value; /* the bytes of a value */
	int ended;      /* a string */
	const unsigned char *buffer;
};

static unsigned char *
replay_at(const struct replay *r, uint64_t gpa)
{
	unsigned i;

	for (i = 0; i < r->mem->pages; i++) {
		if (r->mem->page[i].gpa == (gpa & ~(PAGE - 1)))
			return r->shadow + i * PAGE + (gpa & (PAGE - 1));
	}
	fail_msg("a page was held that is not there");
	return NULL;
}

static size_t
replay_size(const struct replay *r)
{
	const struct copy_call *call = &copy_call[r->name];

	return call->size == 0 ? (size_t)r->args->len : call->size;
}

/* The bytes that a page has to give or to take. */
static size_t
replay_piece(const struct replay *r)
{
	uint64_t at = r->args->gva + r->moved, room = PAGE - (at & (PAGE - 1));
	size_t left = replay_size(r) - r->moved;

	if (room > r->end - at)
		room = r->end - at;
	return left < room ? left : (size_t)room;
}

static void
replay_atomic(struct replay *r, unsigned char *at, size_t size)
{
	uint64_t mask = size == 8 ? ~0ull : (1ull << (8 * size)) - 1, after = r->args->value;

	memcpy(&r->value, at, size);
	if (r->name == FUWORDADD32 || r->name == FUWORDADD64)
		after += r->value;
	if ((r->name == CASU32 || r->name == CASU64) && r->value != (r->args->expected & mask))
		after = r->value;
	memcpy(at, &after, size);
}

static void
replay_page(struct replay *r, unsigned char *at)
{
	size_t piece = replay_piece(r), i;

	switch (r->name) {
	case COPYIN:
		assert_int_equal(memcmp(r->buffer + r->moved, at, piece), 0);
		break;
	case COPYOUT:
		memcpy(at, r->buffer + r->moved, piece);
		break;
	case COPYINSTR:
		for (i = 0; i < piece && !r->ended; i++) {
			assert_int_equal(r->buffer[r->moved + i], at[i]);
			r->ended = at[i] == '\0';
		}
		piece = i;
		break;
	case FUBYTE:
	case FUWORD32:
	case FUWORD64:
		memcpy((unsigned char *)&r->value + r->moved, at, piece);
		break;
	case SUBYTE:
	case SUWORD32:
	case SUWORD64:
		memcpy(at, (const unsigned char *)&r->args->value + r->moved, piece);
		break;
	default:
		replay_atomic(r, at, piece);
		break;
	}
	r->moved += piece;
}

/* A store over two pages holds the second once before it begins. */
static int
replay_is_trial(const struct replay *r, unsigned holds)
{
	const struct copy_call *call = &copy_call[r->name];

	return holds == 0 && call->size != 0 && call->acc == UMEM_W && replay_piece(r) < call->size;
}

static void
replay_events(struct replay *r)
{
	unsigned i, holds = 0;

	for (i = 0; i < r->mem->events; i++) {
		const struct umem_event *event = &r->mem->event[i];

		if (event->op == UMEM_CAS && event->status == CAS_DONE)
			memcpy(replay_at(r, event->gpa), &event->wanted, sizeof(event->wanted));
		if (event->op != UMEM_HOLD || !event->granted)
			continue;
		if (!replay_is_trial(r, holds++))
			replay_page(r, replay_at(r, event->gpa));
	}
}

static int
replay_error(const struct replay *r)
{
	if (r->name == COPYINSTR && r->ended)
		return VK_OK;
	if (r->moved < replay_size(r))
		return VK_EFAULT;
	return r->name == COPYINSTR ? VK_ENAMETOOLONG : VK_OK;
}

static void
replay_check_result(const struct replay *r, const struct copy_result *result)
{
	const struct copy_call *call = &copy_call[r->name];
	uint64_t mask = call->size == 8 ? ~0ull : (1ull << (8 * call->size)) - 1;

	assert_int_equal(result->error, replay_error(r));
	if (call->size == 0)
		assert_int_equal(result->done, r->moved);
	else if (call->acc != UMEM_W)
		assert_int_equal(
		    result->value, result->error == VK_OK ? r->value : COPY_UNTOUCHED & mask);
}

/* What was not moved to the buffer left it alone. */
static void
replay_check_rest(const struct replay *r, size_t size, unsigned char fill)
{
	size_t i = copy_call[r->name].size == 0 ? r->moved : 0;

	if (r->name == COPYOUT)
		return;
	while (i < size && r->buffer[i] == fill)
		i++;
	assert_int_equal(i, size);
}

void
copy_replay(const struct umem *mem, const struct vk_us *us, const unsigned char *before,
    enum copy_name name, const struct copy_args *args, const struct copy_result *result,
    size_t size, unsigned char fill)
{
	static unsigned char shadow[UMEM_PAGES * PAGE];
	struct replay r = {.mem = mem,
	    .end = us->end.v,
	    .name = name,
	    .args = args,
	    .shadow = shadow,
	    .buffer = args->buffer};

	memcpy(shadow, before, mem->pages * PAGE);
	replay_events(&r);
	replay_check_result(&r, result);
	replay_check_rest(&r, size, fill);
	assert_int_equal(memcmp(shadow, mem->bytes, mem->pages * PAGE), 0);
}
