/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records, which last until the last item that was made by their walk is gone, or the TLB is.
 */
#include "sim/tlb_record.h"

#include <stdlib.h>

struct tlb_record *
tlb_record_create(struct tlb_record **all)
{
	struct tlb_record *record = malloc(sizeof(*record));

	if (record == NULL)
		return NULL;
	record->users = 1;
	record->count = 0;
	record->next = *all;
	record->at = all;
	if (record->next != NULL)
		record->next->at = &record->next;
	*all = record;
	return record;
}

static void
destroy(struct tlb_record *record)
{
	*record->at = record->next;
	if (record->next != NULL)
		record->next->at = record->at;
	free(record);
}

void
tlb_record_destroy_all(struct tlb_record **all)
{
	while (*all != NULL)
		destroy(*all);
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
		destroy(record);
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
