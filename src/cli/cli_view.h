/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to be looked at: options that walk, maps and graph have in common.
 *
 * It is a scenario, named as the operand, at a step; or the memory of a real machine, with the
 * registers of one of its processors or such as are given.  Two states may be compared: two steps,
 * two files, two processors.
 */
#ifndef VK_CLI_CLI_VIEW_H
#define VK_CLI_CLI_VIEW_H

#include "cli/cli.h"
#include "play/play.h"

/* Options have numbers from here on; a subcommand's own lie below. */
enum cli_view_id {
	CLI_VIEW = CLI_DETAIL - 4,
	CLI_VIEW_THREAD = CLI_VIEW,
	CLI_VIEW_STEP,
	CLI_VIEW_CORE,
	CLI_VIEW_RAW,
	CLI_VIEW_VARIANT, /* CLI_DETAIL */
	CLI_VIEW_CPU,
	CLI_VIEW_CR3,
	CLI_VIEW_CR4,
	CLI_VIEW_EFER,
	CLI_VIEW_MAXPHYADDR,
	CLI_VIEW_NESTED,
	CLI_VIEW_ROOT,
	CLI_VIEW_AGAINST,
	CLI_VIEW_AGAINST_CPU,
	CLI_VIEW_AGAINST_CR3,
	CLI_VIEW_END
};

/* clang-format off */
#define CLI_OPTIONS_VIEW                                                                           \
	{ CLI_VIEW_THREAD, 0, "thread", "NAME", "whose tables (the first vCPU's)" },               \
	{ CLI_VIEW_STEP, 0, "step", "N", "the state before this step, from 1" },                   \
	{ CLI_VIEW_VARIANT, 0, "variant", "TEXT|N", "of a matrix: its name or number, from 1" },   \
	{ CLI_VIEW_CORE, 0, "core", "FILE", "of a real machine: its ELF core, or .gz, .xz" },      \
	{ CLI_VIEW_RAW, 0, "raw", "FILE@ADDRESS", "its memory from an address on, likewise" },     \
	{ CLI_VIEW_CPU, 0, "cpu", "N", "with the registers of this CPU (0)" },                     \
	{ CLI_VIEW_CR3, 0, "cr3", "VALUE", "or with these, which go before it" },                  \
	{ CLI_VIEW_CR4, 0, "cr4", "VALUE", "bit 12: 5 levels" },                                   \
	{ CLI_VIEW_EFER, 0, "efer", "VALUE", "with no-execute, bit 11 (on)" },                     \
	{ CLI_VIEW_MAXPHYADDR, 0, "maxphyaddr", "N", "physical address bits; 52 if not told" },    \
	{ CLI_VIEW_NESTED, 0, "nested", "ept|npt|npt5", "it is a guest under such tables" },       \
	{ CLI_VIEW_ROOT, 0, "nested-root", "VALUE", "their EPTP, or the CR3 of the host" }

#define CLI_OPTIONS_AGAINST                                                                        \
	{ CLI_VIEW_AGAINST, 0, "against", "N|FILE", "what differs at this step, or in this file" },\
	{ CLI_VIEW_AGAINST_CPU, 0, "against-cpu", "N", "or with the registers of this CPU" },      \
	{ CLI_VIEW_AGAINST_CR3, 0, "against-cr3", "VALUE", "or with this one" }
/* clang-format on */

/* The options as they were given. */
struct cli_view {
	uint32_t given;      /* bit n: the option CLI_VIEW + n */
	unsigned nested;     /* index into ept|npt|npt5 */
	const char *thread;
	const char *variant;
	const char *core;
	const char *raw;     /* FILE@ADDRESS */
	const char *against;
	uint64_t value[CLI_VIEW_END - CLI_VIEW]; /* of those that are numbers */
};

/* Which of two states. */
enum cli_state { CLI_STATE, CLI_STATE_AGAINST };

static inline int
cli_view_has(const struct cli_view *source, enum cli_view_id id)
{
	return (source->given >> (id - CLI_VIEW) & 1) != 0;
}

/* Takes in an option from CLI_VIEW on; 0 with a complaint. */
int cli_view_take(struct cli *cli, struct cli_view *source, int id, const char *argument);

/* After the last option: whether they and the operands go together.  CLI_OK or a complaint. */
enum cli_status cli_view_check(struct cli *cli, const struct cli_view *source);

/* Whether it is a real machine, not a scenario. */
int cli_view_is_machine(const struct cli_view *source);

/* Whether two states are to be compared. */
int cli_view_is_pair(const struct cli_view *source);

/*
 * Opens one of the states: a scenario's at the end of its run unless a step was given.  CLI_OK:
 * *view is to be freed; else a complaint was made.
 */
enum cli_status cli_view_open(struct cli *cli, const struct cli_view *source, enum cli_state state,
    struct view *view);

/*
 * Complains, with CLI_BAD, where the memory has not got the root table of the guest or of the outer
 * tables; `name` is the file that it came from.
 */
enum cli_status cli_view_check_roots(const struct view *view, const char *name, int guest,
    int outer);

/* Says why a view of a real machine has no guest tables: view_guest_levels() is 0. */
const char *cli_view_no_tables(const struct cli_view *source);

/* --- a scenario, for who wants more than its tables ------------------------------------------- */

struct cli_scenario {
	struct scenario_list list;
	struct scenario *scenario;
	unsigned thread;      /* a vCPU, where one was asked for */
};

/*
 * Loads the scenario that is the first operand, of a matrix the variant asked for, NULL the first;
 * to be closed when CLI_OK.
 */
enum cli_status cli_scenario_load(struct cli *cli, const char *variant,
    struct cli_scenario *opened);

/* The same, and finds the thread asked for. */
enum cli_status cli_scenario_open(struct cli *cli, const struct cli_view *source,
    struct cli_scenario *opened);
void cli_scenario_close(struct cli_scenario *opened);

/* Complains that a question to a scenario has no answer, if so. */
enum cli_status cli_scenario_answer(const struct cli_scenario *opened, enum play_answer answer);

#endif
