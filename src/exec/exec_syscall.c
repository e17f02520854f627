/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls, by table: Linux' numbers and conventions on x86-64, which is what programs linked
 * with musl ask for.
 *
 * There are a console, a clock that counts instructions, random numbers by seed, memory and
 * threads. There are no files and no signals.  Whatever is not in the table is answered with
 * ENOSYS.
 */
#include <string.h>

#include "exec/exec_copy.h"
#include "exec/exec_process.h"
#include "sim/random_numbers.h"

/* Results are the kernel's: an error as its negative number. */
enum {
	CALL_EPERM = -1,
	CALL_ENOENT = -2,
	CALL_ESRCH = -3,
	CALL_EIO = -5,
	CALL_EBADF = -9,
	CALL_EAGAIN = -11,
	CALL_ENOMEM = -12,
	CALL_EFAULT = -14,
	CALL_EEXIST = -17,
	CALL_ENODEV = -19,
	CALL_EINVAL = -22,
	CALL_ENOTTY = -25,
	CALL_ESPIPE = -29,
	CALL_ENAMETOOLONG = -36,
	CALL_ENOSYS = -38
};

struct call {
	struct exec_thread *thread;
	struct exec_process *process;
	struct exec_space *space;
	uint64_t arg[6];
};

#define CHUNK 4096u
#define IO_MAX 0x7ffff000ull /* bytes of one call */

static uint64_t
page_up(uint64_t address)
{
	return (address + VK_PAGE_OFFSET_MASK) & ~(uint64_t)VK_PAGE_OFFSET_MASK;
}

static struct machine_thread *
machine_of(const struct call *call)
{
	return call->thread->cpu.machine;
}

/* Copies a word or a few out; the result of the call. */
static int64_t
give(const struct call *call, uint64_t to, const void *bytes, size_t size)
{
	return exec_copyout(call->space, bytes, to, size, NULL) == VK_OK ? 0 : CALL_EFAULT;
}

/* --- the console ------------------------------------------------------------------------------ */

static bool
output(const struct call *call, const void *bytes, size_t size)
{
	const struct exec_world *world = &call->process->world;
	struct event event = { .kind = EVENT_CONSOLE, .bytes = bytes, .size = size };

	machine_emit(call->process->machine, &event);
	return world->output == NULL ||
	    world->output(world->ctx, (unsigned)call->arg[0], bytes, size);
}

/* Writes bytes of the program; the count that went out, or an error when none did. */
static int64_t
write_bytes(const struct call *call, uint64_t from, uint64_t size)
{
	unsigned char bytes[CHUNK];
	uint64_t total = 0;

	if (call->arg[0] != 1 && call->arg[0] != 2)
		return CALL_EBADF;
	if (size > IO_MAX)
		size = IO_MAX;
	while (total < size) {
		size_t part = size - total < CHUNK ? (size_t)(size - total) : CHUNK, done;
		int error = exec_copyin(call->space, from + total, bytes, part, &done);

		if (done != 0 && !output(call, bytes, done))
			return CALL_EIO;
		total += done;
		if (error != VK_OK)
			return total != 0 ? (int64_t)total : CALL_EFAULT;
	}
	return (int64_t)total;
}

static int64_t
call_write(struct call *call)
{
	return write_bytes(call, call->arg[1], call->arg[2]);
}

#define IOVECS_MAX 1024u

static int64_t
call_writev(struct call *call)
{
	uint64_t i, total = 0;

	if (call->arg[2] > IOVECS_MAX)
		return CALL_EINVAL;
	for (i = 0; i < call->arg[2]; i++) {
		uint64_t vector[2];
		int64_t done;

		if (exec_copyin(call->space, call->arg[1] + 16 * i, vector, sizeof(vector), NULL) !=
		    VK_OK)
			return total != 0 ? (int64_t)total : CALL_EFAULT;
		done = write_bytes(call, vector[0], vector[1]);
		if (done < 0)
			return total != 0 ? (int64_t)total : done;
		total += (uint64_t)done;
		if ((uint64_t)done != vector[1])
			break;
	}
	return (int64_t)total;
}

