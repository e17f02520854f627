/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options by table: one row serves the parser, --help and the message about a slip.
 *
 * Long options may be cut short where that leaves one only, as getopt_long(3) has it.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bits/bits_number.h"
#include "cli/cli.h"
#include "report/report_timeline.h"
#include "scenario/scenario_errors.h"

/* --- words and numbers ------------------------------------------------------------------------ */

int
cli_word_index(const char *words, const char *word, size_t length)
{
	int index = 0;

	for (;;) {
		size_t here = strcspn(words, "|");

		if (here == length && memcmp(words, word, length) == 0)
			return index;
		if (words[here] == '\0')
			return -1;
		words += here + 1;
		index++;
	}
}

int
cli_number(const char *text, uint64_t *number)
{
	return bits_number_read(text, strlen(text), number) == BITS_NUMBER_OK;
}

int
cli_number_argument(const struct cli *cli, const char *option, const char *argument, uint64_t max,
    uint64_t *number)
{
	char expected[64];
	struct text_buffer buffer = { expected, sizeof(expected), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	if (cli_number(argument, number) && *number <= max)
		return 1;
	text_init(&text, &sink, 0);
	text_str(&text, "a number");
	if (max != UINT64_MAX)
		text_add(&text, " up to %llu", (unsigned long long)max);
	(void)cli_bad_argument(cli, option, expected, argument);
	return 0;
}

int
cli_positive_argument(const struct cli *cli, const char *option, const char *argument, uint64_t max,
    uint64_t *number)
{
	if (!cli_number_argument(cli, option, argument, max, number))
		return 0;
	if (*number != 0)
		return 1;
	(void)cli_bad_argument(cli, option, "a number of at least 1", argument);
	return 0;
}

int
cli_range_argument(const struct cli *cli, const char *option, const char *argument,
    uint64_t *start, uint64_t *end)
{
	const char *dash = strchr(argument, '-');
	char first[32];
	size_t length = dash != NULL ? (size_t)(dash - argument) : 0;

	*start = *end = 0;
	if (dash != NULL && length < sizeof(first)) {
		memcpy(first, argument, length);
		first[length] = '\0';
		if ((length == 0 || cli_number(first, start)) &&
		    (dash[1] == '\0' || cli_number(dash + 1, end)) &&
		    (*end == 0 || *start < *end))
			return 1;
	}
	(void)cli_bad_argument(cli, option, "START-END", argument);
	return 0;
}

/* --- complaints ------------------------------------------------------------------------------- */

void
cli_suggest(struct text *text, const char *name, const char *(*name_at)(const void *, size_t),
    const void *ctx)
{
	char suggestion[SCN_SUGGEST_SIZE];

	text_str(text, scn_suggest(suggestion, name, strlen(name), name_at, ctx));
}

static struct text *
complain(const struct cli *cli)
{
	struct text *text = cli_error();

	text_add(text, "vkept %s: ", cli->command->name);
	return text;
}

enum cli_status
cli_usage(const struct cli *cli, const char *what)
{
	struct text *text = complain(cli);

	text_str(text, what);
	text_add(text, " (see 'vkept %s --help')\n", cli->command->name);
	return CLI_BAD;
}

enum cli_status
cli_bad_argument(const struct cli *cli, const char *option, const char *expected, const char *found)
{
	struct text *text = complain(cli);

	text_add(text, "--%s: expected ", option);
	text_str(text, expected);
	text_str(text, ", found '");
	text_safe(text, found);
	text_str(text, "'\n");
	return CLI_BAD;
}

enum cli_status
cli_bad_operand(const struct cli *cli, const char *expected, const char *found)
{
	struct text *text = complain(cli);

	text_add(text, "expected %s, found '", expected);
	text_safe(text, found);
	text_str(text, "'\n");
	return CLI_BAD;
}

static const char *
option_name_at(const void *ctx, size_t index)
{
	const struct cli_option *option = ctx;

	return option[index].name;
}

static int
stop(struct cli *cli, enum cli_status status)
{
	cli->stopped = 1;
	cli->stop_status = status;
	return CLI_STOP;
}

static int
unknown_option(struct cli *cli, const char *found)
{
	struct text *text = complain(cli);
	size_t length = strcspn(found, "=");
	char *name = strndup(found, length);

	text_str(text, "unknown option '");
	text_safe(text, name != NULL ? name : found);
	text_str(text, "'");
	if (name != NULL && strncmp(name, "--", 2) == 0)
		cli_suggest(text, name + 2, option_name_at, cli->command->option);
	text_add(text, " (see 'vkept %s --help')\n", cli->command->name);
	free(name);
	return stop(cli, CLI_BAD);
}

/* --- timelines -------------------------------------------------------------------------------- */

_Static_assert(TIMELINE_BYTES_DEFAULT == 256 << 20, "the help says another number");

int
cli_trace_format_argument(const struct cli *cli, const char *argument,
    struct cli_timeline *timeline)
{
	if (strcmp(argument, "perfetto") != 0)
		return cli_bad_argument(cli, "trace-format", "perfetto", argument) == CLI_OK;
	timeline->wanted = 1;
	return 1;
}

int
cli_trace_limit_argument(const struct cli *cli, const char *argument,
    struct cli_timeline *timeline)
{
	return cli_positive_argument(cli, "trace-limit", argument, UINT64_MAX, &timeline->most);
}

enum cli_status
cli_timeline_check(const struct cli *cli, const struct cli_timeline *timeline)
{
	if (timeline->wanted && cli->format != 0)
		return cli_usage(cli, "--trace-format writes a timeline and nothing else: "
		    "there is no --format");
	if (!timeline->wanted && timeline->most != 0)
		return cli_usage(cli, "--trace-limit belongs to --trace-format");
	return CLI_OK;
}

void
cli_timeline_complain(uint64_t most, uint64_t left_out)
{
	struct text *text;

	if (left_out == 0)
		return;
	text = cli_error();
	text_str(text, "vkept: the timeline ends at its limit of ");
	text_count(text, most, "byte");
	text_str(text, " (--trace-limit): ");
	text_count(text, left_out, "event");
	text_str(text, left_out == 1 ? " is not on it\n" : " are not on it\n");
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* The table as getopt_long() wants it. */
static void
options_make(const struct cli_option *option, struct option *long_option, char *letters)
{
	*letters++ = ':';
	for (; option->id != 0; option++) {
		long_option->name = option->name;
		long_option->has_arg = option->argument != NULL;
		long_option->flag = NULL;
		long_option->val = option->id;
		long_option++;
		if (option->letter == 0)
			continue;
		*letters++ = option->letter;
		if (option->argument != NULL)
			*letters++ = ':';
	}
	memset(long_option, 0, sizeof(*long_option));
	*letters = '\0';
}

/* Letters come back as themselves; the table knows whose they are. */
static const struct cli_option *
option_of(const struct cli *cli, int answer)
{
	const struct cli_option *option = cli->command->option;

	while (option->id != 0 && option->id != answer && option->letter != answer)
		option++;
	return option;
}

static enum cli_status
complain_of_use(const struct cli *cli, const struct cli_option *option, const char *what)
{
	text_add(complain(cli), "--%s %s (see 'vkept %s --help')\n", option->name, what,
	    cli->command->name);
	return CLI_BAD;
}

/* What getopt_long() said no to: an option without its argument, with one, or no option at all. */
static int
wrong_option(struct cli *cli, int answer)
{
	const char *found = cli->argv[optind > 0 ? optind - 1 : 0];
	const struct cli_option *option;
	char letter[3] = { '-', (char)optopt, '\0' };

	if (optopt == 0)
		return unknown_option(cli, found);
	option = option_of(cli, optopt);
	if (option->id == 0)
		return unknown_option(cli, letter);
	return stop(cli, complain_of_use(cli, option, answer == ':' ? "needs an argument" :
	    "takes no argument"));
}

static int
take_word(const struct cli *cli, const struct cli_option *option, const char *word, unsigned *index)
{
	int found = cli_word_index(option->argument, word, strlen(word));

	if (found < 0) {
		(void)cli_bad_argument(cli, option->name, option->argument, word);
		return 0;
	}
	*index = (unsigned)found;
	return 1;
}

static int
answer_question(struct cli *cli, int id)
{
	struct scn_sink sink;
	struct text text;

	(void)cli_output_open(cli->output, NULL);
	sink = cli_output_sink(cli->output);
	text_init(&text, &sink, 0);
	if (id == CLI_HELP)
		cli_help(&text, cli->command, 0);
	else
		text_str(&text, "vkept " VKEPT_VERSION "\n");
	return stop(cli, cli_output_close(cli->output, CLI_OK));
}

/* Takes in an option that all subcommands share; 0: go on. */
static int
take_common(struct cli *cli, const struct cli_option *option, const char *argument)
{
	switch (option->id) {
	case CLI_FORMAT:
		return take_word(cli, option, argument, &cli->format) ? 0 : stop(cli, CLI_BAD);
	case CLI_COLOR:
	case CLI_DETAIL_COLOR:
		return take_word(cli, option, argument, &cli->color) ? 0 : stop(cli, CLI_BAD);
	case CLI_OUTPUT:
		cli->path = argument;
		return 0;
	case CLI_QUIET:
	case CLI_DETAIL_QUIET:
		cli->quiet = 1;
		return 0;
	case CLI_VERBOSE:
	case CLI_DETAIL_VERBOSE:
		cli->verbose = 1;
		return 0;
	default:
		return answer_question(cli, option->id);
	}
}

/* Nothing is called "".  What a program is given after its name is its own matter. */
static int
take_operands(struct cli *cli)
{
	const struct cli_command *command = cli->command;
	int i, end = command->operands_end_options && cli->operand < cli->argc ? cli->operand + 1 :
	    cli->argc;

	for (i = cli->operand; i < end; i++) {
		if (cli->argv[i][0] == '\0')
			return stop(cli, cli_bad_operand(cli, command->operands, ""));
	}
	return CLI_DONE;
}

int
cli_option_next(struct cli *cli, const char **argument)
{
	struct option long_option[CLI_OPTIONS_MAX + 1];
	char letters[2 * CLI_OPTIONS_MAX + 3];
	const struct cli_option *option;
	int answer, id;

	letters[0] = '+'; /* options end where operands begin */
	options_make(cli->command->option, long_option, letters + 1);
	opterr = 0;
	for (;;) {
		answer = getopt_long(cli->argc, cli->argv,
		    cli->command->operands_end_options ? letters : letters + 1, long_option, NULL);
		if (answer == -1) {
			cli->operand = optind;
			return take_operands(cli);
		}
		if (answer == '?' || answer == ':')
			return wrong_option(cli, answer);
		option = option_of(cli, answer);
		if (option->argument != NULL && optarg[0] == '\0')
			return stop(cli, cli_bad_argument(cli, option->name, option->argument, ""));
		*argument = optarg;
		if (option->id >= CLI_OWN && option->id < CLI_DETAIL_QUIET)
			return option->id;
		id = take_common(cli, option, optarg);
		if (id != 0)
			return id;
	}
}

/* --- help ------------------------------------------------------------------------------------- */

#define COLUMN_HELP 36

static void
write_option(struct text *text, const struct cli_option *option)
{
	text_str(text, "  ");
	if (option->letter != 0)
		text_add(text, "-%c, ", option->letter);
	else
		text_str(text, "    ");
	text_add(text, "--%s", option->name);
	if (option->argument != NULL)
		text_add(text, " %s", option->argument);
	/* A long one is moved to the right, or has its help below. */
	if (text->column + strlen(option->help) > 77)
		text_str(text, "\n");
	text_str(text, text->column >= COLUMN_HELP - 1 ? "  " : "");
	if (text->column < COLUMN_HELP)
		text_to(text, COLUMN_HELP);
	text_add(text, "%s\n", option->help);
}

/* The options that are only named, filled into lines. */
static void
write_details(struct text *text, const struct cli_command *command)
{
	const struct cli_option *option;
	int any = 0;

	for (option = command->option; option->id != 0; option++) {
		if (option->id < CLI_DETAIL)
			continue;
		if (text->column + strlen(option->name) > 72)
			text_str(text, "\n");
		text_str(text, text->column == 0 && any ? "      " : any ? "" : "  and");
		text_add(text, " --%s", option->name);
		any = 1;
	}
	if (any)
		text_add(text, ": help %s\n", command->name);
}

void
cli_help(struct text *text, const struct cli_command *command, int all)
{
	const struct cli_option *option;

	text_add(text, "usage: vkept %s [OPTION]... %s\n", command->name, command->operands);
	text_str(text, command->about);
	text_str(text, "\n");
	for (option = command->option; option->id != 0; option++) {
		if (all || (option->id < CLI_DETAIL && option->id > CLI_VERSION))
			write_option(text, option);
	}
	if (!all)
		write_details(text, command);
	text_str(text, "\n");
	text_str(text, command->examples);
}
