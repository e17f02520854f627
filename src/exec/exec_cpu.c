/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of an executing vCPU.
 *
 * An access goes the long way, through vcpu_translate(), unless the processor has a window for its
 * page.  A window is opened for what the TLB has just answered, so that an access through it is
 * one that the TLB would answer again: it is counted as a hit.  It is closed when a translation
 * leaves that TLB, when one of the tables that the translation came from is written, when its
 * frame is known to hold code, and when the registers change that rights depend on.
 */
#include "exec/exec_cpu.h"

#include <string.h>

/* --- memory ----------------------------------------------------------------------------------- */

static uint64_t
frame_of(hpa_t hpa)
{
	return hpa.v >> VK_PAGE_SHIFT;
}

/* Something of a marked frame changes. */
static void
frame_changes(struct exec_memory *memory, uint64_t frame)
{
	if (exec_marks_of(&memory->marks, frame) & EXEC_MARK_CODE) {
		x86_code_drop(memory->code, frame);
		exec_marks_clear(&memory->marks, frame, EXEC_MARK_CODE);
	}
	memory->changes++;
}

static bool
wants_frame(void *ctx, hpa_t frame)
{
	return exec_marks_of(&((struct exec_memory *)ctx)->marks, frame_of(frame)) != 0;
}

static void
word_changed(void *ctx, hpa_t slot, uint64_t before, uint64_t after, bool locked)
{
	(void)before;
	(void)after;
	(void)locked;
	frame_changes(ctx, frame_of(slot));
}

bool
exec_memory_init(struct exec_memory *memory, struct hostmem *mem)
{
	memset(memory, 0, sizeof(*memory));
	memory->code = x86_code_create();
	if (memory->code == NULL)
		return false;
	memory->mem = mem;
	memory->listener.wants = wants_frame;
	memory->listener.changed = word_changed;
	memory->listener.ctx = memory;
	hostmem_listen(mem, &memory->listener);
	return true;
}

void
exec_memory_free(struct exec_memory *memory)
{
	if (memory->mem != NULL)
		hostmem_unlisten(memory->mem, &memory->listener);
	exec_marks_free(&memory->marks);
	x86_code_destroy(memory->code);
	memset(memory, 0, sizeof(*memory));
}

/* --- short cuts ------------------------------------------------------------------------------- */

static uint64_t
translations_dropped(struct tlb *tlb)
{
	const struct tlb_kind_stats *linear, *combined;

	if (tlb == NULL)
		return 0;
	linear = &tlb_stats(tlb)->kind[TLB_LINEAR];
	combined = &tlb_stats(tlb)->kind[TLB_COMBINED];
	return linear->evictions + linear->dropped + combined->evictions + combined->dropped;
}

/* Closes the windows when something changed that they rest on. */
static void
check_stamp(struct exec_cpu *cpu)
{
	const struct vcpu *vcpu = &cpu->machine->vcpu;
	struct exec_stamp now;

	memset(&now, 0, sizeof(now));
	now.changes = cpu->memory->changes;
	now.dropped = translations_dropped(vcpu->tlb);
	now.tlb = vcpu->tlb;
	now.cr0 = vcpu->mode.cr0;
	now.cr3 = vcpu->mode.cr3;
	now.cr4 = vcpu->mode.cr4;
	now.efer = vcpu->mode.efer;
	now.eptp = vcpu->ept_on ? vcpu->ept.eptp : 0;
	now.keys = (uint64_t)vcpu->mode.pkru << 32 | vcpu->mode.pkrs;
	now.cpl = vcpu->cpl;
	now.vpid = vcpu->vpid;
	if (memcmp(&now, &cpu->stamp, sizeof(now)) == 0)
		return;
	cpu->stamp = now;
	x86_forget(&cpu->x86);
}

/* Marks a frame; what was kept of it may be wrong from now on.  false: out of memory. */
static bool
mark(struct exec_cpu *cpu, hpa_t hpa, unsigned bits)
{
	bool added = false;

	if (!exec_marks_set(&cpu->memory->marks, frame_of(hpa), bits, &added))
		return false;
	cpu->memory->changes += added;
	return true;
}

