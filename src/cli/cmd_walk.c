/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept walk: one translation, entry by entry, and why it ended as it did.
 *
 * The scenario is played up to a step; the access is then made without effect.  Expectations are
 * not looked at.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/access.h"
#include "cli/cli.h"
#include "play/play.h"
#include "report/report_why.h"

enum {
	OPTION_THREAD = CLI_OWN,
	OPTION_STEP,
	OPTION_GVA,
	OPTION_ACCESS,
	OPTION_SIZE,
	OPTION_VARIANT
};

static const struct cli_option options[] = {
	{ OPTION_THREAD, 0, "thread", "NAME", "whose tables; the first vCPU unless told" },
	{ OPTION_STEP, 0, "step", "N", "before this step, from 1; the first access unless told" },
	{ OPTION_GVA, 0, "gva", "ADDRESS", "this address, at the end of the run unless told" },
	{ OPTION_ACCESS, 0, "access", "r|w|x", "with --gva: a read unless told" },
	{ OPTION_SIZE, 0, "size", "N", "with --gva: bytes, 1 to 16; 8, a fetch 1 unless told" },
	{ OPTION_VARIANT, 0, "variant", "TEXT|N", "of a matrix: its name or number, from 1" },
	CLI_OPTION_FORMAT("text|json"),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct walk {
	struct cli *cli;
	const char *thread;  /* NULL: not given */
	const char *variant;
	uint64_t step;       /* from 1; 0: not given */
	uint64_t size;       /* 0: not given */
	unsigned access;     /* index into r|w|x */
	int access_given;
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
	case OPTION_THREAD:
		walk->thread = argument;
		return 1;
	case OPTION_VARIANT:
		walk->variant = argument;
		return 1;
	case OPTION_STEP:
		if (!cli_number_argument(cli, "step", argument, SCN_STEPS_MAX + 1, &walk->step))
			return 0;
		return walk->step != 0 ||
		    cli_bad_argument(cli, "step", "a number from 1", argument) == CLI_OK;
	case OPTION_GVA:
		walk->question.gva_given = true;
		return cli_number_argument(cli, "gva", argument, UINT64_MAX, &walk->question.gva);
	case OPTION_SIZE:
		if (!cli_number_argument(cli, "size", argument, SIZE_MOST, &walk->size))
			return 0;
		return walk->size != 0 ||
		    cli_bad_argument(cli, "size", "a number from 1 to 16", argument) == CLI_OK;
	default:
		index = cli_word_index("r|w|x", argument, strlen(argument));
		walk->access = index < 0 ? 0 : (unsigned)index;
		walk->access_given = 1;
		return index >= 0 ||
		    cli_bad_argument(cli, "access", "r, w or x", argument) == CLI_OK;
	}
}

static enum cli_status
walk_options(struct walk *walk)
{
	struct cli *cli = walk->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(walk, id, argument))
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (cli->operand + 1 != cli->argc)
		return cli_usage(cli, "expected one scenario");
	if (!walk->question.gva_given && (walk->access_given || walk->size != 0))
		return cli_usage(cli, "--access and --size belong to --gva");
	walk->question.acc = VK_ACC_R << walk->access;
	if (walk->size == 0)
		walk->size = walk->question.acc == VK_ACC_X ? 1 : 8;
	walk->question.size = (unsigned)walk->size;
	return CLI_OK;
}

/* --- the question ----------------------------------------------------------------------------- */

static const char *
thread_name_at(const void *ctx, size_t index)
{
	const struct scenario *scenario = ctx;

	return index < scenario->threads ? scenario->thread[index].name : NULL;
}

/* Whether this thread is the one that was asked for, or would do where none was. */
static int
is_wanted(const struct walk *walk, const struct scn_thread *thread)
{
	if (walk->thread != NULL)
		return strcmp(walk->thread, thread->name) == 0;
	return (thread->role & SCN_ROLE_VCPUS) != 0;
}

