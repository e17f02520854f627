/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a recorded call must have moved: the events are gone through once more, on a copy of the
 * memory from before, and each page that was held gives or takes the bytes that are its turn.
 *
 * The witness says that the right pages were held; this says that nothing but their bytes went
 * anywhere.  It needs no model of tables, and so holds for a memory whose answers make no sense.
 */
#ifndef TESTS_COPY_REPLAY_H
#define TESTS_COPY_REPLAY_H

#include "support/support_copyio.h"

/*
 * Fails unless result, buffer and all of memory are what the events of the call make of `before`,
 * the memory as it was, with a buffer of `size` bytes that held `fill` throughout (copyout: the
 * bytes to store).  Nobody but the call, and its compare-and-swaps, may have changed memory.
 */
void copy_replay(const struct umem *mem, const struct vk_us *us, const unsigned char *before,
    enum copy_name name, const struct copy_args *args, const struct copy_result *result,
    size_t size, unsigned char fill);

#endif
