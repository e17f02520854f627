/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that wish the vkernel ill: any bytes as a file, as code, or as system calls with
 * arguments that point to kernels, to nowhere, and over the edges of what is mapped.
 *
 * Whatever comes, the run ends within its limits, with an end that can be told, and is the same
 * when it is made again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"
#include "report/report_exec.h"

#define MIB (1ull << 20)
#define BASE 0x400000ull
#define HEADERS 120u /* of the file, and of its segment */
#define FILE_SIZE 16384u
#define INSTRUCTIONS 60000u /* an exit counts as 1000 of them */
#define OUTPUT_MAX MIB

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct made {
	unsigned char file[FILE_SIZE];
	size_t size;
};

static void
check(int condition)
{
	if (!condition)
		abort();
}

static void
put(struct made *made, const void *bytes, size_t size)
{
	if (size > FILE_SIZE - made->size)
		size = FILE_SIZE - made->size;
	memcpy(made->file + made->size, bytes, size);
	made->size += size;
}

static void
put_word(unsigned char *at, uint64_t value, unsigned size)
{
	memcpy(at, &value, size);
}

/* Headers of a file that is one segment, readable, writable and executable, and starts behind. */
static void
begin_file(struct made *made)
{
	unsigned char *h = made->file;

	memset(made, 0, sizeof(*made));
	memcpy(h, "\177ELF\2\1\1", 7);
	put_word(h + 16, 2, 2);               /* e_type: executable */
	put_word(h + 18, 62, 2);              /* e_machine */
	put_word(h + 20, 1, 4);
	put_word(h + 24, BASE + HEADERS, 8);  /* e_entry */
	put_word(h + 32, 64, 8);              /* e_phoff */
	put_word(h + 52, 64, 2);
	put_word(h + 54, 56, 2);
	put_word(h + 56, 1, 2);               /* e_phnum */
	put_word(h + 64, 1, 4);               /* PT_LOAD */
	put_word(h + 68, 7, 4);               /* RWX */
	put_word(h + 80, BASE, 8);
	put_word(h + 88, BASE, 8);
	put_word(h + 96, FILE_SIZE, 8);
	put_word(h + 104, FILE_SIZE + 8192, 8);
	put_word(h + 112, 4096, 8);
	made->size = HEADERS;
}

/* mov $value, %register, of those that calls take: RAX, RDI, RSI, RDX, R10, R8, R9 */
static void
put_load(struct made *made, unsigned which, uint64_t value)
{
	static const unsigned char codes[][2] = { { 0x48, 0xb8 }, { 0x48, 0xbf }, { 0x48, 0xbe },
		{ 0x48, 0xba }, { 0x49, 0xba }, { 0x49, 0xb8 }, { 0x49, 0xb9 } };

	put(made, codes[which], 2);
	put(made, &value, sizeof(value));
}

/* What an argument is, by a byte; the next one of the input varies it. */
static uint64_t
argument(unsigned kind, uint64_t more)
{
	static const uint64_t places[] = { 0, 1, 2, BASE, BASE + 4090, BASE + 5 * 4096,
		BASE + 6 * 4096 - 4, 0x7fffffffe000, 0x7ffffffff000 - 8, 0x7ffffffff000,
		EXEC_USER_END - 1, EXEC_USER_END, 0x8000000000000000, EXEC_KERNEL_BASE,
		EXEC_KERNEL_BASE + MIB, 0xfffffffffffff000, ~0ull, 4096, MIB, 1ull << 40,
		0x1210100, 0x22, 0x32, 7, 3, 64, 1ull << 63, 0x10000, EXEC_MAPPED_MAX };
	size_t count = sizeof(places) / sizeof(places[0]);

	return kind < 0x80 ? places[kind % count] + (kind & 0x40 ? more : 0) : more;
}

static void
make_calls(struct made *made, const uint8_t *data, size_t size)
{
	static const unsigned char call[] = { 0x0f, 0x05 };
	size_t at = 0, i;

	while (size - at >= 14 && made->size < FILE_SIZE - 128) {
		uint64_t number = data[at] | (data[at + 1] & 1u) << 8;

		put_load(made, 0, number);
		for (i = 0; i < 6; i++)
			put_load(made, (unsigned)i + 1, argument(data[at + 2 + 2 * i],
			    data[at + 3 + 2 * i]));
		put(made, call, sizeof(call));
		at += 14;
	}
	put_load(made, 0, 231);
	put(made, call, sizeof(call));
}

struct world {
	size_t written;
	uint64_t sum;
};

static bool
output(void *ctx, unsigned descriptor, const void *bytes, size_t size)
{
	struct world *world = ctx;
	size_t i;

	for (i = 0; i < size; i++)
		world->sum = world->sum * 31 + ((const unsigned char *)bytes)[i] + descriptor;
	world->written += size;
	return world->written <= OUTPUT_MAX;
}

static size_t
input(void *ctx, void *bytes, size_t size)
{
	(void)ctx;
	memset(bytes, 'x', size);
	return size;
}

static void
ignore(void *ctx, const char *text, size_t size)
{
	(void)ctx;
	(void)text;
	(void)size;
}

static enum exec_status
run(const struct made *made, unsigned flags, struct exec_outcome *outcome, struct world *world)
{
	const char *const argv[] = { "program", NULL };
	const char *const envp[] = { "A=b", NULL };
	struct exec_options options = { .cpus = 1 + (flags & 1), .memory = MIB,
		.limit = INSTRUCTIONS, .slice = 100, .seed_given = (flags & 2) != 0, .seed = 3,
		.vpid = (flags & 4) != 0, .tlb = { flags & 8 ? 4 : 64, 64, 8 } };

	memset(world, 0, sizeof(*world));
	options.program = (struct exec_program){ .file = made->file, .file_size = made->size,
		.name = "program", .argv = argv, .envp = envp };
	options.world = (struct exec_world){ output, input, world };
	return exec_run(&options, outcome);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct made made;
	struct exec_outcome one, two;
	struct world first, second;
	struct scn_sink sink = { ignore, NULL };
	enum exec_status status;
	struct text text;

	if (size < 2)
		return 0;
	begin_file(&made);
	if (data[0] % 3 == 0)
		made.size = 0;
	if (data[0] % 3 == 2)
		make_calls(&made, data + 2, size - 2);
	else
		put(&made, data + 2, size - 2);
	if (data[0] % 3 != 0)
		made.size = FILE_SIZE;
	status = run(&made, data[1], &one, &first);
	check(status != EXEC_HOST_MEMORY);
	check(status == run(&made, data[1], &two, &second));
	if (status != EXEC_ENDED) {
		check(one.wrong != NULL);
		return 0;
	}
	check(one.end.kind < EXEC_END_KINDS && one.end.kind != EXEC_END_VMM);
	check(memcmp(&one.count, &two.count, sizeof(one.count)) == 0);
	check(one.end.kind == two.end.kind && first.sum == second.sum);
	check(one.count[EXEC_COUNT_INSTRUCTIONS] <= INSTRUCTIONS);
	check(one.count[EXEC_COUNT_STALE] == 0);
	text_init(&text, &sink, 0);
	exec_report_text(&text, "program", &one);
	return 0;
}
