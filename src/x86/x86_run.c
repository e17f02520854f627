/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop: find what was decoded at RIP, execute it, operation by operation.
 *
 * The memory is asked for each access, unless it let a page be kept; then a window answers.  What
 * the memory drops (x86_forget) ends the operations under way after the one that is executed, so
 * that the next is fetched anew.
 */
#include "x86/x86_code.h"
#include "x86/x86_table.h"

/* --- windows and memory ----------------------------------------------------------------------- */

static void
windows_clear(struct x86_window *windows)
{
	unsigned i;

	for (i = 0; i < X86_WINDOWS; i++)
		windows[i].page = X86_NO_PAGE;
}

void
x86_forget(struct x86_cpu *cpu)
{
	windows_clear(cpu->read);
	windows_clear(cpu->write);
	windows_clear(cpu->fetch);
	cpu->end = NULL;
}

bool
x86_reach(struct x86_cpu *cpu, uint64_t at, unsigned size, enum x86_access access,
    struct x86_place *place)
{
	struct x86_window *windows = access == X86_READ ? cpu->read : cpu->write;

	place->keep = false;
	if (!cpu->memory.reach(cpu->memory.ctx, at, size, access, place)) {
		cpu->stop = X86_REFUSED;
		return false;
	}
	if (place->keep && access != X86_FETCH)
		windows[(at >> 12) & (X86_WINDOWS - 1)] = (struct x86_window){ at >> 12,
			place->at[0] - (at & 0xfff), NULL };
	return true;
}

void
x86_take(const struct x86_place *place, void *bytes, unsigned size)
{
	unsigned first = place->first < size ? place->first : size;

	memcpy(bytes, place->at[0], first);
	if (first < size)
		memcpy((unsigned char *)bytes + first, place->at[1], size - first);
}

void
x86_put(const struct x86_place *place, const void *bytes, unsigned size)
{
	unsigned first = place->first < size ? place->first : size;

	memcpy(place->at[0], bytes, first);
	if (first < size)
		memcpy(place->at[1], (const unsigned char *)bytes + first, size - first);
}

bool
x86_load_far(struct x86_cpu *cpu, uint64_t at, void *bytes, unsigned size)
{
	struct x86_place place;

	if (!x86_reach(cpu, at, size, X86_READ, &place))
		return false;
	x86_take(&place, bytes, size);
	return true;
}

bool
x86_store_far(struct x86_cpu *cpu, uint64_t at, const void *bytes, unsigned size)
{
	struct x86_place place;

	if (!x86_reach(cpu, at, size, X86_WRITE, &place))
		return false;
	x86_put(&place, bytes, size);
	return true;
}

/* --- what is executed next -------------------------------------------------------------------- */

struct run {
	const struct x86_op *op;
	uint64_t count;
	bool asked; /* the memory was asked for the first instruction */
};

/* The instruction at RIP is none that can be executed. */
static bool
no_instruction(struct x86_cpu *cpu, enum x86_decoded decoded)
{
	if (decoded == X86_NO_CODE)
		(void)x86_raise(cpu, X86_UD);
	else if (decoded == X86_TOO_LONG)
		(void)x86_raise_code(cpu, X86_GP, 0);
	else
		cpu->stop = X86_UNKNOWN;
	return false;
}

/* One instruction, which is not kept; it may go on in the next page. */
static bool
find_one(struct x86_cpu *cpu, const unsigned char *start, struct run *run)
{
	unsigned offset = (unsigned)(cpu->reg[X86_RIP] & (X86_PAGE - 1));
	unsigned room = X86_PAGE - offset < X86_LENGTH_MAX ? X86_PAGE - offset : X86_LENGTH_MAX;
	unsigned char bytes[X86_LENGTH_MAX];
	const struct x86_row *row;
	enum x86_decoded decoded;
	struct x86_place place;
	unsigned selected;

	memcpy(bytes, start, room);
	decoded = x86_decode(bytes, room, &cpu->alone, &row, &selected);
	if (decoded == X86_MORE) {
		unsigned rest = X86_LENGTH_MAX - room;

		if (!x86_reach(cpu, cpu->reg[X86_RIP] + room, rest, X86_FETCH, &place))
			return false;
		x86_take(&place, bytes + room, rest);
		decoded = x86_decode(bytes, X86_LENGTH_MAX, &cpu->alone, &row, &selected);
	}
	if (decoded != X86_DECODED || cpu->alone.run == NULL)
		return no_instruction(cpu, decoded);
	run->op = &cpu->alone;
	run->count = 1;
	return true;
}

