/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a step comes to, field by field.
 */
#include <stdlib.h>
#include <string.h>

#include "play/player.h"

void
result_set(struct step_result *result, enum scn_key key)
{
	result->has[(unsigned)key / 64] |= 1ull << ((unsigned)key % 64);
}

void
result_outcome(struct step_result *result, enum scn_outcome outcome)
{
	result->outcome = outcome;
	result_set(result, SCN_KEY_OUTCOME);
}

void
result_value(struct step_result *result, uint64_t value)
{
	result->value = value;
	result_set(result, SCN_KEY_VALUE);
}

bool
result_room(struct play_thread *thread, size_t room)
{
	struct step_result *result = &thread->result;

	if (room < sizeof(uint64_t))
		room = sizeof(uint64_t);
	if (result->room >= room)
		return true;
	free(result->bytes);
	result->bytes = malloc(room);
	result->room = result->bytes != NULL ? room : 0;
	if (result->bytes == NULL)
		thread->player->status = PLAY_NO_MEMORY;
	return result->bytes != NULL;
}

bool
result_bytes(struct play_thread *thread, size_t size)
{
	if (!result_room(thread, size))
		return false;
	thread->result.size = size;
	return true;
}

void
result_clear(struct step_result *result)
{
	/* The exits kept are counted by `exits`; the array itself need not be cleared. */
	memset(result->has, 0, sizeof(result->has));
	result->outcome = SCN_OUTCOME_OK;
	result->stale = false;
	result->size = 0;
	result->exits = 0;
	result->reads = 0;
	result->accessed = false;
}

static enum scn_outcome
outcome_of_exit(const struct vmx_exit *exit)
{
	if (exit->reason & VMX_REASON_ENTRY_FAILED)
		return SCN_OUTCOME_ENTRY_FAILED;
	switch (exit->reason & 0xffff) {
	case VMX_EXIT_EPT_VIOLATION:
		return SCN_OUTCOME_EPT_VIOLATION;
	case VMX_EXIT_EPT_MISCONFIG:
		return SCN_OUTCOME_EPT_MISCONFIG;
	case VMX_EXIT_SPP:
		return SCN_OUTCOME_SPP_EVENT;
	default:
		return SCN_OUTCOME_EXIT;
	}
}

void
result_exit(struct step_result *result, const struct vmx_exit *exit)
{
	result_outcome(result, outcome_of_exit(exit));
	result->reason = exit->reason;
	result_set(result, SCN_KEY_REASON);
	result->qualification = exit->qualification;
	result_set(result, SCN_KEY_QUALIFICATION);
	if (exit->intr_info & VMX_INTR_VALID) {
		result->intr_info = exit->intr_info;
		result_set(result, SCN_KEY_INTR_INFO);
		result->vector = exit->intr_info & VMX_INTR_VECTOR;
		result_set(result, SCN_KEY_VECTOR);
	}
	if (exit->idt_info & VMX_INTR_VALID) {
		result->idt_info = exit->idt_info;
		result_set(result, SCN_KEY_IDT_INFO);
	}
	if (exit->intr_info & VMX_INTR_CODE_VALID) {
		result->error_code = exit->intr_error;
		result_set(result, SCN_KEY_ERROR_CODE);
	}
	if (result->outcome != SCN_OUTCOME_EXIT) {
		result->gpa = exit->gpa.v;
		result_set(result, SCN_KEY_GPA);
	}
	if (exit->gla_valid) {
		result->gla = exit->gla.v;
		result_set(result, SCN_KEY_GLA);
	}
}
