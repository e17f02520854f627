/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a user space and calls on it: tables, rights, mode, arguments, and what the memory
 * answers when it keeps no word.
 *
 * The first byte says how: bit 0 chooses the family, bit 1 a memory that answers as the bytes tell
 * it instead of what it holds.  Each call is witnessed and replayed; where the memory keeps its
 * word, a naive copy has to come to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "support/copy_oracle.h"
#include "support/copy_random.h"
#include "support/copy_replay.h"
#include "support/support_alone.h"

#define CALLS 4
#define FILL  0x77

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct umem mem;
static struct vk_us us;
static struct copy_chance chance;
static unsigned char before[UMEM_PAGES * 4096];
static unsigned char buffer[COPY_RANDOM_BUFFER];

static void
check(int condition)
{
	if (!condition)
		abort();
}

static void
compare(enum copy_name name, const struct copy_args *args, const struct copy_result *found)
{
	static struct copy_oracle o;
	struct copy_result expected;

	copy_oracle_call(&o, &mem, &us, before, COPY_RANDOM_TABLES, FILL, name, args, &expected);
	check(found->error == expected.error);
	check(found->done == expected.done);
	check(found->value == expected.value);
	check(name == COPYOUT || memcmp(buffer, o.buffer, sizeof(buffer)) == 0);
	check(memcmp(mem.bytes, o.bytes, mem.pages * 4096ul) == 0);
}

static void
one_call(int hostile)
{
	enum copy_name name = (enum copy_name)copy_draw(&chance, COPY_CALLS);
	struct umem_translation translation[16];
	struct copy_result found;
	struct copy_args args;

	copy_random_args(&chance, &mem, &us, name, &args, buffer, FILL);
	memcpy(before, mem.bytes, mem.pages * 4096ul);
	umem_forget(&mem);
	mem.meanwhile = hostile ? copy_random_answer : NULL;
	mem.meanwhile_ctx = &chance;
	copy_make(&us, name, &args, &found);
	umem_witness(&mem, &us, translation, copy_expect(name, &args, translation, 16));
	copy_replay(&mem, &us, before, name, &args, &found, sizeof(buffer), FILL);
	if (!hostile)
		compare(name, &args, &found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned i;

	if (size == 0)
		return 0;
	if (mem.bytes == NULL) {
		/* A failed assertion is a crash here, not the end of a test. */
		check(setenv("CMOCKA_TEST_ABORT", "1", 1) == 0);
		umem_init(&mem);
	}
	copy_chance_bytes(&chance, data + 1, size - 1);
	copy_random_space(&chance, &mem, &us, data[0] & 1);
	for (i = 0; i < CALLS; i++)
		one_call((data[0] & 2) != 0);
	return 0;
}