/* What was decoded at RIP, or is now; `window` is that of its page. */
static bool
find_kept(struct x86_cpu *cpu, struct x86_window *window, struct run *run)
{
	unsigned offset = (unsigned)(cpu->reg[X86_RIP] & (X86_PAGE - 1));
	uint32_t index = window->code->block[offset];
	struct x86_window page = *window;
	const struct x86_block *block;

	if (index == 0)
		index = x86_code_decode(cpu->code, &window->code, window->bytes, offset);
	if (cpu->generation != cpu->code->generation) {
		/* The other windows know frames that are gone. */
		page.code = window->code;
		cpu->generation = cpu->code->generation;
		x86_forget(cpu);
		*window = page;
	}
	if (window->code == NULL)
		window->page = X86_NO_PAGE;
	if (index == 0)
		return find_one(cpu, page.bytes + offset, run);
	block = &cpu->code->block[index];
	run->op = &cpu->code->op[block->first];
	run->count = block->count;
	return true;
}

/* false: cpu->stop tells. */
static bool
find(struct x86_cpu *cpu, struct run *run)
{
	uint64_t rip = cpu->reg[X86_RIP];
	unsigned offset = (unsigned)(rip & (X86_PAGE - 1));
	struct x86_window *window = &cpu->fetch[(rip >> 12) & (X86_WINDOWS - 1)];
	unsigned room = X86_PAGE - offset < X86_LENGTH_MAX ? X86_PAGE - offset : X86_LENGTH_MAX;
	struct x86_frame *code;
	struct x86_place place;

	run->asked = window->page != rip >> 12;
	if (!run->asked)
		return find_kept(cpu, window, run);
	if (!x86_reach(cpu, rip, room, X86_FETCH, &place))
		return false;
	code = place.keep ? x86_code_frame(cpu->code, place.frame) : NULL;
	if (code == NULL)
		return find_one(cpu, place.at[0], run);
	*window = (struct x86_window){ rip >> 12, place.at[0] - offset, code };
	return find_kept(cpu, window, run);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Executes up to `budget` of what was found; *step tells how the last one went. */
static uint64_t
execute(struct x86_cpu *cpu, const struct run *run, uint64_t budget, enum x86_step *step)
{
	const struct x86_op *first = run->op, *op = first;

	cpu->end = first + (run->count < budget ? run->count : budget);
	do {
		cpu->reg[X86_RIP] += op->length;
		*step = op->run(cpu, op);
		if (*step != X86_NEXT) {
			cpu->reg[X86_RIP] -= op->length;
			break;
		}
		op++;
	} while (op < cpu->end);
	cpu->kept += (uint64_t)(op - first) + (*step != X86_NEXT) - run->asked;
	return (uint64_t)(op - first) + (*step == X86_AGAIN);
}

enum x86_stop
x86_run(struct x86_cpu *cpu, uint64_t budget)
{
	if (cpu->generation != cpu->code->generation) {
		cpu->generation = cpu->code->generation;
		x86_forget(cpu);
	}
	while (budget != 0) {
		bool trap = (cpu->other_flags & X86_TF) != 0;
		uint64_t repeated = cpu->repeated, done;
		enum x86_step step;
		struct run run;

		if (!find(cpu, &run))
			return cpu->stop;
		done = execute(cpu, &run, trap ? 1 : budget, &step);
		cpu->retired += done;
		done += cpu->repeated - repeated;
		budget -= done < budget ? done : budget;
		if (step == X86_STAY)
			return cpu->stop;
		if (trap) {
			(void)x86_raise(cpu, X86_DB);
			cpu->trap = true;
			return cpu->stop;
		}
	}
	cpu->stop = X86_BUDGET;
	return cpu->stop;
}

void
x86_init(struct x86_cpu *cpu, const struct x86_memory *memory, struct x86_code *code)
{
	memset(cpu, 0, sizeof(*cpu));
	cpu->memory = *memory;
	cpu->code = code;
	cpu->generation = code->generation;
	cpu->other_flags = X86_FIXED | X86_IF;
	x86_flags_set(&cpu->flags, 0);
	cpu->mxcsr = 0x1f80;
	x86_forget(cpu);
}
