/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run as one page of HTML: every event with what it changed, for a reader who steps through it.
 *
 * A page is told of a run while it is played, and written afterwards.  It keeps the machine as it
 * was at the end and, for each event, what changed; the page goes from one to the other and back.
 */
#ifndef VK_PAGE_PAGE_H
#define VK_PAGE_PAGE_H

#include "explore/explore_replay.h"
#include "play/play_sight.h"
#include "scenario/scenario.h"

struct page;

/* Events that a page holds; of a longer run it holds a part. */
#define PAGE_EVENTS_MAX 20000u

/*
 * A page for one run of a scenario, which has to stay; the first `skip` events are left out.  NULL
 * when out of memory.
 */
struct page *page_create(const struct scenario *scenario, uint64_t skip);
void page_free(struct page *page);

/* The listeners of a run; `ctx` is the page.  The last two are those of a replay. */
struct play_observer page_observer(struct page *page);
void page_event(void *ctx, const struct event *event);
void page_before(void *ctx, size_t move, unsigned thread);
void page_after(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
    size_t touches);

/* The run is over and came to this, which has to stay. */
void page_end(struct page *page, const struct play_outcome *outcome);

/* Events of the whole run; and how many of them to skip so that the page shows a failure. */
uint64_t page_events(const struct page *page);
uint64_t page_skip(const struct page *page);

/* Whether memory ran out, so that something is missing. */
bool page_failed(const struct page *page);

/* What else the page says of the run; all may be NULL. */
struct page_facts {
	const char *version;
	const char *how;   /* which run it is, a sentence */
	const char *cause; /* of a violation, a sentence */
};

/* Writes all of the page. */
void page_write(struct page *page, const struct page_facts *facts, const struct scn_sink *sink);

/* Only its data, which the page carries as JSON. */
void page_write_data(struct page *page, const struct page_facts *facts,
    const struct scn_sink *sink);

#endif
