/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run by somebody else's choices, and what its cells hold.
 */
#include "play/play_live.h"

#include <stdlib.h>
#include <string.h>

#include "play/player.h"

#define VMM_WORDS (sizeof(struct vmm_proc) / sizeof(uint64_t))

struct play_live {
	struct player player;
};

struct play_live *
play_live_open(const struct scenario *scenario, const struct play_options *options,
    struct play_outcome *outcome, enum play_status *status)
{
	struct play_live *live = calloc(1, sizeof(*live));

	memset(outcome, 0, sizeof(*outcome));
	outcome->end = calloc(scenario->threads, sizeof(*outcome->end));
	*status = PLAY_NO_MEMORY;
	if (live == NULL || outcome->end == NULL) {
		free(live);
		return NULL;
	}
	live->player.scenario = scenario;
	live->player.outcome = outcome;
	live->player.watched = true;
	live->player.history = options->sink != NULL;
	if (player_start(&live->player, options)) {
		*status = PLAY_DONE;
		return live;
	}
	*status = player_end(&live->player);
	free(live);
	return NULL;
}

void
play_live_close(struct play_live *live)
{
	if (live == NULL)
		return;
	(void)player_end(&live->player);
	free(live);
}

void
play_live_resume(struct play_live *live, unsigned thread, struct watch *watch)
{
	sched_resume(live->player.machine.sched, thread, watch);
}

void
play_live_leave(struct play_live *live)
{
	sched_leave(live->player.machine.sched);
}

uint64_t
play_live_progress(const struct play_live *live, unsigned thread)
{
	const struct play_thread *play = &live->player.thread[thread];

	return (uint64_t)play->at << 32 | play->round;
}

bool
play_live_holds_cpu(const struct play_live *live, unsigned thread, uint64_t cpu)
{
	return live->player.machine.cpu[cpu].critical == &live->player.thread[thread].machine;
}

bool
play_live_ended(const struct play_live *live, unsigned thread)
{
	return sched_ended(live->player.machine.sched, thread);
}

/* --- cells ------------------------------------------------------------------------------------ */

/* Numbers made of bytes: equal bytes, equal numbers; others differ but for one chance in 2^64. */
static void
mix(void *ctx, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	uint64_t *number = ctx, word;

	while (size != 0) {
		size_t part = size < sizeof(word) ? size : sizeof(word);

		word = 0;
		memcpy(&word, from, part);
		*number = (*number ^ word) * 0xff51afd7ed558ccdull;
		*number ^= *number >> 32;
		*number = *number * 0xc4ceb9fe1a85ec53ull + part;
		*number ^= *number >> 29;
		from += part;
		size -= part;
	}
}

static uint64_t
host_number(const struct player *player)
{
	uint64_t number = 0;
	struct watch_sink sink = { mix, &number };
	size_t i;

	watch_put64(&sink, player->machine.frames.next);
	for (i = 0; i < player->scenario->host.spaces; i++)
		machine_process_state(&player->process[i], &sink);
	for (i = 0; i < player->scenario->programs; i++)
		exec_process_state(&player->program[i], &sink);
	defects_state(&player->defects, &sink);
	return number;
}

static uint64_t
cpu_value(const struct machine_cpu *cpu)
{
	uint64_t critical = cpu->critical == NULL ? 0 : cpu->critical->index + 1;
	uint64_t loaded = cpu->loaded == NULL ? 0 : cpu->loaded->index + 1;
	uint64_t guest = cpu->guest == NULL ? 0 : cpu->guest->index + 1;

	return critical | guest << 16 | loaded << 32;
}

static uint64_t
cell_value(const struct player *player, watch_cell cell)
{
	uint64_t at = watch_number_of(cell), number = 0;
	struct watch_sink sink = { mix, &number };

	switch (watch_kind_of(cell)) {
	case WATCH_WORD:
		return hostmem_load(player->machine.mem, vk_hpa(at * 8));
	case WATCH_VMM:
		return ((const uint64_t *)&player->process[at / 64].vmm)[at % 64];
	case WATCH_INTERRUPT:
		return player->machine.cpu[at].interrupt |
		    (uint64_t)player->machine.cpu[at].interrupts_off << 1 |
		    (uint64_t)player->machine.cpu[at].captured << 2;
	case WATCH_CPU:
		return cpu_value(&player->machine.cpu[at]);
	case WATCH_TLB:
		tlb_state(player->machine.cpu[at].tlb, &sink);
		return number;
	case WATCH_HOST:
		return host_number(player);
	case WATCH_THREAD:
		play_thread_seen(&player->thread[at], &sink);
		return number;
	case WATCH_CONSOLE:
		mix(&number, player->outcome->console, player->outcome->console_size);
		return number;
	default:
		return 0;
	}
}

uint64_t
play_live_cell(const struct play_live *live, watch_cell cell)
{
	uint64_t value;

	watch_quiet(true);
	value = cell_value(&live->player, cell);
	watch_quiet(false);
	return value;
}

bool
play_live_cell_at(const struct play_live *live, const void *where, watch_cell *cell)
{
	const struct player *player = &live->player;
	size_t i;

	for (i = 0; i < player->scenario->host.spaces; i++) {
		const uint64_t *word = (const uint64_t *)&player->process[i].vmm;
		size_t at;

		for (at = 0; at < VMM_WORDS; at++) {
			if (where == &word[at]) {
				*cell = watch_cell_of(WATCH_VMM, i * 64 + at);
				return true;
			}
		}
	}
	return false;
}

void
play_live_thread_state(const struct play_live *live, unsigned thread,
    const struct watch_sink *sink)
{
	play_thread_state(&live->player.thread[thread], sink);
}

const void *
play_live_frame(const struct play_live *live, uint64_t hpa)
{
	struct hostmem *mem = live->player.machine.mem;

	return hostmem_written(mem, vk_hpa(hpa)) ? hostmem_frame(mem, vk_hpa(hpa)) : NULL;
}

enum play_status
play_live_status(const struct play_live *live)
{
	return player_status(&live->player);
}

enum play_status
play_live_finish(struct play_live *live)
{
	player_finish(&live->player);
	return play_live_status(live);
}
