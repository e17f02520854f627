/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that grow as they are written to; what does not fit into memory is lost, and known to be.
 */
#include "report/report_bytes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 65536u

static void
bytes_write(void *ctx, const char *text, size_t size)
{
	struct report_bytes *bytes = ctx;
	size_t room = bytes->room;
	char *grown;

	while (room - bytes->size < size)
		room = room != 0 ? 2 * room : FIRST_ROOM;
	if (room != bytes->room) {
		grown = realloc(bytes->bytes, room);
		if (grown == NULL) {
			bytes->failed = 1;
			return;
		}
		bytes->bytes = grown;
		bytes->room = room;
	}
	memcpy(bytes->bytes + bytes->size, text, size);
	bytes->size += size;
}

struct scn_sink
report_bytes_sink(struct report_bytes *bytes)
{
	struct scn_sink sink = { bytes_write, bytes };

	memset(bytes, 0, sizeof(*bytes));
	return sink;
}
