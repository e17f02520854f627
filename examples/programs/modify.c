/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that writes its own instructions, and changes them after they were executed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

typedef int (*function)(int);

static unsigned failures;

static void
check(int holds, const char *what)
{
	if (holds)
		return;
	failures++;
	printf("does not hold: %s\n", what);
}

/* lea eax, [rdi + n]; ret */
static void
write_adder(unsigned char *at, unsigned char n)
{
	const unsigned char code[] = { 0x8d, 0x47, n, 0xc3 };

	memcpy(at, code, sizeof(code));
}

static void
change_again_and_again(unsigned char *page)
{
	unsigned char n;

	for (n = 0; n < 100; n++) {
		write_adder(page, n);
		check(((function)page)(1000) == 1000 + n, "what was written last is executed");
	}
}

/* A function across the border between two pages, changed on one side and on the other. */
static void
change_across_a_border(unsigned char *pages)
{
	unsigned char *at = pages + PAGE - 2, n;

	for (n = 1; n < 50; n++) {
		write_adder(at, n);
		check(((function)at)(7) == 7 + n, "an instruction in two pages");
		at[2] = (unsigned char)(n + 50);
		check(((function)at)(7) == 57 + n, "of which the second was changed");
	}
}

/* mov byte [rip + 1], 42; mov eax, 1; ret: the store changes the instruction after it. */
static void
change_what_comes_next(unsigned char *page)
{
	static const unsigned char code[] = { 0xc6, 0x05, 0x01, 0, 0, 0, 42, 0xb8, 1, 0, 0, 0,
		0xc3 };

	memcpy(page, code, sizeof(code));
	check(((function)page)(0) == 42, "the next instruction is the changed one");
}

/* The same page writable in one place and executable in another would need a file; rights do. */
static void
change_rights_between(unsigned char *page)
{
	unsigned char n;

	for (n = 1; n < 10; n++) {
		check(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0, "writable");
		write_adder(page, n);
		check(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0, "executable");
		check(((function)page)(1) == 1 + n, "changed and executed in turn");
	}
}

int
main(void)
{
	unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	change_again_and_again(pages);
	change_across_a_border(pages);
	change_what_comes_next(pages);
	change_rights_between(pages);
	printf("%s\n", failures == 0 ? "every change was seen" : "something old was executed");
	return failures != 0;
}