/* Input that cannot be delivered is lost. */
static int64_t
call_read(struct call *call)
{
	const struct exec_world *world = &call->process->world;
	unsigned char bytes[CHUNK];
	size_t size = call->arg[2] < CHUNK ? (size_t)call->arg[2] : CHUNK;

	if (call->arg[0] != 0)
		return CALL_EBADF;
	if (size == 0 || world->input == NULL)
		return 0;
	size = world->input(world->ctx, bytes, size);
	return give(call, call->arg[1], bytes, size) == 0 ? (int64_t)size : CALL_EFAULT;
}

static int64_t
call_ioctl(struct call *call)
{
	return call->arg[0] < 3 ? CALL_ENOTTY : CALL_EBADF;
}

static int64_t
call_lseek(struct call *call)
{
	return call->arg[0] < 3 ? CALL_ESPIPE : CALL_EBADF;
}

static int64_t
call_close(struct call *call)
{
	return call->arg[0] < 3 ? 0 : CALL_EBADF;
}

#define PATH_SIZE 4096u

/* A name of a file: there are none. */
static int64_t
look_up(const struct call *call, uint64_t path)
{
	char name[PATH_SIZE];

	switch (exec_copyinstr(call->space, path, name, sizeof(name), NULL)) {
	case VK_OK:
		return CALL_ENOENT;
	case VK_ENAMETOOLONG:
		return CALL_ENAMETOOLONG;
	default:
		return CALL_EFAULT;
	}
}

static int64_t
call_path(struct call *call)
{
	return look_up(call, call->arg[0]);
}

static int64_t
call_path_at(struct call *call)
{
	return look_up(call, call->arg[1]);
}

/* --- memory ----------------------------------------------------------------------------------- */

#define MAP_SHARED 1u
#define MAP_PRIVATE 2u
#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_FIXED_NOREPLACE 0x100000u
#define PROT_ALL 7u

/* Mappings go below the stack and what is kept free for it to run over. */
#define MMAP_LOW 0x10000ull
#define MMAP_HIGH (EXEC_USER_END - 0x1000 - EXEC_STACK_SIZE - (1ull << 30))

static bool
is_user_range(uint64_t start, uint64_t size)
{
	return (start & VK_PAGE_OFFSET_MASK) == 0 && size <= EXEC_USER_END &&
	    start <= EXEC_USER_END - size;
}

/* Where a mapping goes; 0: nowhere. */
static uint64_t
place_mapping(const struct call *call, uint64_t hint, uint64_t size)
{
	const struct exec_map *map = &call->space->map;

	if (hint >= MMAP_LOW && is_user_range(hint, size) && hint + size <= MMAP_HIGH &&
	    exec_map_is_free(map, hint, hint + size))
		return hint;
	return exec_map_gap(map, MMAP_LOW, MMAP_HIGH, size);
}

static int64_t
result_of(enum exec_map_status status)
{
	static const int64_t results[] = {
		[EXEC_MAP_DONE] = 0,
		[EXEC_MAP_NO_MEMORY] = CALL_ENOMEM,
		[EXEC_MAP_TAKEN] = CALL_EEXIST,
		[EXEC_MAP_HOLES] = CALL_ENOMEM,
	};

	return results[status];
}

static int64_t
add_mapping(const struct call *call, uint64_t start, uint64_t size)
{
	struct exec_area area = { .start = start, .end = start + size,
		.prot = (unsigned)call->arg[2] };
	int64_t result = result_of(exec_space_add(call->space, &area));

	return result != 0 ? result : (int64_t)start;
}

static int64_t
call_mmap(struct call *call)
{
	uint64_t start = call->arg[0], size = page_up(call->arg[1]), flags = call->arg[3];
	int64_t result;

	if (call->arg[1] == 0 || (call->arg[2] & ~(uint64_t)PROT_ALL) != 0 ||
	    (flags & (MAP_SHARED | MAP_PRIVATE)) == 0)
		return CALL_EINVAL;
	if (!(flags & MAP_ANONYMOUS))
		return call->arg[4] < 3 ? CALL_ENODEV : CALL_EBADF;
	if (size < call->arg[1])
		return CALL_ENOMEM;
	if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		start = place_mapping(call, start & ~(uint64_t)VK_PAGE_OFFSET_MASK, size);
		return start == 0 ? CALL_ENOMEM : add_mapping(call, start, size);
	}
	if (!is_user_range(start, size))
		return (start & VK_PAGE_OFFSET_MASK) != 0 ? CALL_EINVAL : CALL_ENOMEM;
	if (!(flags & MAP_FIXED_NOREPLACE)) {
		result = result_of(exec_space_unmap(call->space, machine_of(call), start,
		    start + size));
		if (result != 0)
			return result;
	}
	return add_mapping(call, start, size);
}