/* Marks the frames of all entries that a translation depends on. */
static bool
mark_walk(struct exec_cpu *cpu, const struct ept_walk *walk)
{
	unsigned level;

	for (level = cpu->machine->vcpu.ept.levels; level >= walk->level && level > 0; level--) {
		if (!mark(cpu, walk->step[level].slot, EXEC_MARK_TABLE))
			return false;
	}
	return true;
}

static bool
mark_tables(struct exec_cpu *cpu, const struct vcpu_result *result)
{
	const struct vcpu_piece *piece = &result->piece[0];
	unsigned i;

	for (i = 0; i < result->gpm.count; i++) {
		const struct ept_gpm_access *access = &result->gpm.access[i];

		if (!mark_walk(cpu, &access->walk) ||
		    !mark(cpu, access->walk.hpa, EXEC_MARK_TABLE))
			return false;
	}
	return !piece->final_walked || mark_walk(cpu, &piece->final);
}

/* Tables that are reached without an EPT. */
static bool
mark_flat_tables(struct exec_cpu *cpu, const struct guestpt_walk *walk)
{
	unsigned level = cpu->machine->vcpu.mode.cr4 & VK_CR4_LA57 ? 5 : 4;

	for (; level >= walk->level && level > 0; level--) {
		if (!mark(cpu, vk_hpa(walk->step[level].slot.v), EXEC_MARK_TABLE))
			return false;
	}
	return true;
}

/*
 * Whether a window may be opened for what has just been answered by the TLB: the tables agree, and
 * writes to them will be heard of.
 */
static bool
may_keep(struct exec_cpu *cpu, const struct vcpu_request *request)
{
	const struct vcpu_piece *piece = &cpu->access.piece[0];
	struct vcpu_request again = *request;
	struct vcpu_result now;

	if (!piece->cached || piece->stale || cpu->access.pieces != 1 || watch_current != NULL)
		return false;
	again.size = 1;
	memset(&now, 0, sizeof(now));
	if (vcpu_explain(&cpu->machine->vcpu, &again, &now) != VCPU_DONE ||
	    now.piece[0].hpa.v != piece->hpa.v)
		return false;
	return cpu->machine->vcpu.ept_on ? mark_tables(cpu, &now) :
	    mark_flat_tables(cpu, &now.piece[0].guest);
}

/* --- accesses --------------------------------------------------------------------------------- */

/* The bytes of a piece, where they can be read and written. */
static unsigned char *
piece_bytes(struct exec_cpu *cpu, unsigned i)
{
	const struct vcpu_piece *piece = &cpu->access.piece[i];
	unsigned char *frame = hostmem_frame(cpu->memory->mem, piece->hpa);

	if (frame != NULL)
		return frame + (piece->hpa.v & VK_PAGE_OFFSET_MASK);
	/* Nobody answers there: ones are read, and what is written is lost. */
	hostmem_read(cpu->memory->mem, piece->hpa, cpu->bounce[i], piece->size);
	return cpu->bounce[i];
}

/*
 * Before a piece is written: what was kept of its frame goes, and who else listens is told of what
 * changed once it has.  false: no window may be opened for it.
 */
static bool
prepare_write(struct exec_cpu *cpu, unsigned i)
{
	hpa_t hpa = cpu->access.piece[i].hpa;
	bool unmarked = exec_marks_of(&cpu->memory->marks, frame_of(hpa)) == 0;

	if (!unmarked)
		frame_changes(cpu->memory, frame_of(hpa));
	cpu->loan[i] = hostmem_lend(cpu->memory->mem, hpa);
	return unmarked && cpu->loan[i] == NULL;
}

static void
return_loans(struct exec_cpu *cpu)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		hostmem_return(cpu->memory->mem, cpu->loan[i]);
		cpu->loan[i] = NULL;
	}
}

