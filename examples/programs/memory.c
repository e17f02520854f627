/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory in every way that a program can have it: heap, anonymous mappings, holes, rights that
 * come and go.  Each check prints a line when it does not hold; the last line counts them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static unsigned checks, failures;

static void
check(int holds, const char *what)
{
	checks++;
	if (holds)
		return;
	failures++;
	printf("does not hold: %s\n", what);
}

static unsigned char *
map(void *at, size_t pages, int prot, int flags)
{
	return mmap(at, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static int
is_zero(const unsigned char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return 0;
	}
	return 1;
}

/* Whether the kernel can read a string there, which is to ask without a fault. */
static int
is_readable(const void *at)
{
	return access(at, F_OK) != 0 && errno != EFAULT;
}

static void
check_fresh_pages(void)
{
	unsigned char *p = map(NULL, 64, PROT_READ | PROT_WRITE, 0);
	size_t i;

	check(p != MAP_FAILED, "64 pages can be mapped");
	check(is_zero(p, 64 * PAGE), "fresh pages are zero");
	for (i = 0; i < 64; i++)
		memset(p + i * PAGE, (int)i + 1, PAGE);
	for (i = 0; i < 64; i++)
		check(p[i * PAGE] == i + 1 && p[i * PAGE + PAGE - 1] == i + 1, "bytes stay");
	check(munmap(p, 64 * PAGE) == 0, "they can be unmapped");
	check(!is_readable(p), "what is unmapped is gone");
}

static void
check_holes(void)
{
	unsigned char *p = map(NULL, 8, PROT_READ | PROT_WRITE, 0);

	memset(p, 7, 8 * PAGE);
	p[2 * PAGE - 1] = p[5 * PAGE] = '\0'; /* strings that end there */
	check(munmap(p + 2 * PAGE, 3 * PAGE) == 0, "a hole in the middle");
	check(is_readable(p + 2 * PAGE - 1) && !is_readable(p + 2 * PAGE),
	    "begins where it should");
	check(!is_readable(p + 5 * PAGE - 1) && is_readable(p + 5 * PAGE), "and ends there");
	check(map(p + 3 * PAGE, 1, PROT_READ | PROT_WRITE, MAP_FIXED) == p + 3 * PAGE,
	    "a page in the hole");
	check(is_zero(p + 3 * PAGE, PAGE), "is a fresh one");
	check(map(p, 1, PROT_READ, MAP_FIXED_NOREPLACE) == MAP_FAILED && errno == EEXIST,
	    "a page that is there is not replaced unasked");
	check(map(p, 1, PROT_READ | PROT_WRITE, MAP_FIXED) == p && p[0] == 0, "but it can be");
	check(munmap(p, 8 * PAGE) == 0, "holes do not matter to munmap");
}

static void
check_rights(void)
{
	unsigned char *p = map(NULL, 3, PROT_READ | PROT_WRITE, 0);

	memset(p, 9, 3 * PAGE);
	check(mprotect(p + PAGE, PAGE, PROT_READ) == 0, "a page becomes read-only");
	check(p[PAGE] == 9, "and can be read");
	check(mprotect(p + PAGE, PAGE, PROT_NONE) == 0, "then nothing is allowed");
	check(!is_readable(p + PAGE), "not even to the kernel");
	check(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0, "then everything again");
	check(p[PAGE] == 9 && p[2 * PAGE - 1] == 9, "with what was in it");
	p[PAGE] = 10;
	check(p[PAGE] == 10, "and it can be written");
	check(munmap(p + PAGE, PAGE) == 0 && mprotect(p, 3 * PAGE, PROT_READ) != 0 &&
	    errno == ENOMEM, "a hole is not protected");
	check(munmap(p, 3 * PAGE) == 0, "unmapped");
}

static void
check_heap(void)
{
	unsigned char *start = sbrk(0), *block;
	size_t i;

	check(sbrk(0) == start, "the heap ends somewhere");
	block = malloc(1 << 20);
	check(block != NULL, "a MiB from the heap");
	memset(block, 1, 1 << 20);
	for (i = 0; i < 8; i++) {
		unsigned char *bigger = realloc(block, (2u << 20) << i / 2);

		check(bigger != NULL && bigger[0] == 1 && bigger[(1 << 20) - 1] == 1,
		    "it grows with its bytes");
		block = bigger;
	}
	free(block);
}

static void
check_refusals(void)
{
	check(map(NULL, 0, PROT_READ, 0) == MAP_FAILED && errno == EINVAL, "nothing to map");
	check(map((void *)1, 1, PROT_READ, MAP_FIXED) == MAP_FAILED && errno == EINVAL,
	    "no page begins there");
	check(map(NULL, 1ull << 36, PROT_READ, 0) == MAP_FAILED && errno == ENOMEM,
	    "more than all addresses");
	check(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 7, 0) == MAP_FAILED && errno == EBADF,
	    "there are no files");
	check(munmap((void *)1, PAGE) != 0 && errno == EINVAL, "nor is a page unmapped there");
	check(mprotect((void *)0xffff800000000000ul, PAGE, RWX) != 0 && errno == ENOMEM,
	    "the kernel's half is not ours");
}

/* One byte a page, near and far: every level of the tables gets entries. */
static void
check_far_apart(void)
{
	static const unsigned long at[] = { 0x10000, 0x200000, 0x40000000, 0x8000000000,
		0x100000000000, 0x7ff000000000 };
	size_t i;

	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		unsigned char *p = map((void *)at[i], 1, PROT_READ | PROT_WRITE,
		    MAP_FIXED_NOREPLACE);

		check(p == (void *)at[i], "a page at an address of our own");
		if (p != MAP_FAILED)
			p[at[i] / PAGE % PAGE] = (unsigned char)i;
	}
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		unsigned char *p = (unsigned char *)at[i];

		check(p[at[i] / PAGE % PAGE] == i && munmap(p, PAGE) == 0, "each has its own");
	}
}

int
main(void)
{
	check_fresh_pages();
	check_holes();
	check_rights();
	check_heap();
	check_refusals();
	check_far_apart();
	printf("%u checks, %u failures\n", checks, failures);
	return failures != 0;
}
