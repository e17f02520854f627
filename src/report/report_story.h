/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run in short: what each step did, on one line.
 *
 * A scene is a run of events of one step of one thread.  A step that another thread interrupts
 * makes several scenes, so that they follow each other as things happened.
 */
#ifndef VK_REPORT_REPORT_STORY_H
#define VK_REPORT_REPORT_STORY_H

#include "report/report_trace.h"

#define STORY_ITEMS 8
#define STORY_FIRST 5 /* of them are the first ones, the others the last */
#define STORY_ITEM_SIZE 128

/* One thing that happened, so many times in a row. */
struct story_item {
	char what[STORY_ITEM_SIZE];
	uint64_t times;
};

struct story_scene {
	int thread, step; /* as in events */
	int continued;    /* the step had begun in an earlier scene */
	struct story_item item[STORY_ITEMS];
	unsigned items;
	uint64_t more;    /* things that had no room, between the first and the last */
};

/* Whether an event does not belong to this scene. */
int story_is_over(const struct story_scene *scene, const struct event *event);

/* Starts a scene with its first event, which is still to be added. */
void story_begin(struct story_scene *scene, const struct event *event);

/* Adds what an event means to the story, which may be nothing. */
void story_add(struct story_scene *scene, struct decoder *decoder, const struct event *event);

/* "  main   3  write 0x400000, 8 bytes    EPT violation (write) at GPA 0x0, ok", no newline. */
void story_write_text(struct text *text, const struct scenario *scenario,
    const struct story_scene *scene);

/* The members "happened", an array of what happened how many times, and "more", left out of it. */
void story_write_json(struct json *json, const struct story_scene *scene);

/* Whether nothing is worth a line: events outside any step that mean nothing to the story. */
int story_is_empty(const struct story_scene *scene);

#endif