static int64_t
call_munmap(struct call *call)
{
	uint64_t size = page_up(call->arg[1]);

	if (size == 0 || !is_user_range(call->arg[0], size))
		return CALL_EINVAL;
	return result_of(exec_space_unmap(call->space, machine_of(call), call->arg[0],
	    call->arg[0] + size));
}

static int64_t
call_mprotect(struct call *call)
{
	uint64_t size = page_up(call->arg[1]);

	if ((call->arg[2] & ~(uint64_t)PROT_ALL) != 0 ||
	    (call->arg[0] & VK_PAGE_OFFSET_MASK) != 0)
		return CALL_EINVAL;
	if (size < call->arg[1] || !is_user_range(call->arg[0], size))
		return CALL_ENOMEM;
	return result_of(exec_space_protect(call->space, machine_of(call), call->arg[0],
	    call->arg[0] + size, (unsigned)call->arg[2]));
}

/* The new end of the heap, or the old one when it cannot be had. */
static int64_t
call_brk(struct call *call)
{
	struct exec_space *space = call->space;
	uint64_t wanted = call->arg[0], from = page_up(space->brk), to = page_up(wanted);
	struct exec_area area = { .start = from, .end = to, .prot = EXEC_R | EXEC_W };

	if (wanted < space->brk_start || wanted > MMAP_HIGH)
		return (int64_t)space->brk;
	if (to > from && exec_space_add(space, &area) != EXEC_MAP_DONE)
		return (int64_t)space->brk;
	if (to < from && exec_space_unmap(space, machine_of(call), to, from) != EXEC_MAP_DONE)
		return (int64_t)space->brk;
	space->brk = wanted;
	return (int64_t)wanted;
}

/* --- threads ---------------------------------------------------------------------------------- */

#define ARCH_SET_GS 0x1001u
#define ARCH_SET_FS 0x1002u
#define ARCH_GET_FS 0x1003u
#define ARCH_GET_GS 0x1004u

static int64_t
call_arch_prctl(struct call *call)
{
	uint64_t *reg = call->thread->cpu.x86.reg;
	unsigned place = call->arg[0] == ARCH_SET_FS || call->arg[0] == ARCH_GET_FS ? X86_FS_BASE :
	    X86_GS_BASE;

	switch (call->arg[0]) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (call->arg[1] >= EXEC_USER_END)
			return CALL_EPERM;
		reg[place] = call->arg[1];
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return give(call, call->arg[1], &reg[place], 8);
	default:
		return CALL_EINVAL;
	}
}

static int64_t
call_set_tid_address(struct call *call)
{
	call->thread->clear_tid = call->arg[0];
	return call->thread->tid;
}

static int64_t
call_gettid(struct call *call)
{
	return call->thread->tid;
}

static int64_t
call_getpid(struct call *call)
{
	(void)call;
	return EXEC_PID;
}

static int64_t
call_nothing(struct call *call)
{
	(void)call;
	return 0;
}

#define CLONE_VM 0x100u
#define CLONE_THREAD 0x10000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_CHILD_SETTID 0x1000000u

static struct exec_thread *
find_idle(struct exec_process *process)
{
	unsigned i;

	for (i = 0; i < process->threads; i++) {
		if (process->thread[i].state == EXEC_IDLE)
			return &process->thread[i];
	}
	return NULL;
}

/* The registers of the caller, behind the call, with 0 for a result. */
static void
copy_registers(struct exec_thread *child, const struct exec_thread *parent)
{
	struct x86_cpu *to = &child->cpu.x86;
	const struct x86_cpu *from = &parent->cpu.x86;

	memcpy(to->reg, from->reg, sizeof(to->reg));
	memcpy(to->xmm, from->xmm, sizeof(to->xmm));
	to->flags = from->flags;
	to->other_flags = from->other_flags;
	to->mxcsr = from->mxcsr;
	to->reg[X86_RAX] = 0;
	to->reg[X86_RIP] = parent->cpu.machine->rip.v;
	child->created = true;
}

