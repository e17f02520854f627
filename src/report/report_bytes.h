/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that are kept: a sink for what cannot go out as it is written.
 */
#ifndef VK_REPORT_REPORT_BYTES_H
#define VK_REPORT_REPORT_BYTES_H

#include "scenario/scenario.h"

struct report_bytes {
	char *bytes; /* to be freed */
	size_t size, room;
	int failed;  /* out of memory: what was written is incomplete */
};

/* A sink that appends; begins with no bytes. */
struct scn_sink report_bytes_sink(struct report_bytes *bytes);

#endif
