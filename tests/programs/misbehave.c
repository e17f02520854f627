/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program without a library that does what its argument names, mostly something that it should
 * not: each way out that a program under the model can take.
 */
#include <stddef.h>
#include <stdint.h>

#define KERNEL 0xffff800000100000ull /* where its vkernel has its page tables */

enum { SYS_READ, SYS_WRITE, SYS_MMAP = 9, SYS_MPROTECT, SYS_MUNMAP, SYS_BRK, SYS_GETPID = 39,
	SYS_CLONE = 56, SYS_EXIT = 60, SYS_KILL = 62, SYS_ARCH_PRCTL = 158,
	SYS_FUTEX = 202, SYS_EXIT_GROUP = 231, SYS_GETRANDOM = 318 };

static long
call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = a;
	register uint64_t r9 __asm__("r9") = a;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
	    "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return result;
}

static size_t
length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

static void
say(const char *s)
{
	(void)call(SYS_WRITE, 1, (uint64_t)(uintptr_t)s, length(s), 0);
}

static int
same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static volatile uint64_t *
word(uint64_t address)
{
	return (volatile uint64_t *)(uintptr_t)address;
}

/* --- ways to go wrong ------------------------------------------------------------------------- */

static int
overflow(int n)
{
	volatile char frame[512];

	frame[0] = (char)n;
	return n < 0 ? 0 : overflow(n + 1) + frame[0];
}

static void
do_overflow(void)
{
	(void)overflow(0);
}

static void
jump_to(uint64_t address)
{
	((void (*)(void))(uintptr_t)address)();
}

static void
do_nowhere(void)
{
	jump_to(0xdead0000);
}

static void
do_noncanonical(void)
{
	jump_to(0x8000000000000000);
}

static void
do_null(void)
{
	(void)*word(0);
}

static const uint64_t constant = 1;

static void
do_constant(void)
{
	*word((uint64_t)(uintptr_t)&constant) = 2;
}

static void
do_data(void)
{
	static uint64_t data = 0xc3; /* RET */

	jump_to((uint64_t)(uintptr_t)&data);
}

static void
do_kernel_read(void)
{
	(void)*word(KERNEL);
}

static void
do_kernel_write(void)
{
	*word(KERNEL) = 0x100067;
}

/* Every call with the kernel's addresses for arguments, but for those that end. */
static void
do_kernel_pointers(void)
{
	uint64_t at;
	long number;

	for (number = 0; number < 340; number++) {
		for (at = KERNEL; at != 0;
		    at = at == KERNEL ? 0x7fffffffffff : at == 0x7fffffffffff ? ~0ull - 7 : 0) {
			if (number == SYS_EXIT || number == SYS_EXIT_GROUP || number == SYS_MUNMAP)
				continue;
			(void)call(number, at, at, at, at);
			(void)call(number, 1, at, 64, at);
			(void)call(number, 0, at, at, 0);
		}
	}
	/* Its FS base, too, is a program's own. */
	if (call(SYS_ARCH_PRCTL, 0x1002, KERNEL, 0, 0) == -1)
		say("nobody fell for it\n");
}

static void
do_terabyte(void)
{
	long before = call(SYS_BRK, 0, 0, 0, 0);

	if (call(SYS_BRK, (uint64_t)before + (1ull << 40), 0, 0, 0) == before &&
	    call(SYS_MMAP, 0, 1ull << 40, 3, 0x22) == -12)
		say("refused\n");
}

static void
do_greedy(void)
{
	uint64_t at = (uint64_t)call(SYS_MMAP, 0, 1ull << 33, 3, 0x22), i;

	for (i = 0; i < 1ull << 33; i += 4096)
		*word(at + i) = i;
}

/* Each call moves as much as one may. */
static void
do_endless_calls(void)
{
	uint64_t at = (uint64_t)call(SYS_MMAP, 0, 1 << 20, 3, 0x22);

	for (;;)
		(void)call(SYS_GETRANDOM, at, 1 << 20, 0, 0);
}

/* All that is a program's, but for where this one is and runs. */
static void
do_unmap_all(void)
{
	uint64_t far = 0x600000000000;
	unsigned i;

	(void)call(SYS_MMAP, far, 4096, 3, 0x32);
	*word(far) = 7;
	for (i = 0; i < 100; i++)
		(void)call(SYS_MUNMAP, 0x10000000, 0x700000000000, 0, 0);
	(void)call(SYS_MMAP, far, 4096, 3, 0x22); /* there, since nothing is */
	if (*word(far) == 0)
		say("nothing left\n");
}

static void
do_endless(void)
{
	for (;;)
		__asm__ volatile("");
}

