/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a scenario file: loaded, and then its scenarios can be made; or refused, with errors
 * in order.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenario_errors errors;
	struct scenario_list list;
	enum scenario_status status;
	struct scenario *scenario;
	size_t i;

	status = scenario_load("input", (const char *)data, size, &list, &errors);
	check((status == SCENARIO_BAD) == (errors.count > 0));
	for (i = 0; i < errors.count; i++) {
		check(errors.error[i].text != NULL && errors.error[i].text[0] != '\0');
		check(i == 0 || errors.error[i].line == 0 ||
		    errors.error[i].line >= errors.error[i - 1].line);
	}
	for (i = 0; i < list.count && i < 8; i++) {
		scenario = scenario_list_make(&list, i);
		check(scenario != NULL && scenario->name != NULL && scenario->threads > 0);
		scenario_free(scenario);
	}
	scenario_list_free(&list);
	scenario_errors_free(&errors);
	return 0;
}
