/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept walk: one translation, entry by entry, and why it ended as it did.
 *
 * A scenario is played up to a step; the access is then made without effect.  Expectations are not
 * looked at.  In the memory of a real machine it is made as one of its processors would.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/access.h"
#include "cli/cli_view.h"
#include "report/report_why.h"
#include "view/view_explain.h"

enum {
	OPTION_GVA = CLI_OWN,
	OPTION_ACCESS,
	OPTION_SIZE,
	OPTION_CPL
};

static const struct cli_option options[] = {
	{ OPTION_GVA, 0, "gva", "ADDRESS", "this address (the first access)" },
	{ OPTION_ACCESS, 0, "access", "r|w|x", "with --gva (r)" },
	{ OPTION_SIZE, 0, "size", "N", "with --gva: bytes, 1 to 16 (8, a fetch 1)" },
	{ OPTION_CPL, 0, "cpl", "0|3", "of a real machine: by whom" },
	CLI_OPTIONS_VIEW,
	CLI_OPTION_FORMAT("text|json"),
	{ CLI_QUIET, 'q', "quiet", NULL, "text: how it ended, without the entries" },
	CLI_OPTION_NO_VERBOSE,
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct walk {
	struct cli *cli;
	struct cli_view source;
	uint64_t size;       /* 0: not given */
	unsigned access;     /* index into r|w|x */
	int access_given;
	enum view_cpl cpl;
	struct play_question question;
	struct explanation why;
};

#define SIZE_MOST 16

/* --- options ---------------------------------------------------------------------------------- */

static int
take_option(struct walk *walk, int id, const char *argument)
{
	struct cli *cli = walk->cli;
	int index;

	switch (id) {
	case OPTION_GVA:
		walk->question.gva_given = true;
		return cli_number_argument(cli, "gva", argument, UINT64_MAX, &walk->question.gva);
	case OPTION_SIZE:
		if (!cli_number_argument(cli, "size", argument, SIZE_MOST, &walk->size))
			return 0;
		return walk->size != 0 ||
		    cli_bad_argument(cli, "size", "a number from 1 to 16", argument) == CLI_OK;
	case OPTION_CPL:
		index = cli_word_index("0|3", argument, strlen(argument));
		walk->cpl = index == 0 ? VIEW_SUPERVISOR : VIEW_USER;
		return index >= 0 ||
		    cli_bad_argument(cli, "cpl", "0 or 3", argument) == CLI_OK;
	case OPTION_ACCESS:
		index = cli_word_index("r|w|x", argument, strlen(argument));
		walk->access = index < 0 ? 0 : (unsigned)index;
		walk->access_given = 1;
		return index >= 0 ||
		    cli_bad_argument(cli, "access", "r, w or x", argument) == CLI_OK;
	default:
		return cli_view_take(cli, &walk->source, id, argument);
	}
}

static enum cli_status
check_options(struct walk *walk)
{
	struct cli *cli = walk->cli;
	enum cli_status status = cli_view_check(cli, &walk->source);

	if (status != CLI_OK)
		return status;
	if (!walk->question.gva_given && (walk->access_given || walk->size != 0))
		return cli_usage(cli, "--access and --size belong to --gva");
	if (cli_view_is_machine(&walk->source) && !walk->question.gva_given)
		return cli_usage(cli, "expected an address of the machine, --gva");
	if (!cli_view_is_machine(&walk->source) && walk->cpl != VIEW_EITHER)
		return cli_usage(cli, "--cpl belongs to --core or --raw: a scenario's thread has "
		    "one");
	return CLI_OK;
}

static enum cli_status
walk_options(struct walk *walk)
{
	struct cli *cli = walk->cli;
	enum cli_status status;
	const char *argument;
	int id;

	walk->cpl = VIEW_EITHER;
	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(walk, id, argument))
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	status = check_options(walk);
	walk->question.acc = VK_ACC_R << walk->access;
	if (walk->size == 0)
		walk->size = walk->question.acc == VK_ACC_X ? 1 : 8;
	walk->question.size = (unsigned)walk->size;
	return status;
}

/* --- in a scenario ---------------------------------------------------------------------------- */

static int
is_access(enum scn_op op)
{
	return op == SCN_OP_READ || op == SCN_OP_WRITE || op == SCN_OP_FETCH || op == SCN_OP_XCHG ||
	    op == SCN_OP_ADD || op == SCN_OP_CAS;
}

/* The step before which to stop: as told, at the end for an address, else at the first access. */
static void
find_step(struct walk *walk, const struct scenario *scenario)
{
	const struct scn_thread *thread = &scenario->thread[walk->question.thread];
	size_t step = 0;

	if (cli_view_has(&walk->source, CLI_VIEW_STEP)) {
		step = (size_t)walk->source.value[CLI_VIEW_STEP - CLI_VIEW] - 1;
	} else if (walk->question.gva_given) {
		step = thread->steps;
	} else {
		while (step < thread->steps && !is_access(thread->step[step].op))
			step++;
	}
	walk->question.step = step;
}

static void
write_text(struct walk *walk, const struct scenario *scenario, struct decoder *decoder)
{
	int thread = (int)walk->question.thread;
	struct scn_sink sink = cli_output_sink(walk->cli->output);
	struct text text;

	text_init(&text, &sink, cli_wants_color(walk->cli));
	text_style(&text, TEXT_STRONG);
	decode_title(&text, scenario);
	text_style(&text, TEXT_PLAIN);
	text_add(&text, "\n%s of 0x%" PRIx64 " by ", decode_access(walk->why.acc), walk->why.gva);
	text_safe(&text, decode_thread(scenario, thread));
	if (walk->question.step < scenario->thread[thread].steps)
		text_add(&text, " before step %zu\n", walk->question.step + 1);
	else
		text_str(&text, " at the end\n");
	if (!walk->cli->quiet)
		why_write_reads(&text, decoder, thread, &walk->why, 0);
	why_write_verdict(&text, decoder, thread, &walk->why, 0);
}

