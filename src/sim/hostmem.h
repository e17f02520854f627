/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host-physical memory, sparse: 512 bytes of it cost memory from the first write to them on.
 *
 * Frames below `size` that were never written read as zero; addresses from `size` on are answered
 * by nobody and read as all ones.  A limit on written frames keeps any input from swelling the
 * process.
 */
#ifndef VK_SIM_HOSTMEM_H
#define VK_SIM_HOSTMEM_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/ptlevel.h"

struct hostmem;

enum hostmem_failure {
	HOSTMEM_FINE,
	HOSTMEM_OUT_OF_MEMORY, /* the process could not get more */
	HOSTMEM_OVER_LIMIT     /* the simulation used more frames than it may */
};

/* `size` in bytes, a multiple of 4 KiB; `frame_limit` is a count.  NULL when out of memory. */
struct hostmem *hostmem_create(uint64_t size, size_t frame_limit);
void hostmem_destroy(struct hostmem *mem);

uint64_t hostmem_size(const struct hostmem *mem);

/* The first failure, which is kept: every later write may have been lost. */
enum hostmem_failure hostmem_failed(const struct hostmem *mem);

/* Keeps in mind that there was no memory for what goes with this one. */
void hostmem_fail(struct hostmem *mem);

/* Number of frames written so far. */
size_t hostmem_frames(const struct hostmem *mem);

/* Whether anything of the frame at `hpa` was ever written. */
bool hostmem_written(const struct hostmem *mem, hpa_t hpa);

/* The 4096 bytes of the frame for writing, which stay there; NULL beyond `size` or on failure. */
void *hostmem_frame(struct hostmem *mem, hpa_t hpa);

/* Makes the frame zero, and a written one; false beyond `size` or on failure. */
bool hostmem_clear(struct hostmem *mem, hpa_t hpa);

/* An aligned word. */
uint64_t hostmem_load(const struct hostmem *mem, hpa_t slot);
bool hostmem_store(struct hostmem *mem, hpa_t slot, uint64_t value);

/* Bytes at any address; reads beyond `size` give ones, writes there are dropped (false). */
void hostmem_read(const struct hostmem *mem, hpa_t hpa, void *bytes, size_t size);
bool hostmem_write(struct hostmem *mem, hpa_t hpa, const void *bytes, size_t size);

/* As a walker sees it. */
struct hpm hostmem_hpm(struct hostmem *mem);

/*
 * Who is told of each word that changes in the frames that it asks for, at once: nobody runs
 * between the change and the call.
 */
struct hostmem_listener {
	bool (*wants)(void *ctx, hpa_t frame);
	/*
	 * Such a frame is about to be written, or to be lent for that.  Who asks for this has
	 * effects of its own, which depend on what is replaced: the write is then a look too, and
	 * nobody comes between.  NULL: listening changes nothing for who watches.
	 */
	void (*about)(void *ctx);
	/* `locked`: by a locked operation, which has seen what it replaced. */
	void (*changed)(void *ctx, hpa_t slot, uint64_t before, uint64_t after, bool locked);
	void *ctx;
	struct hostmem_listener *next; /* the memory's own */
};

/* It has to stay until hostmem_unlisten(), which does nothing for one that does not listen. */
void hostmem_listen(struct hostmem *mem, struct hostmem_listener *listener);
void hostmem_unlisten(struct hostmem *mem, struct hostmem_listener *listener);

/* Between these, hostmem_write() is the second half of a locked operation. */
void hostmem_lock(struct hostmem *mem, bool on);

/*
 * Around writes through hostmem_frame(): what they have changed is told when the loan is returned.
 * NULL, which may be returned too, when nobody asks for the frame.
 */
struct hostmem_loan;
struct hostmem_loan *hostmem_lend(struct hostmem *mem, hpa_t frame);
void hostmem_return(struct hostmem *mem, struct hostmem_loan *loan);

/*
 * Tells who watches that bytes are about to be read (WATCH_READ) or written (WATCH_WRITE) by way of
 * hostmem_frame().
 */
void hostmem_touch(hpa_t hpa, size_t size, unsigned how);

/* Calls `visit` for every written frame, in ascending order; for comparison of states. */
bool hostmem_visit(const struct hostmem *mem, void (*visit)(void *ctx, hpa_t frame,
    const void *bytes), void *ctx);

#endif