static void
do_endless_string(void)
{
	uint64_t at = (uint64_t)call(SYS_MMAP, 0, 1 << 20, 3, 0x22), count = ~0ull;

	for (;;)
		__asm__ volatile("mov $4096, %%ecx; mov %1, %%rdi; rep stosb" : "+a"(count) :
		    "r"(at) : "rcx", "rdi", "memory");
}

static void
do_float(void)
{
	__asm__ volatile("addsd %xmm1, %xmm0");
}

static void
do_x87(void)
{
	__asm__ volatile("fldz");
}

static void
do_avx(void)
{
	__asm__ volatile("vpxor %%ymm0, %%ymm0, %%ymm0" ::: "memory");
}

static void
do_ud2(void)
{
	__asm__ volatile("ud2");
}

static void
do_divide(void)
{
	__asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx");
}

static void
do_int3(void)
{
	__asm__ volatile("int3");
}

static void
do_hlt(void)
{
	__asm__ volatile("hlt");
}

static void
do_vmcall(void)
{
	__asm__ volatile("vmcall");
}

static void
do_trap(void)
{
	__asm__ volatile("sub $128, %%rsp; pushfq; orl $0x100, (%%rsp); popfq; nop" ::: "memory");
}

/* The vkernel's idiom for "just exit": any program may use it, and nothing happens. */
static void
do_flush(void)
{
	if (call(-1, 0, 0, 0, 0) == -1)
		say("flushed\n");
}

static void
do_cpuid(void)
{
	uint32_t a = 0, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	say((const char *)&(uint32_t[]){ b, d, c, '\n' });
}

static void
do_signal(void)
{
	(void)call(SYS_KILL, (uint64_t)call(SYS_GETPID, 0, 0, 0, 0), 6, 0, 0);
}

static void
do_deadlock(void)
{
	static uint32_t never;

	(void)call(SYS_FUTEX, (uint64_t)(uintptr_t)&never, 128, 0, 0);
}

static void
do_fork(void)
{
	if (call(SYS_CLONE, 17, 0, 0, 0) == -38)
		say("no fork\n");
}

static void
do_unknown_call(void)
{
	if (call(9999, 0, 0, 0, 0) == -38 && call(-2, 0, 0, 0, 0) == -38)
		say("ENOSYS\n");
}

#define PAGE 0x600000000000ull   /* one page that is mapped, and none behind it */
#define BEHIND (PAGE + 0x1000)
#define LETTERS (PAGE + 0x10000) /* a page of them and a half */
#define SOME 1                   /* whatever is no error */

enum { ESRCH = -3, EBADF = -9, EAGAIN = -11, ENOMEM = -12, EFAULT = -14, EEXIST = -17,
	ENODEV = -19, EINVAL = -22, ENOTTY = -25, ESPIPE = -29, ENAMETOOLONG = -36, ENOSYS = -38 };