/* Tells of what is going to be done to the bytes; false: no window may be opened for them. */
static bool
announce(struct exec_cpu *cpu, enum x86_access access)
{
	static const unsigned hows[] = { WATCH_READ, WATCH_WRITE, WATCH_READ | WATCH_WRITE,
		WATCH_READ };
	bool writes = access == X86_WRITE || access == X86_MODIFY, keep = true;
	unsigned i;

	for (i = 0; i < cpu->access.pieces; i++)
		hostmem_touch(cpu->access.piece[i].hpa, cpu->access.piece[i].size, hows[access]);
	for (i = 0; writes && i < cpu->access.pieces; i++)
		keep = prepare_write(cpu, i) && keep;
	return keep;
}

static bool
reach(void *ctx, uint64_t at, unsigned size, enum x86_access access, struct x86_place *place)
{
	static const unsigned kinds[] = { VK_ACC_R, VK_ACC_W, VK_ACC_R | VK_ACC_W, VK_ACC_X };
	struct exec_cpu *cpu = ctx;
	struct vcpu_request request = { .gva = { at }, .size = size, .acc = kinds[access] };
	bool done;

	return_loans(cpu);
	done = vcpu_translate(&cpu->machine->vcpu, &request, &cpu->access) == VCPU_DONE;
	if (done) {
		bool keep = announce(cpu, access) && may_keep(cpu, &request);

		place->first = cpu->access.piece[0].size;
		place->at[0] = piece_bytes(cpu, 0);
		if (cpu->access.pieces == 2)
			place->at[1] = piece_bytes(cpu, 1);
		place->frame = frame_of(cpu->access.piece[0].hpa);
		place->keep = keep && place->at[0] != cpu->bounce[0] &&
		    (access != X86_FETCH || mark(cpu, cpu->access.piece[0].hpa, EXEC_MARK_CODE));
	}
	check_stamp(cpu);
	return done;
}

void
exec_cpu_init(struct exec_cpu *cpu, struct machine_thread *machine, struct exec_memory *memory)
{
	struct x86_memory ops = { reach, cpu };

	memset(cpu, 0, sizeof(*cpu));
	cpu->machine = machine;
	cpu->memory = memory;
	x86_init(&cpu->x86, &ops, memory->code);
}

/* --- exits ------------------------------------------------------------------------------------ */

static void
exception_exit(struct vmx_exit *exit, unsigned vector, bool has_code, uint32_t code)
{
	exit->reason = VMX_EXIT_EXCEPTION;
	exit->intr_info = vmx_intr_info(vector, vector == VMX_VECTOR_BP ? VMX_INTR_SOFTWARE :
	    VMX_INTR_HARDWARE, has_code);
	exit->intr_error = has_code ? code : 0;
}

/* Of an access that was refused. */
static void
access_exit(const struct vcpu_result *access, struct vmx_exit *exit)
{
	switch (access->outcome) {
	case VCPU_PF:
		exception_exit(exit, VMX_VECTOR_PF, true, access->error_code);
		exit->qualification = access->cr2.v;
		break;
	case VCPU_GP:
		exception_exit(exit, VMX_VECTOR_GP, true, 0);
		break;
	case VCPU_VE:
		exception_exit(exit, VMX_VECTOR_VE, false, 0);
		break;
	default:
		vcpu_exit_fields(access, exit);
		break;
	}
}

#define DEBUG_SINGLE_STEP 0x4000u /* of the qualification, as DR6 has it */

static void
instruction_exit(const struct x86_cpu *x86, struct vmx_exit *exit)
{
	exception_exit(exit, x86->vector, x86->has_code, x86->error_code);
	if (x86->vector == VMX_VECTOR_BP)
		exit->instruction_length = x86->length;
	if (x86->trap)
		exit->qualification = DEBUG_SINGLE_STEP;
}

static uint32_t
intercept_reason(enum x86_intercept intercept)
{
	static const unsigned char reasons[] = {
		[X86_CPUID] = VMX_EXIT_CPUID, [X86_VMCALL] = VMX_EXIT_VMCALL,
		[X86_VMLAUNCH] = 20, [X86_VMRESUME] = 24, [X86_VMXOFF] = 26, [X86_VMREAD] = 23,
		[X86_VMWRITE] = 25, [X86_VMPTRLD] = 21, [X86_VMCLEAR] = VMX_EXIT_VMCLEAR,
		[X86_VMXON] = VMX_EXIT_VMXON, [X86_VMPTRST] = 22, [X86_INVEPT] = VMX_EXIT_INVEPT,
		[X86_INVVPID] = VMX_EXIT_INVVPID,
	};

	return reasons[intercept];
}

