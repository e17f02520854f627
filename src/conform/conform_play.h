/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of a recording, with the model's virtual CPU in the place of the processor.
 *
 * Modelled is what the recording image did: the code of the steps is fetched through the same
 * tables as the data, edits by the guest are stores through them, and every step that leaves the
 * guest enters it again.  The cache of translations follows the recorder's policy, which drops more
 * than it must: everything at each VM exit and entry and at each change of CR0.WP.
 *
 * RIP is the address of the instruction that made the access.  The lengths of the image's
 * instructions are known for all steps but `m`: after one of these RIP is not given.
 */
#ifndef VK_CONFORM_CONFORM_PLAY_H
#define VK_CONFORM_CONFORM_PLAY_H

#include "conform/conform_case.h"
#include "sim/vcpu.h"

struct conform_player;

struct conform_played {
	struct conform_outcome outcome;
	const char *unsupported; /* why the case cannot be judged, or NULL */
	bool out_of_memory;
	unsigned step;           /* at which it ended, from 1; 0: at VM entry */
	unsigned acc;            /* of the last access, or 0 when none was made: VK_ACC_* */
	struct vcpu_result last; /* the last access: it decided the outcome */
};

/* NULL when out of memory. */
struct conform_player *conform_player_create(const struct conform_header *header);
void conform_player_destroy(struct conform_player *player);

/*
 * Plays a case from the state of the header.  *why, unless NULL, comes to explain what decided it.
 * The memory stays as the case left it until conform_player_undo().
 */
void conform_player_run(struct conform_player *player, const struct conform_case *c,
    struct conform_played *played, struct explanation *why);
void conform_player_undo(struct conform_player *player);

/* For whoever looks at the tables that a case left. */
const struct vcpu *conform_player_vcpu(const struct conform_player *player);

/* The qword at a host-physical address, and what it was before the last access began. */
uint64_t conform_player_load(const struct conform_player *player, uint64_t pa);
uint64_t conform_player_load_before(const struct conform_player *player, uint64_t pa);

#endif
