/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a run that is under way, for who follows it event by event.
 *
 * Looking changes nothing: no page is brought in, no flag is set, and who watches the threads is
 * not told.  A sight is valid from an observer's `begins` to its `ends`; what it gives may change
 * with the next event.
 */
#ifndef VK_PLAY_PLAY_SIGHT_H
#define VK_PLAY_PLAY_SIGHT_H

#include "sim/event.h"
#include "sim/explain.h"
#include "sim/tlb.h"

struct play_sight;

/* Who follows a run; events come by the sink of the same run, between these two. */
struct play_observer {
	void (*begins)(void *ctx, const struct play_sight *sight); /* the machine is built */
	void (*ends)(void *ctx); /* the run is over, and compared with what was expected */
	void *ctx;
};

/* What a thread has in its registers, and where it is. */
enum play_register {
	PLAY_RIP,
	PLAY_CPL,
	PLAY_CR0,
	PLAY_CR3,
	PLAY_CR4,
	PLAY_EFER,
	PLAY_EPTP,  /* 0: no EPT */
	PLAY_VPID,
	PLAY_CPU,   /* its host CPU */
	PLAY_GUEST, /* 1 in guest mode */
	PLAY_REGISTERS
};

/* By index of the thread. */
void play_sight_registers(const struct play_sight *sight, unsigned thread,
    uint64_t value[PLAY_REGISTERS]);

/* The words of a process' struct vmm_proc; explore_vmm_name() has their names. */
#define PLAY_VMM_WORDS 8u
void play_sight_vmm(const struct play_sight *sight, unsigned process,
    uint64_t value[PLAY_VMM_WORDS]);

/* Changes whenever the frames change that were ever written, which play_sight_frames() visits. */
size_t play_sight_frame_count(const struct play_sight *sight);
bool play_sight_frames(const struct play_sight *sight,
    void (*visit)(void *ctx, hpa_t frame, const void *bytes), void *ctx);

/* All bytes of one frame. */
void play_sight_read(const struct play_sight *sight, hpa_t frame,
    unsigned char bytes[VK_PAGE_BYTES]);

/* Pages that the memory map of a process has, in no order. */
void play_sight_pages(const struct play_sight *sight, unsigned process,
    void (*visit)(void *ctx, uint64_t gpa, hpa_t frame), void *ctx);

/*
 * Where the ready-made EPT of a scenario has a guest-physical address, whatever its rights.  Where
 * there is none, it is itself.
 */
bool play_sight_locate(const struct play_sight *sight, gpa_t gpa, hpa_t *hpa);

/* What a CPU has cached: a number that changes with it; the items of a kind, NULL at the end. */
uint64_t play_sight_cache_age(const struct play_sight *sight, unsigned cpu);
const struct tlb_entry *play_sight_cached(const struct play_sight *sight, unsigned cpu,
    enum tlb_kind kind, unsigned index);

/* Why an access that a thread has just made ended as it did. */
void play_sight_explain(const struct play_sight *sight, const struct event *access,
    struct explanation *why);

/* What did not hold so far. */
size_t play_sight_mismatches(const struct play_sight *sight);

#endif