/* What windows answered is what the TLB would have answered. */
static void
count_hits(struct exec_cpu *cpu)
{
	const struct vcpu *vcpu = &cpu->machine->vcpu;

	if (cpu->x86.kept != 0 && vcpu->tlb != NULL)
		tlb_stats(vcpu->tlb)->kind[vcpu->ept_on ? TLB_COMBINED : TLB_LINEAR].hits +=
		    cpu->x86.kept;
	cpu->x86.kept = 0;
}

enum exec_ran
exec_cpu_run(struct exec_cpu *cpu, uint64_t budget, struct vmx_exit *exit)
{
	struct x86_cpu *x86 = &cpu->x86;
	enum x86_stop stop;

	x86->reg[X86_RIP] = cpu->machine->rip.v;
	check_stamp(cpu);
	stop = x86_run(x86, budget);
	return_loans(cpu);
	cpu->machine->rip = vk_gva(x86->reg[X86_RIP]);
	count_hits(cpu);
	*exit = (struct vmx_exit){ .reason = 0 };
	switch (stop) {
	case X86_BUDGET:
		return EXEC_RAN;
	case X86_REFUSED:
		access_exit(&cpu->access, exit);
		return EXEC_LEFT;
	case X86_EXCEPTION:
		instruction_exit(x86, exit);
		return EXEC_LEFT;
	case X86_INTERCEPT:
		exit->reason = intercept_reason(x86->intercept);
		exit->instruction_length = x86->length;
		return EXEC_LEFT;
	case X86_UNKNOWN:
		break;
	}
	return EXEC_UNKNOWN;
}

unsigned
exec_cpu_fetch(struct exec_cpu *cpu, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	struct vcpu_request request = { .gva = cpu->machine->rip, .size = 1, .acc = VK_ACC_X };
	struct vcpu_result access;
	unsigned n;

	for (n = 0; n < size; n++, request.gva.v++) {
		if (vcpu_explain(&cpu->machine->vcpu, &request, &access) != VCPU_DONE) {
			*fault = (struct vmx_exit){ .reason = 0 };
			access_exit(&access, fault);
			return n;
		}
		hostmem_read(cpu->memory->mem, access.piece[0].hpa, &bytes[n], 1);
	}
	return n;
}

/* --- CPUID ------------------------------------------------------------------------------------ */

struct cpuid_row {
	uint32_t leaf, eax, ebx, ecx, edx;
};

/* A vendor's name is the first thing that programs look at. */
#define GENU 0x756e6547u
#define INEI 0x49656e69u
#define NTEL 0x6c65746eu

void
exec_cpu_cpuid(struct exec_cpu *cpu)
{
	const struct cpuid_row rows[] = {
		{ 0, 1, GENU, NTEL, INEI },
		/* CMPXCHG16B, POPCNT; PAE, CMPXCHG8B, PGE, CMOV, FXSR, SSE, SSE2 */
		{ 1, 0x000006f0, 0, 0x00802000, 0x0700a140 },
		{ 0x80000000u, 0x80000008u, 0, 0, 0 },
		/* LAHF in 64-bit mode; NX, 1 GiB pages, 64-bit mode */
		{ 0x80000001u, 0, 0, 0x00000001, 0x24100000 },
		{ 0x80000008u, cpu->machine->vcpu.mode.maxphyaddr | 48u << 8, 0, 0, 0 },
	};
	uint64_t *reg = cpu->x86.reg;
	struct cpuid_row none = { 0, 0, 0, 0, 0 };
	const struct cpuid_row *row = &none;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].leaf == (uint32_t)reg[X86_RAX])
			row = &rows[i];
	}
	reg[X86_RAX] = row->eax;
	reg[X86_RBX] = row->ebx;
	reg[X86_RCX] = row->ecx;
	reg[X86_RDX] = row->edx;
}
