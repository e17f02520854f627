/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The history of stale translations.  What is not known is left out.
 */
#include "report/report_stale.h"

#include <inttypes.h>

static const struct remedy {
	const char *name;    /* of the operation */
	const char *operand; /* what its address is; NULL: it has none */
} remedies[] = {
	[STALE_INVLPG] = { "INVLPG", "gva" },
	[STALE_INVVPID] = { "INVVPID of the address", "gva" },
	[STALE_EXIT] = { "a VM exit", NULL },
	[STALE_INVEPT] = { "INVEPT single-context of root", "root" },
	[STALE_MOV_CR3] = { "MOV to CR3 with bit 63 clear", NULL },
	[STALE_INVVPID_SINGLE] = { "INVVPID single-context of VPID", "vpid" },
};

static void
write_who(struct text *text, const struct scenario *scenario, const char *verb, int thread,
    int step)
{
	text_add(text, "%s by ", verb);
	text_safe(text, decode_thread(scenario, thread));
	if (step >= 0)
		text_add(text, " in step %d", step + 1);
}

static void
write_entry(struct text *text, const struct scenario *scenario, const struct stale *stale)
{
	decode_slot(text, stale->side, stale->level, stale->place);
	if (stale->reader >= 0) {
		write_who(text, scenario, ", read", stale->reader, stale->reader_step);
		text_str(text, ",");
	}
	text_str(text, " was ");
	if (stale->changer >= 0)
		write_who(text, scenario, "changed", stale->changer, stale->changer_step);
	else
		text_str(text, "changed");
	text_add(text, " from 0x%" PRIx64 " to 0x%" PRIx64, stale->before, stale->after);
}

void
stale_write_cause(struct text *text, const struct scenario *scenario, const struct stale *stale)
{
	switch (stale->what) {
	case STALE_ENTRY:
		write_entry(text, scenario, stale);
		break;
	case STALE_ROOT:
		text_str(text, "the same tags were in use with another root");
		if (stale->reader >= 0)
			write_who(text, scenario, ", read", stale->reader, stale->reader_step);
		break;
	case STALE_UNKNOWN:
		text_str(text, "its history is not known");
		break;
	}
}

void
stale_write_remedy(struct text *text, const struct stale *stale)
{
	const struct remedy *remedy = &remedies[stale->remedy];

	if (remedy->name == NULL)
		return;
	text_str(text, remedy->name);
	if (remedy->operand != NULL)
		text_add(text, " 0x%" PRIx64, stale->operand);
	text_add(text, " on CPU %u", stale->cpu);
}

void
stale_write(struct text *text, const struct scenario *scenario, const struct stale *stale)
{
	stale_write_cause(text, scenario, stale);
	if (stale->remedy == STALE_NO_REMEDY)
		return;
	text_str(text, "; ");
	stale_write_remedy(text, stale);
	text_str(text, " after that would have dropped it");
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static void
put_who(struct json *json, const struct scenario *scenario, const char *name, int thread, int step)
{
	if (thread < 0)
		return;
	json_put_line_object(json, name);
	json_put_string(json, "thread", decode_thread(scenario, thread));
	if (step >= 0)
		json_put_number(json, "step", (uint64_t)step + 1);
	json_put_end(json);
}

void
stale_write_json(struct json *json, const struct scenario *scenario, const struct stale *stale)
{
	const struct remedy *remedy = &remedies[stale->remedy];

	put_who(json, scenario, "reader", stale->reader, stale->reader_step);
	put_who(json, scenario, "changer", stale->changer, stale->changer_step);
	if (stale->what == STALE_ENTRY) {
		json_put_line_object(json, "entry");
		json_put_string(json, "side", stale->side == EVENT_EPT ? "ept" : "guest");
		json_put_number(json, "level", stale->level);
		json_put_string(json, "name", decode_level(stale->side, stale->level));
		json_put_address(json, "slot", stale->place);
		json_put_address(json, "before", stale->before);
		json_put_address(json, "after", stale->after);
		json_put_end(json);
	}
	if (remedy->name == NULL)
		return;
	json_put_line_object(json, "missing");
	json_put_string(json, "name", remedy->name);
	if (remedy->operand != NULL)
		json_put_address(json, remedy->operand, stale->operand);
	json_put_number(json, "cpu", stale->cpu);
	json_put_end(json);
}
