/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames hold guest tables: those of the scenario's spaces, and those in which it names
 * entries.  A processor that may have cached anything follows changes in these.
 */
#include "play/player.h"

/* A guest-physical page of tables, if there is memory behind it. */
static void
name_page(struct player *player, uint32_t host_space, uint64_t gpa)
{
	hpa_t hpa;

	if (player_locate(player, host_space, vk_gpa(gpa), &hpa))
		machine_table_frame(&player->machine, hpa, TABLE_GUEST);
}

void
player_name_space(struct player *player, unsigned index)
{
	const struct scn_guest_space *space = &player->scenario->guest.space[index];
	uint64_t page;

	if (player->machine.log == NULL)
		return;
	name_page(player, space->host_space, space->root);
	for (page = space->tables_at; page < player->tables_next[index]; page += VK_PAGE_BYTES)
		name_page(player, space->host_space, page);
}

/*
 * The page of an entry that is named by its place.  In the memory map of a process it could be one
 * that nothing has touched: it is left alone.
 */
static void
name_entry(struct player *player, const struct scn_entry *entry)
{
	const struct scn_guest_space *space = &player->scenario->guest.space[entry->space];

	if (space->host_space != SCN_NONE || entry->where == SCN_ENTRY_AT_GVA)
		return;
	name_page(player, SCN_NONE,
	    entry->where == SCN_ENTRY_AT_TABLE ? entry->table : entry->at);
}

void
player_name_tables(struct player *player)
{
	const struct scenario *s = player->scenario;
	size_t i, j;

	if (player->machine.log == NULL)
		return;
	for (i = 0; i < s->guest.spaces; i++) {
		const struct scn_guest_space *space = &s->guest.space[i];

		if (!space->deferred)
			player_name_space(player, (unsigned)i);
		for (j = 0; j < space->entries; j++)
			name_entry(player, &space->entry[j]);
	}
	for (i = 0; i < s->threads; i++) {
		for (j = 0; j < s->thread[i].steps; j++) {
			if (s->thread[i].step[j].op == SCN_OP_SET_ENTRY)
				name_entry(player, s->thread[i].step[j].entry);
		}
	}
	machine_tables_built(&player->machine);
}
