/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A case as recorded against the case as played, field by field.
 */
#ifndef VK_CONFORM_CONFORM_COMPARE_H
#define VK_CONFORM_CONFORM_COMPARE_H

#include "conform/conform_play.h"

/* Fields that differ; `field` belongs to whoever holds the structure, to be freed with free(). */
struct conform_fields {
	unsigned count;
	unsigned capacity;
	struct conform_field *field;
	bool out_of_memory;
};

void conform_fields_add(struct conform_fields *fields, const char *name, const char *expected,
    const char *found);

/*
 * Compares and adds the fields that differ.  The memory of the player is still as the case left it.
 * With `either`, what conform_either.h lists is no difference.
 *
 * Where the recorder deviates from the manual the manual's outcome is compared: of it all that it
 * states, but of a failed update of guest flags on a read-only page only outcome, qualification and
 * guest-physical address, since the order of such updates is not specified.
 */
void conform_compare(const struct conform_player *player, const struct conform_case *c,
    const struct conform_played *played, bool either, struct conform_fields *fields);

#endif
