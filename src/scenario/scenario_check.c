/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the parts of a scenario fit together, after each has been settled: steps that wait for
 * one another, labels, and what all of it comes to.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "scenario/scenario_reader.h"

/* Whether a step acts on behalf of a thread that has user memory. */
static void
check_of(struct scn_reader *rd, const struct scn_step *step)
{
	if (!scn_has(&step->src, SCN_KEY_OF) || step->thread >= rd->scenario->threads ||
	    rd->scenario->thread[step->thread].role != SCN_ROLE_KERNEL)
		return;
	scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_OF),
	    "found the thread '%s' of role kernel for 'of', expected one that has user memory",
	    rd->names[SCN_SECTION_THREAD].name[step->thread]);
}

static void
check_wait(struct scn_reader *rd, struct scn_step *step)
{
	const struct scn_thread *thread;
	enum scn_key key = SCN_KEY_STEP;

	if (step->op != SCN_OP_WAIT || step->thread >= rd->scenario->threads)
		return;
	thread = &rd->scenario->thread[step->thread];
	if (!scn_has(&step->src, key)) {
		step->count = thread->steps;
		key = SCN_KEY_THREAD;
	}
	if (step->count > thread->steps)
		scn_error(rd->errors, scn_mark_of(&step->src, key),
		    "found step %" PRIu64 " of a thread with %zu, expected at most that",
		    step->count, thread->steps);
	else if (step->count == thread->steps && scn_thread_is_daemon(thread))
		scn_error(rd->errors, scn_mark_of(&step->src, key),
		    "found a wait for a step that is repeated forever, expected one for the steps "
		    "before it");
}

/* What comes after a step that is repeated for ever is never made. */
static void
check_forever(struct scn_reader *rd, const struct scn_thread *thread)
{
	size_t i;

	for (i = 0; i + 1 < thread->steps; i++) {
		if (thread->step[i].repeat != SCN_FOREVER)
			continue;
		scn_error(rd->errors, thread->step[i + 1].src.mark,
		    "found a step behind one that is repeated forever, expected none");
		return;
	}
}

/* A run lasts as long as a thread that ends by itself. */
static void
check_lasts(struct scn_reader *rd)
{
	const struct scenario *scenario = rd->scenario;
	size_t i;

	for (i = 0; i < scenario->threads; i++) {
		if (!scn_thread_is_daemon(&scenario->thread[i]))
			return;
	}
	if (scenario->threads != 0)
		scn_error(rd->errors, scn_mark_of(&scenario->src, SCN_KEY_THREADS),
		    "found only threads that repeat a step forever, expected one that ends");
}

