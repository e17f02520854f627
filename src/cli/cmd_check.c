/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept check: what is wrong with scenario files, without running them.
 */
#include <string.h>

#include "cli/cli_explore.h"
#include "report/report_decode.h"
#include "report/report_json.h"

enum {
	OPTION_SCHEMA = CLI_OWN,
	OPTION_REFERENCE
};

#define REFERENCES "markdown|mdoc" /* in the order of enum scenario_manual_format */

static const struct cli_option options[] = {
	{ OPTION_SCHEMA, 0, "schema", NULL, "print the JSON Schema of scenarios instead" },
	{ OPTION_REFERENCE, 0, "reference", REFERENCES, "print the reference of scenarios" },
	{ CLI_VERBOSE, 'v', "verbose", NULL, "text: the scenarios of each file, too" },
	{ CLI_QUIET, 'q', "quiet", NULL, "errors only" },
	CLI_OPTION_NO_COLOR,
	CLI_OPTION_FORMAT("text|json|tap|junit"),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct check {
	struct cli *cli;
	struct text text;
	struct json json;
	const char *instead; /* the option that asks for something else than a check, or NULL */
	int manual;          /* index of the form of --reference, or -1 */
	struct report report; /* TAP and JUnit */
};

static int
is_report(const struct check *check)
{
	return check->cli->format == REPORT_TAP || check->cli->format == REPORT_JUNIT;
}

static void
tell_json(struct check *check, const char *path, size_t scenarios,
    const struct scenario_errors *errors)
{
	struct json *json = &check->json;
	size_t i;

	json_put_object(json, NULL);
	json_put_string(json, "file", path);
	json_put_number(json, "scenarios", scenarios);
	json_put_array(json, "errors");
	for (i = 0; i < errors->count; i++) {
		json_put_line_object(json, NULL);
		json_put_number(json, "line", errors->error[i].line);
		json_put_number(json, "column", errors->error[i].column);
		json_put_string(json, "text", errors->error[i].text);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_end(json);
}

static void
tell_text(struct check *check, const char *path, size_t scenarios)
{
	if (check->cli->quiet)
		return;
	text_str(&check->text, "ok    ");
	text_safe(&check->text, path);
	text_str(&check->text, ": ");
	text_count(&check->text, scenarios, "scenario");
	text_str(&check->text, "\n");
}

/* A scenario by its name; to a harness it is a case that holds. */
static void
tell_scenario(struct check *check, const struct scenario *scenario)
{
	static const struct play_outcome held = { .passed = true };

	if (is_report(check)) {
		report_scenario(&check->report, scenario);
		report_outcome(&check->report, PLAY_DONE, &held);
		return;
	}
	text_str(&check->text, "        ");
	decode_name(&check->text, scenario);
	text_str(&check->text, "\n");
}

static enum cli_status
tell_scenarios(struct check *check, struct scenario_list *list)
{
	size_t i;

	if (!is_report(check) && (!check->cli->verbose || check->cli->quiet))
		return CLI_OK;
	for (i = 0; i < list->count; i++) {
		struct scenario *scenario = scenario_list_make(list, i);

		if (scenario == NULL) {
			cli_complain("out of memory");
			return CLI_ENVIRONMENT;
		}
		tell_scenario(check, scenario);
		scenario_free(scenario);
	}
	return CLI_OK;
}

static enum cli_status
tell(struct check *check, const char *path, enum cli_status status, struct scenario_list *list,
    const struct scenario_errors *errors)
{
	if (check->cli->format == REPORT_JSON) {
		tell_json(check, path, list->count, errors);
		return CLI_OK;
	}
	if (status != CLI_OK) {
		cli_scenario_errors(errors);
		if (is_report(check))
			report_bad_file(&check->report, errors);
		return CLI_OK;
	}
	if (!is_report(check))
		tell_text(check, path, list->count);
	return tell_scenarios(check, list);
}

static enum cli_status
check_file(struct check *check, const char *path)
{
	struct scenario_errors errors;
	struct scenario_list list;
	enum cli_status status = cli_scenarios_load(path, &list, &errors);

	if (status != CLI_OK && errors.count == 0)
		return status;
	if (is_report(check))
		report_file_begin(&check->report, path);
	status = cli_worse(status, tell(check, path, status, &list, &errors));
	if (is_report(check))
		report_file_end(&check->report);
	scenario_list_free(&list);
	scenario_errors_free(&errors);
	return status;
}

static void
begin_report(struct check *check)
{
	struct report_options options = { .format = (enum report_format_id)check->cli->format,
		.version = VKEPT_VERSION, .command = check->cli->command->name };

	report_begin(&check->report, &options, &check->text.sink);
}

static enum cli_status
check_files(struct check *check)
{
	struct cli *cli = check->cli;
	struct cli_paths paths = { 0 };
	enum cli_status status = CLI_OK;
	size_t at;
	int i;

	for (i = cli->operand; i < cli->argc; i++)
		status = cli_worse(status, cli_paths_add(&paths, cli->argv[i]));
	if (is_report(check))
		begin_report(check);
	if (cli->format == REPORT_JSON) {
		json_put_object(&check->json, NULL);
		json_put_string(&check->json, "vkept", VKEPT_VERSION);
		json_put_array(&check->json, "files");
	}
	for (at = 0; at < paths.count; at++) {
		status = cli_worse(status, check_file(check, paths.path[at]));
		cli_progress(cli->output, at + 1, paths.count);
	}
	if (is_report(check))
		status = cli_worse(status, cli_report_end(cli, &check->report));
	if (cli->format == REPORT_JSON) {
		json_put_end(&check->json);
		json_put_end(&check->json);
	}
	cli_paths_free(&paths);
	return status;
}

static enum cli_status
check_options(struct check *check)
{
	struct cli *cli = check->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		check->instead = id == OPTION_SCHEMA ? "--schema takes no file" :
		    "--reference takes no file";
		if (id != OPTION_REFERENCE)
			continue;
		check->manual = cli_word_index(REFERENCES, argument, strlen(argument));
		if (check->manual < 0)
			return cli_bad_argument(cli, "reference", REFERENCES, argument);
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (check->instead != NULL && cli->operand != cli->argc)
		return cli_usage(cli, check->instead);
	if (check->instead == NULL && cli->operand == cli->argc)
		return cli_usage(cli, "no scenario was named");
	return CLI_OK;
}

static enum cli_status
command_check(struct cli *cli)
{
	struct check check = { .cli = cli, .manual = -1 };
	enum cli_status status = check_options(&check);
	struct scn_sink sink;

	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	sink = cli_output_sink(cli->output);
	text_init(&check.text, &sink, 0);
	json_put_init(&check.json, &sink);
	if (check.manual >= 0)
		scenario_manual_write(&sink, (enum scenario_manual_format)check.manual);
	else if (check.instead != NULL)
		scenario_schema_write(&sink);
	else
		status = check_files(&check);
	return cli_output_close(cli->output, status);
}

const struct cli_command cli_check = {
	.name = "check",
	.operands = "FILE|DIR...",
	.summary = "validate scenarios",
	.about = "Reads scenarios and reports every error of each file as file:line:column.\n",
	.examples = "  vkept check scenarios\n"
	    "  vkept check --schema -o schema/scenario.schema.json\n"
	    "  vkept check --reference markdown | less\n",
	.option = options,
	.run = command_check,
};