static enum cli_status
find_thread(struct walk *walk, const struct scenario *scenario)
{
	struct text *text;
	unsigned i = 0;

	while (i < scenario->threads && !is_wanted(walk, &scenario->thread[i]))
		i++;
	walk->question.thread = i;
	if (i < scenario->threads && (scenario->thread[i].role & SCN_ROLE_VCPUS))
		return CLI_OK;
	if (i < scenario->threads || walk->thread == NULL) {
		cli_complain_of(scenario->file, walk->thread == NULL ?
		    "no thread of this scenario is a vCPU" : "this thread is no vCPU");
		return CLI_BAD;
	}
	text = cli_error();
	text_str(text, "vkept: ");
	text_safe(text, scenario->file);
	text_str(text, ": no thread '");
	text_safe(text, walk->thread);
	text_str(text, "'");
	cli_suggest(text, walk->thread, thread_name_at, scenario);
	text_str(text, "\n");
	return CLI_BAD;
}

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

	if (walk->step != 0) {
		step = (size_t)walk->step - 1;
	} else if (walk->question.gva_given) {
		step = thread->steps;
	} else {
		while (step < thread->steps && !is_access(thread->step[step].op))
			step++;
	}
	walk->question.step = step;
}

/* --- the answer ------------------------------------------------------------------------------- */

static const char *
no_answer(enum play_answer answer)
{
	switch (answer) {
	case PLAY_ANSWERED:
		break;
	case PLAY_NOT_REACHED:
		return "the run ended before that step";
	case PLAY_NO_ACCESS:
		return "that step makes no access; give an address with --gva";
	case PLAY_NO_TABLES:
		return "the thread has no guest mode at that point";
	case PLAY_ANSWER_NO_MEMORY:
		return "out of memory";
	}
	return NULL;
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
walk_scenario(struct walk *walk, const struct scenario *scenario)
{
	enum cli_status status = find_thread(walk, scenario);
	enum play_answer answer;
	struct decoder decoder;
	size_t step;

	if (status != CLI_OK)
		return status;
	find_step(walk, scenario);
	answer = play_walk(scenario, &walk->question, &walk->why);
	if (answer != PLAY_ANSWERED) {
		cli_complain_of(scenario->file, no_answer(answer));
		return answer == PLAY_ANSWER_NO_MEMORY ? CLI_ENVIRONMENT : CLI_BAD;
	}
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

/* --- the scenario ----------------------------------------------------------------------------- */

/* The scenario of a list that was asked for; NULL with a complaint. */
static struct scenario *
find_variant(struct walk *walk, struct scenario_list *list, enum cli_status *status)
{
	struct scenario *scenario = NULL;
	uint64_t number = 1;
	size_t i = 0;

	*status = CLI_OK;
	if (walk->variant == NULL || cli_number(walk->variant, &number))
		i = number - 1 < list->count ? (size_t)number - 1 : list->count;
	for (; i < list->count; i++) {
		scenario = scenario_list_make(list, i);
		if (scenario == NULL) {
			cli_complain("out of memory");
			*status = CLI_ENVIRONMENT;
			return NULL;
		}
		if (walk->variant == NULL || cli_number(walk->variant, &number) ||
		    strcmp(walk->variant, scenario->variant) == 0)
			return scenario;
		scenario_free(scenario);
	}
	*status = cli_bad_argument(walk->cli, "variant", "one that 'vkept run' lists",
	    walk->variant);
	return NULL;
}

static enum cli_status
walk_file(struct walk *walk)
{
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *scenario;
	enum cli_status status;

	status = cli_scenarios_load(walk->cli->argv[walk->cli->operand], &list, &errors);
	if (status == CLI_OK) {
		scenario = find_variant(walk, &list, &status);
		if (scenario != NULL)
			status = walk_scenario(walk, scenario);
		scenario_free(scenario);
		scenario_list_free(&list);
	} else if (errors.count != 0) {
		cli_scenario_errors(&errors);
	}
	scenario_errors_free(&errors);
	return status;
}

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
	return cli_output_close(cli->output, walk_file(&walk));
}

const struct cli_command cli_walk = {
	.name = "walk",
	.operands = "FILE",
	.summary = "one translation, entry by entry, and why it ended so",
	.about = "Plays a scenario up to a step and explains one access in that state.\n",
	.examples = "examples:\n"
	    "  vkept walk scenarios/copyio/printf.yaml\n"
	    "  vkept walk --gva 0x400000 --access w scenarios/copyio/printf.yaml\n"
	    "  vkept walk --thread slave --step 3 -f json FILE\n",
	.option = options,
	.run = command_walk,
};