/* Arguments: flags, stack, where the parent wants the number, where the child does, FS base. */
static int64_t
call_clone(struct call *call)
{
	uint64_t flags = call->arg[0];
	struct exec_thread *child;
	uint32_t tid = call->process->next_tid;

	if ((flags & (CLONE_VM | CLONE_THREAD)) != (CLONE_VM | CLONE_THREAD))
		return CALL_ENOSYS;
	if ((flags & CLONE_SETTLS) && call->arg[4] >= EXEC_USER_END)
		return CALL_EPERM;
	child = find_idle(call->process);
	if (child == NULL)
		return CALL_EAGAIN;
	if (((flags & CLONE_PARENT_SETTID) && give(call, call->arg[2], &tid, 4) != 0) ||
	    ((flags & CLONE_CHILD_SETTID) && give(call, call->arg[3], &tid, 4) != 0))
		return CALL_EFAULT;
	copy_registers(child, call->thread);
	if (call->arg[1] != 0)
		child->cpu.x86.reg[X86_RSP] = call->arg[1];
	if (flags & CLONE_SETTLS)
		child->cpu.x86.reg[X86_FS_BASE] = call->arg[4];
	child->clear_tid = flags & CLONE_CHILD_CLEARTID ? call->arg[3] : 0;
	child->tid = tid;
	child->state = EXEC_RUNNABLE;
	call->process->next_tid++;
	return tid;
}

/* Wakes up to `count` threads that wait for a word. */
static int64_t
wake(struct exec_process *process, uint64_t address, uint64_t count)
{
	int64_t woken = 0;
	unsigned i;

	for (i = 0; i < process->threads && (uint64_t)woken < count; i++) {
		struct exec_thread *thread = &process->thread[i];

		if (thread->state == EXEC_WAITING && thread->futex == address) {
			thread->state = EXEC_RUNNABLE;
			woken++;
		}
	}
	return woken;
}

/* Those that still wait for one word wait for another from now on. */
static void
requeue(struct exec_process *process, uint64_t from, uint64_t to, uint64_t count)
{
	unsigned i;

	for (i = 0; i < process->threads && count > 0; i++) {
		struct exec_thread *thread = &process->thread[i];

		if (thread->state == EXEC_WAITING && thread->futex == from) {
			thread->futex = to;
			count--;
		}
	}
}

/* It waits from before the word is looked at: whoever changes it then wakes it. */
static int64_t
futex_wait(struct call *call)
{
	struct exec_thread *thread = call->thread;
	uint32_t value = 0;

	thread->futex = call->arg[0];
	thread->state = EXEC_WAITING;
	if (exec_copyin(call->space, call->arg[0], &value, 4, NULL) != VK_OK) {
		thread->state = EXEC_RUNNABLE;
		return CALL_EFAULT;
	}
	if (value == (uint32_t)call->arg[2])
		return 0;
	thread->state = EXEC_RUNNABLE;
	return CALL_EAGAIN;
}

#define FUTEX_WAIT 0u
#define FUTEX_WAKE 1u
#define FUTEX_REQUEUE 3u
#define FUTEX_PRIVATE 128u

static int64_t
call_futex(struct call *call)
{
	int64_t woken;

	if (call->arg[0] & 3)
		return CALL_EINVAL;
	switch (call->arg[1] & ~(uint64_t)FUTEX_PRIVATE) {
	case FUTEX_WAIT:
		return call->arg[3] != 0 ? CALL_ENOSYS : futex_wait(call);
	case FUTEX_WAKE:
		return wake(call->process, call->arg[0], (uint32_t)call->arg[2]);
	case FUTEX_REQUEUE:
		woken = wake(call->process, call->arg[0], (uint32_t)call->arg[2]);
		requeue(call->process, call->arg[0], call->arg[4], (uint32_t)call->arg[3]);
		return woken;
	default:
		return CALL_ENOSYS;
	}
}

