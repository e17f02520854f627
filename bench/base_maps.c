/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor of listing page tables: a loop a level and a line a page, of a file whose byte OFFSET
 * is physical address 0.  Nothing is checked, but for the present and page-size bits.
 *
 *	base_maps FILE OFFSET CR3 [text]
 *
 * Lines are those of QEMU's monitor or, with "text", those of vkept.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE 45
#define TEXT_MOST 96
#define FRAME 0x3fffffffff000ull

static const unsigned char *memory;
static char buf[65536];
static size_t used;
static char pair[256][2];
static int text;

static void
put_hex(char *at, uint64_t value)
{
	int i;

	for (i = 14; i >= 0; i -= 2, value >>= 8)
		memcpy(at + i, pair[value & 0xff], 2);
}

static void
flush(void)
{
	if (write(1, buf, used) != (ssize_t)used)
		exit(3);
	used = 0;
}

static void
put_line(uint64_t va, uint64_t entry, uint64_t mask)
{
	char *at = buf + used;

	put_hex(at, va);
	at[16] = ':';
	at[17] = ' ';
	put_hex(at + 18, entry & mask);
	at[34] = ' ';
	at[35] = entry >> 63 ? 'X' : '-';
	at[36] = entry & 0x100 ? 'G' : '-';
	at[37] = entry & 0x80 ? 'P' : '-';
	at[38] = entry & 0x40 ? 'D' : '-';
	at[39] = entry & 0x20 ? 'A' : '-';
	at[40] = entry & 0x10 ? 'C' : '-';
	at[41] = entry & 0x8 ? 'T' : '-';
	at[42] = entry & 0x4 ? 'U' : '-';
	at[43] = entry & 0x2 ? 'W' : '-';
	at[44] = '\n';
	used += LINE;
}

static void
put_text(uint64_t va, uint64_t entry, uint64_t mask, uint64_t perm, int shift)
{
	static const char *const size[] = { "4K", "2M", "1G" };
	const char *name = size[(shift - 12) / 9];
	char *at = buf + used, digit[16];
	int n = 0;

	memcpy(at, "0x0000000000000000-0x0000000000000000 4K      4K     r--- --- 0x", 64);
	put_hex(at + 2, va);
	put_hex(at + 21, va + (1ull << shift));
	memcpy(at + 38, name, 2);
	memcpy(at + 46, name, 2);
	at[54] = perm & 2 ? 'w' : '-';
	at[55] = perm >> 63 ? 'x' : '-';
	at[56] = perm & 4 ? 'u' : '-';
	at[58] = entry & 0x100 ? 'G' : '-';
	at[59] = entry & 0x20 ? 'A' : '-';
	at[60] = entry & 0x40 ? 'D' : '-';
	put_hex(digit, entry & mask);
	while (n < 15 && digit[n] == '0')
		n++;
	memcpy(at + 64, digit + n, (size_t)(16 - n));
	at += 64 + 16 - n;
	if (entry & 0x8) {
		memcpy(at, " PWT", 4);
		at += 4;
	}
	if (entry & 0x10) {
		memcpy(at, " PCD", 4);
		at += 4;
	}
	*at++ = '\n';
	used = (size_t)(at - buf);
}

static void
put_page(uint64_t va, uint64_t entry, uint64_t mask, uint64_t perm, int shift)
{
	if (va >> 47 & 1)
		va |= 0xffff000000000000ull;
	if (text)
		put_text(va, entry, mask, perm & (entry ^ 1ull << 63), shift);
	else
		put_line(va, entry, mask);
	if (used > sizeof(buf) - TEXT_MOST)
		flush();
}

static void
list(uint64_t table, int shift, uint64_t va, uint64_t perm)
{
	const uint64_t *entry = (const uint64_t *)(const void *)(memory + table);
	int i;

	for (i = 0; i < 512; i++, va += 1ull << shift) {
		if (!(entry[i] & 1))
			continue;
		if (shift == 12)
			put_page(va, entry[i] & ~0x80ull, FRAME, perm, shift);
		else if (shift <= 30 && (entry[i] & 0x80))
			put_page(va, entry[i], FRAME & ~((1ull << shift) - 1), perm, shift);
		else
			list(entry[i] & FRAME, shift - 9, va, perm & (entry[i] ^ 1ull << 63));
	}
}

int
main(int argc, char **argv)
{
	static const char digit[] = "0123456789abcdef";
	struct stat st;
	const char *map;
	int fd, i;

	if (argc != 4 && argc != 5)
		return 2;
	text = argc == 5;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0)
		return 3;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return 3;
	memory = (const unsigned char *)map + strtoull(argv[2], NULL, 0);
	for (i = 0; i < 256; i++) {
		pair[i][0] = digit[i >> 4];
		pair[i][1] = digit[i & 15];
	}
	list(strtoull(argv[3], NULL, 0) & FRAME, 39, 0, ~0ull);
	flush();
	return 0;
}
