/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept conform: the model against recorded behaviour of processors.
 */
#include "cli/cli.h"
#include "cli/cli_conform.h"

enum {
	OPTION_SHOW = CLI_OWN,
	OPTION_EITHER,
	OPTION_LENIENT,
	OPTION_ALLOW
};

#define FORMATS "text|json|tap|junit"

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_TAP, FORMAT_JUNIT };

static const struct cli_option options[] = {
	{ OPTION_SHOW, 0, "show", "N", "differences to explain (5)" },
	{ OPTION_EITHER, 0, "either", NULL, "accept what the architecture leaves open" },
	{ OPTION_LENIENT, 0, "lenient", NULL, "let unknown fields and families pass" },
	{ OPTION_ALLOW, 0, "allow-unsupported", NULL, "let cases pass that cannot be played" },
	{ CLI_VERBOSE, 'v', "verbose", NULL, "explain up to 1000 differences" },
	{ CLI_QUIET, 'q', "quiet", NULL, "text: only what does not agree" },
	CLI_OPTION_NO_COLOR,
	CLI_OPTION_FORMAT(FORMATS),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

#define SHOW_MOST 1000000
#define SHOW_VERBOSE_MOST 1000 /* each is kept with its walk, some 12 KiB */
_Static_assert(SHOW_VERBOSE_MOST == 1000, "the help says another number");

static enum cli_status
conform_options_take(struct cli *cli, struct conform_options *wanted)
{
	const char *argument;
	uint64_t number;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (id == OPTION_EITHER)
			wanted->either = true;
		else if (id == OPTION_LENIENT)
			wanted->lenient = true;
		else if (id == OPTION_ALLOW)
			wanted->allow_unsupported = true;
		else if (cli_number_argument(cli, "show", argument, SHOW_MOST, &number))
			wanted->show = (unsigned)number;
		else
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (cli->verbose && wanted->show < SHOW_VERBOSE_MOST)
		wanted->show = SHOW_VERBOSE_MOST;
	wanted->quiet = cli->quiet != 0;
	if (cli->operand == cli->argc)
		return cli_usage(cli, "no vector file was named");
	return CLI_OK;
}

/* File names in messages are foreign text: control characters are made visible. */
static void
message_write(void *ctx, const char *bytes, size_t size)
{
	struct text *text = ctx;
	size_t i, from = 0;

	for (i = 0; i < size; i++) {
		if ((unsigned char)bytes[i] >= 0x20 || bytes[i] == '\n')
			continue;
		text_put(text, bytes + from, i - from);
		text_bytes(text, bytes + i, 1);
		from = i + 1;
	}
	text_put(text, bytes + from, size - from);
}

/* False when memory ran out. */
static bool
write_report(const struct cli *cli, const struct conform_report *report,
    const struct conform_options *wanted)
{
	struct scn_sink sink = cli_output_sink(cli->output);

	switch (cli->format) {
	case FORMAT_JSON:
		return conform_write_json(report, sink.write, sink.ctx);
	case FORMAT_TAP:
		cli_conform_tap(report, wanted, &sink);
		return true;
	case FORMAT_JUNIT:
		cli_conform_junit(report, wanted, &sink);
		return true;
	default:
		conform_write_text(report, wanted, sink.write, sink.ctx);
		return true;
	}
}

static void
note_progress(uint64_t cases)
{
	cli_progress_count(cases, "cases");
}

static enum cli_status
conform_files(struct cli *cli, const struct conform_options *wanted)
{
	static struct conform_report report;
	enum cli_status status;
	int i;

	conform_report_init(&report);
	for (i = cli->operand; i < cli->argc; i++)
		conform_file(cli->argv[i], wanted, &report);
	conform_write_errors(&report, wanted, message_write, cli_error());
	status = (enum cli_status)conform_verdict(&report, wanted);
	if (!write_report(cli, &report, wanted))
		status = CLI_ENVIRONMENT;
	if (status == CLI_ENVIRONMENT && report.errors == 0)
		cli_complain("out of memory");
	conform_report_free(&report);
	return status;
}

static enum cli_status
command_conform(struct cli *cli)
{
	struct conform_options wanted = { .show = CONFORM_SHOW_DEFAULT,
		.progress = note_progress };
	enum cli_status status = conform_options_take(cli, &wanted);

	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	return cli_output_close(cli->output, conform_files(cli, &wanted));
}

const struct cli_command cli_conform = {
	.name = "conform",
	.operands = "FILE...",
	.summary = "check the model against recorded behaviour of processors",
	.about = "Plays each case of vector files (JSON lines, also .gz) and compares all that\n"
	    "was recorded.\n",
	.examples = "  vkept conform vectors/*.jsonl.gz\n"
	    "  vkept conform --show 20 -f json -o differences.json vectors/ept.jsonl.gz\n",
	.option = options,
	.run = command_conform,
};