static int
label_compare(const void *a, const void *b)
{
	const struct scn_step *x = *(const struct scn_step *const *)a;
	const struct scn_step *y = *(const struct scn_step *const *)b;
	int order = strcmp(x->label, y->label);

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Labels are unique in their thread. */
static void
check_labels(struct scn_reader *rd, const struct scn_thread *thread)
{
	const struct scn_step **labelled;
	size_t count = 0, i;

	for (i = 0; i < thread->steps; i++)
		count += thread->step[i].label != NULL;
	labelled = scn_arena_alloc(rd->arena, count + 1, sizeof(*labelled));
	if (labelled == NULL)
		return;
	for (count = i = 0; i < thread->steps; i++) {
		if (thread->step[i].label != NULL)
			labelled[count++] = &thread->step[i];
	}
	qsort(labelled, count, sizeof(*labelled), label_compare);
	for (i = 1; i < count; i++) {
		if (strcmp(labelled[i - 1]->label, labelled[i]->label) == 0)
			scn_error(rd->errors, scn_mark_of(&labelled[i]->src, SCN_KEY_LABEL),
			    "found a second use of the label '%s' in a thread, expected another "
			    "one", labelled[i]->label);
	}
}

static void
check_steps(struct scn_reader *rd)
{
	struct scenario *scenario = rd->scenario;
	uint64_t total = 0;
	size_t i, j;

	for (i = 0; i < scenario->threads; i++) {
		/* Still being built: nobody else has seen it. */
		struct scn_step *step = (struct scn_step *)scenario->thread[i].step;

		for (j = 0; j < scenario->thread[i].steps; j++) {
			total += step[j].repeat == SCN_FOREVER ? 1 : step[j].repeat;
			if (total > SCN_STEPS_MAX) {
				scn_error(rd->errors, step[j].src.mark,
				    "found more than %u steps, repetitions counted, expected less",
				    SCN_STEPS_MAX);
				return;
			}
			check_of(rd, &step[j]);
			check_wait(rd, &step[j]);
		}
	}
}

/* Adds the entries that a map makes; 0 after recording that they are too many. */
static int
pages_add(struct scn_reader *rd, uint64_t *total, const struct scn_src *src, uint64_t size,
    uint64_t page)
{
	if (page != 0)
		*total += size / page;
	if (*total <= SCN_PAGES_MAX)
		return 1;
	scn_error(rd->errors, scn_mark_of(src, SCN_KEY_SIZE),
	    "found maps of %" PRIu64 " pages up to here, expected at most %u", *total,
	    SCN_PAGES_MAX);
	return 0;
}

static void
check_pages(struct scn_reader *rd)
{
	const struct scn_host *host = &rd->scenario->host;
	const struct scn_guest *guest = &rd->scenario->guest;
	uint64_t total = 0;
	size_t i, j;

	for (i = 0; i < host->epts; i++) {
		const struct scn_ept_map *map = host->ept[i].map;

		if (map != NULL && !pages_add(rd, &total, &map->src, map->size, map->page))
			return;
	}
	for (i = 0; i < guest->spaces; i++) {
		for (j = 0; j < guest->space[i].maps; j++) {
			const struct scn_guest_map *map = &guest->space[i].map[j];

			if (!pages_add(rd, &total, &map->src, map->size, map->page))
				return;
		}
	}
}

/* A mapping of addresses that are none would be one of others: the tables do not tell. */
static void
check_canonical(struct scn_reader *rd, const struct scn_guest_space *space)
{
	unsigned width = space->levels == 5 ? 57 : 48;
	size_t i;

	for (i = 0; i < space->maps; i++) {
		const struct scn_guest_map *map = &space->map[i];
		uint64_t last = map->gva + (map->size - 1);

		if (map->size == 0 || (vk_gva_is_canonical(vk_gva(map->gva), width) &&
		    vk_gva_is_canonical(vk_gva(last), width) && (map->gva ^ last) >> 63 == 0))
			continue; /* with size 0 there has been an error already */
		scn_error(rd->errors, scn_mark_of(&map->src, SCN_KEY_GVA),
		    "found a mapping of 0x%" PRIx64 " to 0x%" PRIx64 ", expected canonical "
		    "addresses: with %u levels below 0x%" PRIx64 " or from 0x%" PRIx64 " on",
		    map->gva, last, width == 57 ? 5u : 4u, (uint64_t)1 << (width - 1),
		    ~(uint64_t)0 << (width - 1));
	}
}

static int
fill_add(struct scn_reader *rd, uint64_t *total, const struct scn_src *src, uint64_t size)
{
	*total += size;
	if (*total <= SCN_FILL_MAX)
		return 1;
	scn_error(rd->errors, src->mark,
	    "found %" PRIu64 " bytes of initial memory up to here, expected at most %u", *total,
	    SCN_FILL_MAX);
	return 0;
}

static void
check_contents(struct scn_reader *rd)
{
	const struct scn_host *host = &rd->scenario->host;
	const struct scn_guest *guest = &rd->scenario->guest;
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < host->objects; i++) {
		if (!fill_add(rd, &total, &host->object[i].src, host->object[i].content.size))
			return;
	}
	for (i = 0; i < host->frames; i++) {
		if (!fill_add(rd, &total, &host->frame[i].src, host->frame[i].content.size))
			return;
	}
	for (i = 0; i < guest->memories; i++) {
		if (!fill_add(rd, &total, &guest->memory[i].src, guest->memory[i].content.size))
			return;
	}
}

void
scn_check(struct scn_reader *rd)
{
	struct scenario *scenario = rd->scenario;
	size_t i;

	if (scn_has(&scenario->src, SCN_KEY_THREADS) && scenario->threads == 0)
		scn_error(rd->errors, scn_mark_of(&scenario->src, SCN_KEY_THREADS),
		    "found no threads, expected at least one");
	check_pages(rd);
	for (i = 0; i < scenario->guest.spaces; i++)
		check_canonical(rd, &scenario->guest.space[i]);
	check_contents(rd);
	check_steps(rd);
	for (i = 0; i < scenario->threads && !scn_errors_enough(rd->errors); i++) {
		check_forever(rd, &scenario->thread[i]);
		check_labels(rd, &scenario->thread[i]);
	}
	check_lasts(rd);
}
