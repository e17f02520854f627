/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records, which last until the last item that was made by their walk is gone.
 */
#include "sim/tlb_record.h"

#include <stdlib.h>

struct tlb_record *
tlb_record_create(void)
{
	struct tlb_record *record = malloc(sizeof(*record));

	if (record != NULL) {
		record->users = 1;
		record->count = 0;
	}
	return record;
}

struct tlb_record *
tlb_record_hold(struct tlb_record *record)
{
	if (record != NULL)
		record->users++;
	return record;
}

void
tlb_record_release(struct tlb_record *record)
{
	if (record != NULL && --record->users == 0)
		free(record);
}

void
tlb_record_add(struct tlb_record *record, const struct tlb_origin *origin)
{
	if (record != NULL && record->count < TLB_ORIGINS_MAX)
		record->origin[record->count++] = *origin;
}

void
tlb_record_take(struct tlb_record *record, const struct tlb_stretch *stretch)
{
	unsigned i;

	for (i = 0; stretch->record != NULL && i < stretch->count; i++)
		tlb_record_add(record, &stretch->record->origin[stretch->first + i]);
}
