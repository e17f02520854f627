/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings and buffers that lie across page borders: in the program's own loads and stores, in the
 * library's string functions, and in what the kernel copies.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u

static unsigned failures;

static void
check(int holds, const char *what)
{
	if (holds)
		return;
	failures++;
	printf("does not hold: %s\n", what);
}

/* Two pages with nothing behind them; the place so many bytes before the border between them. */
static char *
border(size_t before)
{
	static char *pages;

	if (pages == NULL) {
		pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
		(void)munmap(pages + 2 * PAGE, PAGE);
	}
	return pages + PAGE - before;
}

static void
check_words(void)
{
	size_t before;

	for (before = 1; before < 8; before++) {
		volatile uint64_t *word = (uint64_t *)border(before);

		*word = 0x1122334455667788ull;
		check(*word == 0x1122334455667788ull, "a word across the border");
		*word += 0x0101010101010101ull;
		check(*word == 0x1223344556677889ull, "is changed as one");
		check(*(unsigned char *)border(0) == (0x1223344556677889ull >> 8 * before & 0xff),
		    "and its bytes are where they belong");
	}
}

static void
check_functions(void)
{
	static const char text[] = "a string that lies across the border of two pages";
	char copy[sizeof(text)];
	size_t before;

	for (before = 0; before <= sizeof(text); before++) {
		char *at = border(before);

		memset(at, 'x', sizeof(text) + 8);
		memcpy(at, text, sizeof(text));
		check(strlen(at) == sizeof(text) - 1 && strcmp(at, text) == 0,
		    "a string is itself");
		check(memchr(at, 'w', sizeof(text)) == at + (strchr(text, 'w') - text), "memchr");
		check(strchr(at, '!') == NULL && strrchr(at, 'a') != NULL, "strchr");
		memmove(at + 3, at, sizeof(text));
		check(memcmp(at + 3, text, sizeof(text)) == 0, "memmove forwards");
		memmove(at, at + 3, sizeof(text));
		check(strncmp(at, text, sizeof(text)) == 0, "memmove backwards");
		strcpy(copy, at);
		check(strcmp(copy, text) == 0, "strcpy");
	}
}

/* The last byte of the second page is the last that there is. */
static void
check_last_byte(void)
{
	char *end = border(0) + PAGE;

	memset(end - 16, 'y', 15);
	end[-1] = '\0';
	check(strlen(end - 16) == 15, "a string may end with its page");
	check(write(1, end - 4, 5) == 4 || errno == EFAULT, "what is beyond cannot be written out");
	check(write(1, end, 1) < 0 && errno == EFAULT, "nor what is there alone");
	end[-1] = 'y';
	check(access(end - 4, F_OK) < 0 && errno == EFAULT, "a path without end");
}

static void
check_copies(void)
{
	static const char line[] = "\nwritten from two pages\n";
	struct iovec vector[2];
	struct timespec *time;
	size_t before;

	for (before = 1; before < sizeof(line); before += 7) {
		memcpy(border(before), line, sizeof(line));
		check(write(1, border(before), sizeof(line) - 1) == sizeof(line) - 1,
		    "write copies all of it");
	}
	memcpy(border(5), line, sizeof(line));
	vector[0] = (struct iovec){ border(5), 10 };
	vector[1] = (struct iovec){ border(5) + 10, sizeof(line) - 11 };
	memcpy(border(300), vector, sizeof(vector));
	memcpy(border(0) - 20, vector, sizeof(vector));
	memcpy(border(0) + 100, line, sizeof(line));
	vector[0].iov_base = border(0) + 100;
	vector[1].iov_base = border(0) + 110;
	memcpy(border(0) - 20, vector, sizeof(vector));
	check(writev(1, (struct iovec *)(border(0) - 20), 2) == sizeof(line) - 1,
	    "writev reads its vector from two pages");
	check(getrandom(border(100), 200, 0) == 200, "getrandom fills two pages");
	time = (struct timespec *)border(4);
	time->tv_nsec = -1;
	check(clock_gettime(CLOCK_MONOTONIC, time) == 0 && time->tv_nsec >= 0,
	    "clock_gettime writes to two pages");
}

int
main(void)
{
	check_words();
	check_functions();
	check_copies();
	check_last_byte();
	printf("%s\n", failures == 0 ? "\nall strings are whole" : "\nsomething is broken");
	return failures != 0;
}
