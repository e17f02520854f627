/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept: subcommands by table.
 */
#include <signal.h>
#include <string.h>

#include "cli/cli.h"

static const struct cli_command *const commands[] = {
	&cli_run,
	&cli_check,
	&cli_explore,
	&cli_walk,
	&cli_maps,
	&cli_graph,
	&cli_bits,
	&cli_exec,
	&cli_report,
	&cli_conform,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *
command_name_at(const void *ctx, size_t index)
{
	(void)ctx;
	return index < COMMANDS ? commands[index]->name : NULL;
}

static const struct cli_command *
command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static void
write_usage(struct text *text)
{
	size_t i;

	text_str(text, "usage: vkept COMMAND [OPTION]... [OPERAND]...\n"
	    "Nested page tables of a vkernel, modelled.\n\n");
	for (i = 0; i < COMMANDS; i++) {
		text_add(text, "  %s", commands[i]->name);
		text_to(text, 12);
		text_add(text, "%s\n", commands[i]->summary);
	}
	text_str(text, "\n'vkept COMMAND --help' tells more, vkept(1) all. To begin with:\n"
	    "  vkept run scenarios/copyio/printf.yaml\n"
	    "  vkept walk --step 5 scenarios/bringup/first-touch.yaml\n"
	    "  vkept explore scenarios/shootdown\n\n"
	    "exit status: 0 everything held; 1 an expectation failed or a vector differed;\n"
	    "2 bad usage or input; 3 a file cannot be read or written, or memory ran out\n");
}

static enum cli_status
complain_of_command(const char *name)
{
	struct text *text = cli_error();

	text_str(text, "vkept: unknown subcommand '");
	text_safe(text, name);
	text_str(text, "'");
	cli_suggest(text, name, command_name_at, NULL);
	text_str(text, "\n");
	return CLI_BAD;
}

/* --help, --version and what stands for them. */
static enum cli_status
answer(int argc, char **argv, struct cli_output *output)
{
	const struct cli_command *command;
	struct scn_sink sink;
	struct text text;

	if (argc > 2 && strcmp(argv[1], "help") == 0) {
		command = command_find(argv[2]);
		if (command == NULL)
			return complain_of_command(argv[2]);
	} else {
		command = NULL;
	}
	(void)cli_output_open(output, NULL);
	sink = cli_output_sink(output);
	text_init(&text, &sink, 0);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		text_str(&text, "vkept " VKEPT_VERSION "\n");
	else if (command != NULL)
		cli_help(&text, command, 1);
	else
		write_usage(&text);
	return cli_output_close(output, CLI_OK);
}

static int
is_question(const char *argument)
{
	static const char *const question[] = { "--help", "-h", "help", "--version", "-V" };
	size_t i;

	for (i = 0; i < sizeof(question) / sizeof(question[0]); i++) {
		if (strcmp(argument, question[i]) == 0)
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static struct cli_output output; /* too large for a small stack */
	struct cli cli = { .output = &output };
	enum cli_status status;

	/* A reader that went away, a file that may not grow: errors of writing like others. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		write_usage(cli_error());
		return CLI_BAD;
	}
	if (is_question(argv[1]))
		return (int)answer(argc, argv, &output);
	cli.command = command_find(argv[1]);
	if (cli.command == NULL)
		return (int)complain_of_command(argv[1]);
	cli.argc = argc - 1;
	cli.argv = argv + 1;
	status = cli.command->run(&cli);
	return status == CLI_OK ? cli.program_status : (int)status;
}