/* What the calls say to arguments that are wrong in one place, or just right. */
static const struct asked {
	const char *what;
	long number;
	uint64_t a, b, c, d; /* the fifth argument is the first again */
	long expected;
} asked[] = {
	{ "write to no descriptor", 1, 3, PAGE, 1, 0, EBADF },
	{ "write from nowhere", 1, 1, BEHIND, 1ull << 40, 0, EFAULT },
	{ "write up to the end of a page", 1, 1, PAGE + 4088, 100, 0, 8 },
	{ "writev of too many", 20, 1, PAGE, 1025, 0, EINVAL },
	{ "writev whose list ends", 20, 1, PAGE + 4080, 2, 0, 8 },
	{ "writev from nowhere", 20, 1, PAGE + 128, 1, 0, EFAULT },
	{ "writev, the second from nowhere", 20, 1, PAGE + 112, 2, 0, 8 },
	{ "writev up to the end of a page", 20, 1, PAGE + 96, 2, 0, 8 },
	{ "read from no descriptor", 0, 1, PAGE, 1, 0, EBADF },
	{ "read nothing", 0, 0, PAGE, 0, 0, 0 },
	{ "read to nowhere", 0, 0, BEHIND, 1, 0, EFAULT },
	{ "ioctl", 16, 0, 0, 0, 0, ENOTTY },
	{ "ioctl of no descriptor", 16, 5, 0, 0, 0, EBADF },
	{ "lseek", 8, 0, 0, 0, 0, ESPIPE },
	{ "lseek of no descriptor", 8, 5, 0, 0, 0, EBADF },
	{ "close no descriptor", 3, 5, 0, 0, 0, EBADF },
	{ "open what has no name", 2, PAGE, 0, 0, 0, -2 },
	{ "open nowhere", 2, BEHIND, 0, 0, 0, EFAULT },
	{ "open too long a name", 2, LETTERS, 0, 0, 0, ENAMETOOLONG },
	{ "mmap of nothing", 9, 0, 0, 3, 0x22, EINVAL },
	{ "mmap with other rights", 9, 0, 4096, 8, 0x22, EINVAL },
	{ "mmap neither private nor shared", 9, 0, 4096, 3, 0x20, EINVAL },
	{ "mmap of a terminal", 9, 0, 4096, 3, 0x2, ENODEV },
	{ "mmap of no descriptor", 9, 5, 4096, 3, 0x2, EBADF },
	{ "mmap of all there is", 9, 0, ~0ull, 3, 0x22, ENOMEM },
	{ "mmap of more than there is", 9, 0, 1ull << 48, 3, 0x22, ENOMEM },
	{ "mmap at no page", 9, PAGE + 1, 4096, 3, 0x32, EINVAL },
	{ "mmap beyond the end", 9, 0x7ffffffff000, 8192, 3, 0x32, ENOMEM },
	{ "mmap over what is there, not to replace it", 9, PAGE, 4096, 3, 0x100022, EEXIST },
	{ "mmap near what is there", 9, PAGE, 4096, 3, 0x22, SOME },
	{ "mmap near the stack", 9, 0x7fffffff0000, 4096, 3, 0x22, SOME },
	{ "mmap near no address", 9, 0xfffffffffffff000, 4096, 3, 0x22, SOME },
	{ "munmap of nothing", 11, PAGE, 0, 0, 0, EINVAL },
	{ "munmap at no page", 11, PAGE + 1, 1, 0, 0, EINVAL },
	{ "mprotect with other rights", 10, PAGE, 4096, 8, 0, EINVAL },
	{ "mprotect at no page", 10, PAGE + 1, 4096, 1, 0, EINVAL },
	{ "mprotect of all there is", 10, PAGE, ~0ull, 1, 0, ENOMEM },
	{ "mprotect of what is not there", 10, BEHIND, 4096, 1, 0, ENOMEM },
	{ "set GS base", 158, 0x1001, 0x1234, 0, 0, 0 },
	{ "get GS base", 158, 0x1004, PAGE, 0, 0, 0 },
	{ "get FS base", 158, 0x1003, PAGE + 8, 0, 0, 0 },
	{ "get FS base to nowhere", 158, 0x1003, BEHIND, 0, 0, EFAULT },
	{ "another arch_prctl", 158, 9, 0, 0, 0, EINVAL },
	{ "a thread with the kernel's FS base", 56, 1ull << 47 | 0x90100, 0, 0, 0, -1 },
	{ "a thread that there is no vCPU for", 56, 0x10100, 0, 0, 0, EAGAIN },
	{ "futex at no word", 202, PAGE + 1, 0, 0, 0, EINVAL },
	{ "futex for some time", 202, PAGE, 0, 0, 1, ENOSYS },
	{ "futex nowhere", 202, BEHIND, 0, 0, 0, EFAULT },
	{ "futex of another value", 202, PAGE + 8, 128, 7, 0, EAGAIN },
	{ "futex wakes nobody", 202, PAGE, 1, 1, 0, 0 },
	{ "futex moves nobody", 202, PAGE, 3, 1, 1, 0 },
	{ "another futex", 202, PAGE, 9, 0, 0, ENOSYS },
	{ "kill another", 62, 2, 9, 0, 0, ESRCH },
	{ "tkill another", 200, 999, 9, 0, 0, ESRCH },
	{ "tgkill another", 234, 1, 999, 9, 0, ESRCH },
	{ "a clock that is none", 228, 12, PAGE, 0, 0, EINVAL },
	{ "a clock read to nowhere", 228, 0, BEHIND, 0, 0, EFAULT },
	{ "the time of day to nobody", 96, 0, 0, 0, 0, 0 },
	{ "sleep for nowhere", 35, BEHIND, 0, 0, 0, EFAULT },
	{ "sleep for too long", 35, PAGE + 32, 0, 0, 0, EINVAL },
	{ "sleep for too many nanoseconds", 35, PAGE + 48, 0, 0, 0, EINVAL },
	{ "sleep", 35, PAGE + 64, 0, 0, 0, 0 },
	{ "sleep by a clock", 230, 0, 0, PAGE + 64, 0, 0 },
	{ "sleep until", 230, 0, 1, PAGE + 64, 0, ENOSYS },
	{ "random bytes for nowhere", 318, BEHIND, 8, 0, 0, EFAULT },
	{ "random bytes up to the end of a page", 318, PAGE, 1 << 20, 0, 0, 4096 },
};

