/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at a player's machine.  A sight is the player itself, seen from outside.
 */
#include "play/play_sight.h"

#include <string.h>

#include "play/player.h"
#include "sim/hostmem.h"

_Static_assert(PLAY_VMM_WORDS * sizeof(uint64_t) == sizeof(struct vmm_proc), "a word not seen");

static const struct player *
player_of(const struct play_sight *sight)
{
	return (const void *)sight;
}

const struct play_sight *
player_sight(const struct player *player)
{
	return (const void *)player;
}

static uint64_t
eptp_of(const struct machine_thread *thread)
{
	if (thread->process != NULL)
		return thread->process->has_ept ? thread->process->ept.eptp : 0;
	return thread->vcpu.ept_on ? thread->vcpu.ept.eptp : 0;
}

void
play_sight_registers(const struct play_sight *sight, unsigned index,
    uint64_t value[PLAY_REGISTERS])
{
	const struct player *player = player_of(sight);
	const struct machine_thread *thread = &player->thread[index].machine;
	const struct vcpu *vcpu = &thread->vcpu;

	memset(value, 0, PLAY_REGISTERS * sizeof(*value));
	value[PLAY_CPU] = thread->cpu;
	if ((player->scenario->thread[index].role & SCN_ROLE_VCPUS) == 0)
		return;
	value[PLAY_RIP] = thread->rip.v;
	value[PLAY_CPL] = vcpu->cpl;
	value[PLAY_CR0] = vcpu->mode.cr0;
	value[PLAY_CR3] = vcpu->mode.cr3;
	value[PLAY_CR4] = vcpu->mode.cr4;
	value[PLAY_EFER] = vcpu->mode.efer;
	value[PLAY_EPTP] = eptp_of(thread);
	value[PLAY_VPID] = vcpu->vpid_on ? vcpu->vpid : 0;
	value[PLAY_GUEST] = player->machine.cpu[thread->cpu].guest == thread;
}

void
play_sight_vmm(const struct play_sight *sight, unsigned process, uint64_t value[PLAY_VMM_WORDS])
{
	memcpy(value, &player_of(sight)->process[process].vmm, PLAY_VMM_WORDS * sizeof(*value));
}

size_t
play_sight_frame_count(const struct play_sight *sight)
{
	return hostmem_frames(player_of(sight)->machine.mem);
}

bool
play_sight_frames(const struct play_sight *sight,
    void (*visit)(void *ctx, hpa_t frame, const void *bytes), void *ctx)
{
	return hostmem_visit(player_of(sight)->machine.mem, visit, ctx);
}

void
play_sight_read(const struct play_sight *sight, hpa_t frame, unsigned char bytes[VK_PAGE_BYTES])
{
	watch_quiet(true);
	hostmem_read(player_of(sight)->machine.mem, frame, bytes, VK_PAGE_BYTES);
	watch_quiet(false);
}

void
play_sight_pages(const struct play_sight *sight, unsigned process,
    void (*visit)(void *ctx, uint64_t gpa, hpa_t frame), void *ctx)
{
	vmspace_visit(player_of(sight)->process[process].map, visit, ctx);
}

bool
play_sight_locate(const struct play_sight *sight, gpa_t gpa, hpa_t *hpa)
{
	const struct player *player = player_of(sight);
	struct ept_walk walk;
	bool found;

	*hpa = vk_hpa(gpa.v);
	if (player->has_bare_ept) {
		watch_quiet(true);
		found = ept_walk(&player->bare_ept, gpa, 0, &walk) == EPT_OK;
		watch_quiet(false);
		if (!found)
			return false;
		*hpa = walk.hpa;
	}
	return hpa->v < hostmem_size(player->machine.mem);
}

uint64_t
play_sight_cache_age(const struct play_sight *sight, unsigned cpu)
{
	struct tlb *tlb = player_of(sight)->machine.cpu[cpu].tlb;
	uint64_t age = 0;
	unsigned kind;

	for (kind = 0; tlb != NULL && kind < TLB_KINDS; kind++)
		age += tlb_stats(tlb)->kind[kind].fills + tlb_stats(tlb)->kind[kind].dropped;
	return age;
}

const struct tlb_entry *
play_sight_cached(const struct play_sight *sight, unsigned cpu, enum tlb_kind kind, unsigned index)
{
	const struct tlb *tlb = player_of(sight)->machine.cpu[cpu].tlb;

	return tlb != NULL ? tlb_entry_at(tlb, kind, index) : NULL;
}

void
play_sight_explain(const struct play_sight *sight, const struct event *access,
    struct explanation *why)
{
	const struct play_thread *thread = &player_of(sight)->thread[access->thread];
	struct vcpu_request request = { vk_gva(access->address), (unsigned)access->size,
		access->acc, false, false };

	/* What the step asked for, where this is a piece of it. */
	if (thread->result.accessed && thread->result.access.gva.v == access->address)
		request = thread->result.access;
	watch_quiet(true);
	explain_access(&thread->machine.vcpu, &request, why);
	watch_quiet(false);
}

size_t
play_sight_mismatches(const struct play_sight *sight)
{
	return player_of(sight)->outcome->mismatches;
}
