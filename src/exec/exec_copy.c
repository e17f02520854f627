/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy goes as far as the tables lead; where they end, the page is faulted in as an access of
 * the program would have it, and the copy goes on from there.
 */
#include "exec/exec_copy.h"

#include <string.h>

enum direction { COPY_IN, COPY_OUT, COPY_STRING };

struct copy {
	struct exec_space *space;
	enum direction direction;
	uint64_t user;
	unsigned char *kernel;   /* read from with COPY_OUT, else written to */
	size_t size;
};

static const char *const names[] = { "copyin", "copyout", "copyinstr" };

/* One call of the core. */
static int
call(const struct copy *copy, size_t *done)
{
	struct machine_user user;
	struct vk_us us;

	exec_space_user(copy->space, &user, &us);
	switch (copy->direction) {
	case COPY_IN:
		return vk_copyin(&us, vk_gva(copy->user), copy->kernel, copy->size, done);
	case COPY_OUT:
		return vk_copyout(&us, copy->kernel, vk_gva(copy->user), copy->size, done);
	case COPY_STRING:
		break;
	}
	return vk_copyinstr(&us, vk_gva(copy->user), (char *)copy->kernel, copy->size, done);
}

static void
emit_copy(const struct copy *copy, int error, size_t done)
{
	struct event event = { .kind = EVENT_COPY, .name = names[copy->direction] };

	event.address = copy->user;
	event.size = copy->size;
	event.done = done;
	event.error = (unsigned)error;
	event.acc = copy->direction == COPY_OUT ? VK_ACC_W : VK_ACC_R;
	event.result = "ept";
	machine_emit(copy->space->process->machine, &event);
}

static int
copy_all(struct copy *copy, size_t *done)
{
	unsigned acc = copy->direction == COPY_OUT ? VK_ACC_W : VK_ACC_R;
	size_t total = 0, part = 0;
	bool served = false;
	int error;

	for (;;) {
		error = call(copy, &part);
		emit_copy(copy, error, part);
		total += part;
		copy->space->moved += part;
		/* A page that was brought in and cannot be used is not asked for again. */
		if (error != VK_EFAULT || (served && part == 0))
			break;
		copy->user += part;
		copy->kernel += part;
		copy->size -= part;
		part = 0;
		served = exec_space_fault(copy->space, copy->user, acc) == EXEC_FAULT_SERVED;
		if (!served)
			break;
	}
	if (done != NULL)
		*done = total;
	return error;
}

int
exec_copyin(struct exec_space *space, uint64_t from, void *to, size_t size, size_t *done)
{
	struct copy copy = { space, COPY_IN, from, to, size };

	return copy_all(&copy, done);
}

int
exec_copyout(struct exec_space *space, const void *from, uint64_t to, size_t size, size_t *done)
{
	/* copyout only reads from it. */
	struct copy copy = { space, COPY_OUT, to, (unsigned char *)(uintptr_t)from, size };

	return copy_all(&copy, done);
}

int
exec_copyinstr(struct exec_space *space, uint64_t from, char *to, size_t size, size_t *done)
{
	struct copy copy = { space, COPY_STRING, from, (unsigned char *)to, size };

	return copy_all(&copy, done);
}
