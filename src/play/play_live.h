/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario that is played by somebody else's choices: its machine is built and its threads stand
 * at their beginnings; each is run as far as its watch lets it.
 */
#ifndef VK_PLAY_PLAY_LIVE_H
#define VK_PLAY_PLAY_LIVE_H

#include "play/play.h"
#include "sim/watch.h"

struct play_live;

/*
 * Builds the machine.  *status tells why NULL was returned, PLAY_DONE: the outcome has a mismatch
 * that says what could not be built.  The outcome and the sink must stay until play_live_close().
 */
struct play_live *play_live_open(const struct scenario *scenario,
    const struct play_options *options, struct play_outcome *outcome, enum play_status *status);
void play_live_close(struct play_live *live);

/* Runs a thread that has not ended until its watch makes it leave, or until it ends. */
void play_live_resume(struct play_live *live, unsigned thread, struct watch *watch);

/* In a thread: back to whoever resumed it. */
void play_live_leave(struct play_live *live);

/* A number that changes when the thread ends a step. */
uint64_t play_live_progress(const struct play_live *live, unsigned thread);

bool play_live_ended(const struct play_live *live, unsigned thread);

/* Whether the thread is in the critical section of that CPU. */
bool play_live_holds_cpu(const struct play_live *live, unsigned thread, uint64_t cpu);

/* The value of a cell now; of one that is larger than a word, a number made of its contents. */
uint64_t play_live_cell(const struct play_live *live, watch_cell cell);

/* Which cell the core means by the address of a word; false: it belongs to no one else. */
bool play_live_cell_at(const struct play_live *live, const void *where, watch_cell *cell);

/* All that a thread is between two touches, once it has passed an anchor. */
void play_live_thread_state(const struct play_live *live, unsigned thread,
    const struct watch_sink *sink);

/* The bytes of a frame, or NULL where nothing was ever written. */
const void *play_live_frame(const struct play_live *live, uint64_t hpa);

/* PLAY_DONE unless the machine has failed: out of memory, over a limit. */
enum play_status play_live_status(const struct play_live *live);

/* Ends the run: threads that stand where they are, and what was expected of the end. */
enum play_status play_live_finish(struct play_live *live);

#endif
