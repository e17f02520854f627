/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recorded behaviour against the model, as harnesses and CI servers read it: a family is a case.
 */
#ifndef VK_CLI_CLI_CONFORM_H
#define VK_CLI_CLI_CONFORM_H

#include "conform/conform.h"
#include "report/report_text.h"

/* A family passes when every case of it agrees, or cannot be played where that is allowed. */
void cli_conform_tap(const struct conform_report *report, const struct conform_options *options,
    const struct scn_sink *sink);
void cli_conform_junit(const struct conform_report *report, const struct conform_options *options,
    const struct scn_sink *sink);

#endif
