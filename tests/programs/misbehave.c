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
	{ "unmap-itself", do_unmap_itself },
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