void
exec_thread_exit(struct exec_thread *thread)
{
	struct exec_process *process = thread->process;
	uint32_t zero = 0;

	thread->state = EXEC_DONE;
	if (thread->clear_tid != 0 && exec_copyout(&process->space, &zero, thread->clear_tid,
	    sizeof(zero), NULL) == VK_OK)
		(void)wake(process, thread->clear_tid, 1);
	thread->clear_tid = 0;
}

static unsigned
threads_alive(const struct exec_process *process)
{
	unsigned alive = 0, i;

	for (i = 0; i < process->threads; i++)
		alive += process->thread[i].state == EXEC_RUNNABLE ||
		    process->thread[i].state == EXEC_WAITING;
	return alive;
}

static int64_t
call_exit(struct call *call)
{
	if (threads_alive(call->process) == 1)
		exec_process_exit(call->process, (int)(call->arg[0] & 0xff));
	exec_thread_exit(call->thread);
	return 0;
}

static int64_t
call_exit_group(struct call *call)
{
	exec_process_exit(call->process, (int)(call->arg[0] & 0xff));
	return 0;
}

/* A signal to oneself is the end; there is nobody else. */
static int64_t
send_signal(const struct call *call, uint64_t signal)
{
	struct exec_end end = { .kind = EXEC_END_SIGNAL, .status = (int)signal,
		.tid = call->thread->tid, .rip = machine_of(call)->rip.v };

	if (signal > 64)
		return CALL_EINVAL;
	if (signal != 0)
		exec_process_end(call->process, &end);
	return 0;
}

static int64_t
call_kill(struct call *call)
{
	return call->arg[0] != EXEC_PID ? CALL_ESRCH : send_signal(call, call->arg[1]);
}

static int64_t
call_tkill(struct call *call)
{
	return call->arg[0] != call->thread->tid ? CALL_ESRCH : send_signal(call, call->arg[1]);
}

static int64_t
call_tgkill(struct call *call)
{
	return call->arg[1] != call->thread->tid ? CALL_ESRCH : send_signal(call, call->arg[2]);
}

/* --- time and chance -------------------------------------------------------------------------- */

#define SECOND 1000000000ull

/* A nanosecond for each instruction, and what was slept. */
static uint64_t
now(const struct call *call)
{
	return exec_process_retired(call->process) + call->process->slept;
}

static int64_t
call_clock_gettime(struct call *call)
{
	uint64_t time[2] = { now(call) / SECOND, now(call) % SECOND };

	if (call->arg[0] > 11)
		return CALL_EINVAL;
	return give(call, call->arg[1], time, sizeof(time));
}

static int64_t
call_gettimeofday(struct call *call)
{
	uint64_t time[2] = { now(call) / SECOND, now(call) % SECOND / 1000 };

	return call->arg[0] == 0 ? 0 : give(call, call->arg[0], time, sizeof(time));
}

static int64_t
sleep_for(struct call *call, uint64_t from)
{
	uint64_t time[2];

	if (exec_copyin(call->space, from, time, sizeof(time), NULL) != VK_OK)
		return CALL_EFAULT;
	if (time[0] > UINT64_MAX / SECOND / 4 || time[1] >= SECOND)
		return CALL_EINVAL;
	call->process->slept += time[0] * SECOND + time[1];
	return 0;
}

static int64_t
call_nanosleep(struct call *call)
{
	return sleep_for(call, call->arg[0]);
}

static int64_t
call_clock_nanosleep(struct call *call)
{
	return call->arg[1] != 0 ? CALL_ENOSYS : sleep_for(call, call->arg[2]);
}

static int64_t
call_getrandom(struct call *call)
{
	uint64_t size = call->arg[1] < IO_MAX ? call->arg[1] : IO_MAX, done;
	uint64_t value[CHUNK / 8];
	size_t i;

	for (done = 0; done < size; done += sizeof(value)) {
		size_t part = size - done < CHUNK ? (size_t)(size - done) : CHUNK;

		for (i = 0; 8 * i < part; i++)
			value[i] = random_splitmix(&call->process->random);
		if (give(call, call->arg[0] + done, value, part) != 0)
			return done != 0 ? (int64_t)done : CALL_EFAULT;
	}
	return (int64_t)size;
}