static void
put_words(void)
{
	static const char dots[] = "......\n";
	unsigned i;

	(void)call(SYS_MMAP, PAGE, 4096, 3, 0x32);
	(void)call(SYS_MMAP, LETTERS, 8192, 3, 0x32);
	for (i = 0; i < 6144; i += 8)
		*word(LETTERS + i) = 0x6161616161616161;
	*word(PAGE + 32) = ~0ull;        /* seconds and nanoseconds */
	*word(PAGE + 56) = 2000000000;
	*word(PAGE + 72) = 5;
	*word(PAGE + 96) = PAGE + 4088;  /* a list of addresses and sizes */
	*word(PAGE + 104) = 100;
	*word(PAGE + 112) = (uint64_t)(uintptr_t)dots;
	*word(PAGE + 120) = 8;
	*word(PAGE + 128) = BEHIND;
	*word(PAGE + 136) = 8;
	*word(PAGE + 4080) = (uint64_t)(uintptr_t)dots;
	*word(PAGE + 4088) = 8;
}

static void
do_calls(void)
{
	uint64_t end = (uint64_t)call(SYS_BRK, 0, 0, 0, 0);
	size_t i;

	put_words();
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		const struct asked *one = &asked[i];
		long result = call(one->number, one->a, one->b, one->c, one->d);

		if (one->expected == SOME ? result <= 0 : result != one->expected) {
			say("wrong: ");
			say(one->what);
			say("\n");
		}
	}
	if (call(SYS_BRK, end + 8192, 0, 0, 0) != (long)(end + 8192) ||
	    call(SYS_BRK, end + 100, 0, 0, 0) != (long)(end + 100) ||
	    call(SYS_BRK, end + 50, 0, 0, 0) != (long)(end + 50))
		say("wrong: brk\n");
	say("all asked\n");
}

/* More than anybody keeps. */
static void
do_floods(void)
{
	uint64_t at = (uint64_t)call(SYS_MMAP, 0, 1 << 20, 3, 0x22);
	unsigned i;

	for (i = 0; i < 17; i++)
		(void)call(SYS_WRITE, 1, at, 1 << 20, 0);
}

/* A thread is not made when its number cannot be told. */
static void
do_clone_nowhere(void)
{
	if (call(SYS_CLONE, 0x110100, PAGE, BEHIND, 0) == EFAULT &&
	    call(SYS_CLONE, 0x1010100, PAGE, 0, BEHIND) == EFAULT)
		say("nobody came\n");
}

/* What is read is written. */
static void
do_echo(void)
{
	static char bytes[100];
	long size;

	while ((size = call(SYS_READ, 0, (uint64_t)(uintptr_t)bytes, sizeof(bytes), 0)) > 0)
		(void)call(SYS_WRITE, 1, (uint64_t)(uintptr_t)bytes, (uint64_t)size, 0);
}

static void
do_unmap_itself(void)
{
	(void)call(SYS_MUNMAP, (uint64_t)(uintptr_t)do_unmap_itself & ~0xfffull, 4096, 0, 0);
	say("still here\n");
}

struct way {
	const char *name;
	void (*go)(void);
};

static const struct way ways[] = {
	{ "overflow", do_overflow }, { "nowhere", do_nowhere },
	{ "noncanonical", do_noncanonical }, { "null", do_null }, { "constant", do_constant },
	{ "data", do_data }, { "kernel-read", do_kernel_read },
	{ "kernel-write", do_kernel_write }, { "kernel-pointers", do_kernel_pointers },
	{ "terabyte", do_terabyte }, { "greedy", do_greedy }, { "endless", do_endless },
	{ "endless-calls", do_endless_calls }, { "unmap-all", do_unmap_all },
	{ "endless-string", do_endless_string }, { "float", do_float }, { "x87", do_x87 },
	{ "avx", do_avx }, { "ud2", do_ud2 }, { "divide", do_divide }, { "int3", do_int3 },
	{ "hlt", do_hlt }, { "vmcall", do_vmcall }, { "trap", do_trap }, { "flush", do_flush },
	{ "cpuid", do_cpuid }, { "signal", do_signal }, { "deadlock", do_deadlock },
	{ "fork", do_fork }, { "unknown-call", do_unknown_call }, { "echo", do_echo },
	{ "unmap-itself", do_unmap_itself }, { "calls", do_calls },
	{ "clone-nowhere", do_clone_nowhere }, { "floods", do_floods },
};

/* The stack as the kernel made it: argc, argv. */
void program_main(const uint64_t *stack);

void
program_main(const uint64_t *stack)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && stack[0] > 1; i++) {
		if (same((const char *)(uintptr_t)stack[2], ways[i].name))
			ways[i].go();
	}
	(void)call(SYS_EXIT, 42, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall program_main\n");