static void
write_json(struct walk *walk, const struct scenario *scenario, struct decoder *decoder)
{
	struct scn_sink sink = cli_output_sink(walk->cli->output);
	int thread = (int)walk->question.thread;
	struct json json;

	json_put_init(&json, &sink);
	json_put_object(&json, NULL);
	json_put_string(&json, "vkept", VKEPT_VERSION);
	json_put_string(&json, "file", scenario->file);
	json_put_string(&json, "name", scenario->name);
	json_put_string(&json, "variant", scenario->variant);
	json_put_string(&json, "thread", decode_thread(scenario, thread));
	json_put_number(&json, "step", walk->question.step + 1);
	why_write_json(&json, "walk", decoder, thread, &walk->why);
	json_put_end(&json);
}

static enum cli_status
answer_scenario(struct walk *walk, const struct scenario *scenario)
{
	struct decoder decoder;
	size_t step;

	if (!decoder_init(&decoder, scenario, 1)) {
		cli_complain("out of memory");
		return CLI_ENVIRONMENT;
	}
	for (step = 0; step < walk->question.step; step++)
		decoder_step(&decoder, (int)walk->question.thread, (int)step);
	if (walk->cli->format == 1)
		write_json(walk, scenario, &decoder);
	else
		write_text(walk, scenario, &decoder);
	decoder_free(&decoder);
	return CLI_OK;
}

static enum cli_status
walk_scenario(struct walk *walk)
{
	struct cli_scenario opened;
	enum cli_status status = cli_scenario_open(walk->cli, &walk->source, &opened);

	if (status != CLI_OK)
		return status;
	walk->question.thread = opened.thread;
	find_step(walk, opened.scenario);
	status = cli_scenario_answer(&opened,
	    play_walk(opened.scenario, &walk->question, &walk->why));
	if (status == CLI_OK)
		status = answer_scenario(walk, opened.scenario);
	cli_scenario_close(&opened);
	return status;
}

/* --- in a real machine ------------------------------------------------------------------------ */

static void
answer_machine(struct walk *walk, const char *name, struct decoder *decoder)
{
	struct scn_sink sink = cli_output_sink(walk->cli->output);
	struct json json;
	struct text text;

	if (walk->cli->format == 1) {
		json_put_init(&json, &sink);
		json_put_object(&json, NULL);
		json_put_string(&json, "vkept", VKEPT_VERSION);
		json_put_string(&json, "file", name);
		why_write_json(&json, "walk", decoder, -1, &walk->why);
		json_put_end(&json);
		return;
	}
	text_init(&text, &sink, cli_wants_color(walk->cli));
	text_style(&text, TEXT_STRONG);
	text_safe(&text, name);
	text_style(&text, TEXT_PLAIN);
	text_add(&text, "\n%s of 0x%" PRIx64 "\n", decode_access(walk->why.acc), walk->why.gva);
	if (!walk->cli->quiet)
		why_write_reads(&text, decoder, -1, &walk->why, 0);
	why_write_verdict(&text, decoder, -1, &walk->why, 0);
}

static enum cli_status
complain_of_absence(const char *name, hpa_t absent)
{
	struct text *text = cli_error();

	text_str(text, "vkept: ");
	text_safe(text, name);
	text_add(text, ": the walk needs the entry at HPA 0x%" PRIx64 ", which is not in this "
	    "memory\n", absent.v);
	return CLI_BAD;
}

static enum cli_status
walk_machine(struct walk *walk)
{
	const struct play_question *question = &walk->question;
	const char *name = walk->source.core != NULL ? walk->source.core : walk->source.raw;
	enum cli_status status;
	struct decoder decoder;
	struct view view;
	hpa_t absent;

	status = cli_view_open(walk->cli, &walk->source, CLI_STATE, &view);
	if (status != CLI_OK)
		return status;
	if (view_guest_levels(&view) == 0) {
		cli_complain_of(name, cli_view_no_tables(&walk->source));
		status = CLI_BAD;
	} else if (view_explain(&view, vk_gva(question->gva), question->size, question->acc,
	    walk->cpl, &walk->why, &absent) != VIEW_OK) {
		status = complain_of_absence(name, absent);
	} else {
		decoder_init_view(&decoder, &view);
		answer_machine(walk, name, &decoder);
	}
	view_free(&view);
	return status;
}

/* --- all -------------------------------------------------------------------------------------- */

static enum cli_status
command_walk(struct cli *cli)
{
	static struct walk walk;
	enum cli_status status;

	walk.cli = cli;
	status = walk_options(&walk);
	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	status = cli_view_is_machine(&walk.source) ? walk_machine(&walk) : walk_scenario(&walk);
	return cli_output_close(cli->output, status);
}

const struct cli_command cli_walk = {
	.name = "walk",
	.operands = "[FILE]",
	.summary = "one translation, entry by entry, and why it ended so",
	.about = "Plays a scenario up to a step and explains one access in that state; or\n"
	    "explains an access in the memory of a real machine.\n",
	.examples = "  vkept walk scenarios/copyio/printf.yaml\n"
	    "  vkept walk --thread slave --step 3 -f json FILE\n"
	    "  vkept walk --core dump.elf --cpu 1 --gva 0x7f0000401000 --access w\n",
	.option = options,
	.run = command_walk,
};