/* --- the table -------------------------------------------------------------------------------- */

struct call_row {
	const char *name;
	int64_t (*run)(struct call *call);
};

static const struct call_row rows[] = {
	[0] = { "read", call_read },
	[1] = { "write", call_write },
	[2] = { "open", call_path },
	[3] = { "close", call_close },
	[4] = { "stat", call_path },
	[6] = { "lstat", call_path },
	[8] = { "lseek", call_lseek },
	[9] = { "mmap", call_mmap },
	[10] = { "mprotect", call_mprotect },
	[11] = { "munmap", call_munmap },
	[12] = { "brk", call_brk },
	[14] = { "rt_sigprocmask", call_nothing },
	[16] = { "ioctl", call_ioctl },
	[20] = { "writev", call_writev },
	[21] = { "access", call_path },
	[24] = { "sched_yield", call_nothing },
	[35] = { "nanosleep", call_nanosleep },
	[39] = { "getpid", call_getpid },
	[56] = { "clone", call_clone },
	[60] = { "exit", call_exit },
	[62] = { "kill", call_kill },
	[89] = { "readlink", call_path },
	[96] = { "gettimeofday", call_gettimeofday },
	[102] = { "getuid", call_nothing },
	[104] = { "getgid", call_nothing },
	[107] = { "geteuid", call_nothing },
	[108] = { "getegid", call_nothing },
	[158] = { "arch_prctl", call_arch_prctl },
	[186] = { "gettid", call_gettid },
	[200] = { "tkill", call_tkill },
	[202] = { "futex", call_futex },
	[218] = { "set_tid_address", call_set_tid_address },
	[228] = { "clock_gettime", call_clock_gettime },
	[230] = { "clock_nanosleep", call_clock_nanosleep },
	[231] = { "exit_group", call_exit_group },
	[234] = { "tgkill", call_tgkill },
	[257] = { "openat", call_path_at },
	[262] = { "newfstatat", call_path_at },
	[318] = { "getrandom", call_getrandom },
};

static const char *
error_name(int64_t result)
{
	static const char *const names[] = {
		[-CALL_EPERM] = "EPERM", [-CALL_ENOENT] = "ENOENT", [-CALL_ESRCH] = "ESRCH",
		[-CALL_EIO] = "EIO", [-CALL_EBADF] = "EBADF", [-CALL_EAGAIN] = "EAGAIN",
		[-CALL_ENOMEM] = "ENOMEM", [-CALL_EFAULT] = "EFAULT", [-CALL_EEXIST] = "EEXIST",
		[-CALL_ENODEV] = "ENODEV", [-CALL_EINVAL] = "EINVAL", [-CALL_ENOTTY] = "ENOTTY",
		[-CALL_ESPIPE] = "ESPIPE", [-CALL_ENAMETOOLONG] = "ENAMETOOLONG",
		[-CALL_ENOSYS] = "ENOSYS",
	};

	return result < 0 && result >= CALL_ENOSYS ? names[-result] : "ok";
}

void
exec_syscall(struct exec_thread *thread)
{
	static const unsigned char order[] = { X86_RDI, X86_RSI, X86_RDX, X86_R10, X86_R8, X86_R9 };
	uint64_t *reg = thread->cpu.x86.reg, number = reg[X86_RAX];
	struct call call = { thread, thread->process, &thread->process->space, { 0 } };
	struct event event = { .kind = EVENT_CALL, .name = "system call" };
	int64_t result = CALL_ENOSYS;
	unsigned i;

	thread->process->calls++;
	for (i = 0; i < 6; i++)
		call.arg[i] = reg[order[i]];
	/* What SYSCALL leaves behind where it is executed. */
	reg[X86_RCX] = thread->cpu.machine->rip.v;
	reg[X86_R11] = x86_rflags(&thread->cpu.x86);
	if (number < sizeof(rows) / sizeof(rows[0]) && rows[number].run != NULL) {
		event.name = rows[number].name;
		result = rows[number].run(&call);
	}
	reg[X86_RAX] = (uint64_t)result;
	event.address = number;
	event.value = (uint64_t)result;
	event.result = error_name(result);
	machine_emit(thread->process->machine, &event);
}
