/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States are visited depth first and remembered; nothing is reduced.
 */
#include "oracle/naive_tso.h"

#include <stdlib.h>
#include <string.h>

#define STATES (1u << 18) /* slots of the table; at most half of them are used */

/* Bytes only, so that two states are compared as bytes. */
struct state {
	unsigned char used; /* as a slot of the table */
	unsigned char at[TSO_THREADS];
	unsigned char memory[TSO_LOCATIONS];
	unsigned char pending[TSO_THREADS]; /* stores in the buffer, oldest first */
	unsigned char location[TSO_THREADS][TSO_OPS];
	unsigned char value[TSO_THREADS][TSO_OPS];
	signed char got[TSO_THREADS][TSO_OPS];
};

struct search {
	const struct tso_program *program;
	bool buffers;
	struct state *table;
	size_t states;
	struct tso_outcome *outcome;
	size_t outcomes;
};

/* Whether the state is new; it is remembered. */
static bool
is_new(struct search *search, const struct state *state)
{
	const unsigned char *bytes = (const unsigned char *)state;
	size_t hash = 14695981039346656037u, i;

	for (i = 0; i < sizeof(*state); i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	for (i = hash % STATES; search->table[i].used; i = (i + 1) % STATES) {
		if (memcmp(&search->table[i], state, sizeof(*state)) == 0)
			return false;
	}
	if (++search->states > STATES / 2)
		abort();
	search->table[i] = *state;
	return true;
}

static void
end(struct search *search, const struct state *state)
{
	struct tso_outcome outcome;
	size_t i;

	memcpy(outcome.got, state->got, sizeof(outcome.got));
	for (i = 0; i < TSO_LOCATIONS; i++)
		outcome.memory[i] = (signed char)state->memory[i];
	for (i = 0; i < search->outcomes; i++) {
		if (memcmp(&search->outcome[i], &outcome, sizeof(outcome)) == 0)
			return;
	}
	if (search->outcomes == TSO_OUTCOMES)
		abort();
	search->outcome[search->outcomes++] = outcome;
}

static void
drain(struct state *state, unsigned t)
{
	unsigned i, left = --state->pending[t];

	state->memory[state->location[t][0]] = state->value[t][0];
	for (i = 0; i < left; i++) {
		state->location[t][i] = state->location[t][i + 1];
		state->value[t][i] = state->value[t][i + 1];
	}
	state->location[t][left] = state->value[t][left] = 0;
}

static unsigned char
load(const struct state *state, unsigned t, unsigned char location)
{
	unsigned i;

	for (i = state->pending[t]; i-- > 0;) {
		if (state->location[t][i] == location)
			return state->value[t][i];
	}
	return state->memory[location];
}

/* Makes the thread's next operation; false: it has to wait for its buffer. */
static bool
step(const struct search *search, struct state *state, unsigned t)
{
	unsigned at = state->at[t];
	const struct tso_op *op = &search->program->op[t][at];
	unsigned slot = state->pending[t];

	if (slot != 0 && (op->kind == TSO_FENCE || op->kind == TSO_EXCHANGE))
		return false;
	if (op->kind == TSO_LOAD || op->kind == TSO_EXCHANGE)
		state->got[t][at] = (signed char)load(state, t, op->location);
	if (op->kind == TSO_EXCHANGE || (op->kind == TSO_STORE && !search->buffers)) {
		state->memory[op->location] = op->stored;
	} else if (op->kind == TSO_STORE) {
		state->location[t][slot] = op->location;
		state->value[t][slot] = op->stored;
		state->pending[t]++;
	}
	state->at[t]++;
	return true;
}

static void
visit(struct search *search, const struct state *state)
{
	bool ended = true;
	struct state next;
	unsigned t;

	if (!is_new(search, state))
		return;
	for (t = 0; t < search->program->threads; t++) {
		if (state->pending[t] != 0) {
			ended = false;
			next = *state;
			drain(&next, t);
			visit(search, &next);
		}
		if (state->at[t] == search->program->ops[t])
			continue;
		ended = false;
		next = *state;
		if (step(search, &next, t))
			visit(search, &next);
	}
	if (ended)
		end(search, state);
}

size_t
tso_outcomes(const struct tso_program *program, bool buffers,
    struct tso_outcome outcome[TSO_OUTCOMES])
{
	struct search search = {.program = program, .buffers = buffers, .outcome = outcome};
	struct state start;

	search.table = calloc(STATES, sizeof(*search.table));
	if (search.table == NULL)
		abort();
	memset(&start, 0, sizeof(start));
	memset(start.got, TSO_ANY, sizeof(start.got));
	start.used = 1;
	visit(&search, &start);
	free(search.table);
	return search.outcomes;
}
