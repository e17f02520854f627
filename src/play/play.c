/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run: build, schedule, play, compare.
 */
#include "play/play.h"

#include <stdlib.h>
#include <string.h>

#include "play/player.h"

/* Scheduling points of one run; a scenario of a million steps stays well below. */
#define POINT_LIMIT 20000000u

static struct sched_policy
policy_of(const struct scenario *s, const struct play_options *options)
{
	struct sched_policy policy = { .kind = SCHED_IN_ORDER };

	if (options->seed_given || s->schedule.order == SCN_ORDER_SEED) {
		policy.kind = SCHED_SEED;
		policy.seed = options->seed_given ? options->seed : s->schedule.seed;
	} else if (s->schedule.order == SCN_ORDER_SCRIPT) {
		policy.kind = SCHED_SCRIPT;
		policy.script = s->schedule.script;
		policy.script_length = s->schedule.scripts;
	} else if (s->schedule.order == SCN_ORDER_EXPLORE && s->schedule.explore.afters != 0) {
		policy.kind = SCHED_SCRIPT;
		policy.script = s->schedule.explore.after;
		policy.script_length = s->schedule.explore.afters;
	}
	return policy;
}

static bool
start_threads(struct player *player, const struct play_options *options)
{
	const struct scenario *s = player->scenario;
	struct sched_policy policy = policy_of(s, options);
	size_t i;

	player->machine.sched = sched_create(&policy, (unsigned)s->threads);
	if (player->machine.sched == NULL)
		return false;
	for (i = 0; i < s->threads; i++) {
		struct play_thread *thread = &player->thread[i];

		if (!sched_add(player->machine.sched, play_thread_body, thread,
		    &player->machine.cpu[thread->machine.cpu].interrupt))
			return false;
	}
	return true;
}

/*
 * Threads that were left in the middle: they wait, or go round for ever, which one that repeats a
 * step for ever may do.
 */
static void
collect_ends(struct player *player)
{
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		const struct play_thread *thread = &player->thread[i];
		const struct scn_step *step = play_step(thread);
		bool waits = step != NULL && step->op == SCN_OP_WAIT && thread->begun;

		player->outcome->end[i] = thread->ended ? thread->end :
		    scn_thread_is_daemon(thread->scn) ? SCN_END_FINISHED :
		    waits ? SCN_END_BLOCKED : SCN_END_LIVELOCK;
	}
}

bool
player_start(struct player *player, const struct play_options *options)
{
	if (!player_build(player))
		return false;
	player->machine.sink = options->sink;
	player->machine.sink_ctx = options->sink_ctx;
	if (policy_of(player->scenario, options).kind == SCHED_SEED)
		machine_choose_by(&player->machine, policy_of(player->scenario, options).seed);
	if (!start_threads(player, options)) {
		player->status = PLAY_NO_MEMORY;
		return false;
	}
	player->observer = options->observer;
	if (player->observer != NULL)
		player->observer->begins(player->observer->ctx, player_sight(player));
	return true;
}

void
player_finish(struct player *player)
{
	collect_ends(player);
	play_advise_end(player);
	if (player->question == NULL) {
		expect_final(player);
		play_always_end(player);
	}
}

static void
play(struct player *player, const struct play_options *options)
{
	if (!player_start(player, options))
		return;
	(void)sched_run(player->machine.sched, POINT_LIMIT); /* collect_ends() sees who was left */
	player_finish(player);
}

static enum play_status
status_after(enum play_status status, enum machine_failure failure)
{
	if (failure == MACHINE_NO_MEMORY)
		return PLAY_NO_MEMORY;
	if (failure == MACHINE_FINE || status != PLAY_DONE)
		return status;
	return failure == MACHINE_OVER_FRAMES ? PLAY_OVER_LIMIT : PLAY_OVER_CHOICES;
}

enum play_status
player_status(const struct player *player)
{
	if (player->machine.mem == NULL)
		return player->status;
	return status_after(player->status, machine_failed(&player->machine));
}

enum play_status
player_end(struct player *player)
{
	enum play_status status = player_status(player);

	if (player->observer != NULL)
		player->observer->ends(player->observer->ctx);
	player_free(player);
	return status;
}

enum play_status
play_run(const struct scenario *scenario, const struct play_options *options,
    struct play_outcome *outcome)
{
	struct player player = { .scenario = scenario, .outcome = outcome, .history = true,
		.advises = options->advise };
	enum play_status status;

	memset(outcome, 0, sizeof(*outcome));
	outcome->end = calloc(scenario->threads, sizeof(*outcome->end));
	if (outcome->end == NULL)
		return PLAY_NO_MEMORY;
	play(&player, options);
	status = player_end(&player);
	outcome->passed = status == PLAY_DONE && outcome->mismatches == 0;
	return status;
}

void
play_outcome_free(struct play_outcome *outcome)
{
	size_t i;

	for (i = 0; i < outcome->mismatches; i++) {
		free(outcome->mismatch[i].expected);
		free(outcome->mismatch[i].found);
		free(outcome->mismatch[i].why);
		free(outcome->mismatch[i].stale);
	}
	free(outcome->mismatch);
	free(outcome->advice);
	free(outcome->console);
	free(outcome->end);
	memset(outcome, 0, sizeof(*outcome));
}

/* Plays up to the question; the answer is in what the player was given for it. */
static enum play_answer
ask(struct player *player)
{
	struct play_options options = { .seed_given = false };
	struct play_outcome outcome;
	enum play_answer answer;

	memset(&outcome, 0, sizeof(outcome));
	outcome.end = calloc(player->scenario->threads, sizeof(*outcome.end));
	if (outcome.end == NULL)
		return PLAY_ANSWER_NO_MEMORY;
	player->outcome = &outcome;
	player->answer = PLAY_NOT_REACHED;
	play(player, &options);
	answer = player->answer;
	if (player_end(player) == PLAY_NO_MEMORY)
		answer = PLAY_ANSWER_NO_MEMORY;
	play_outcome_free(&outcome);
	return answer;
}

enum play_answer
play_walk(const struct scenario *scenario, const struct play_question *question,
    struct explanation *why)
{
	struct player player = { .scenario = scenario, .question = question, .why = why };

	return ask(&player);
}

enum play_answer
play_view(const struct scenario *scenario, const struct play_question *question,
    struct view *view)
{
	struct player player = { .scenario = scenario, .question = question, .view = view };
	enum play_answer answer;

	memset(view, 0, sizeof(*view));
	answer = ask(&player);
	if (answer != PLAY_ANSWERED)
		view_free(view);
	return answer;
}
