/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept exec: a program under the model.
 *
 * What the program writes goes straight on; what is told of it goes to standard error, or to the
 * file that -o names.  Without that file JSON takes standard output, and what the program wrote is
 * a part of it.  A timeline has the file for itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "exec/exec.h"
#include "report/report_exec.h"

enum {
	OPTION_TRACE = CLI_OWN,
	OPTION_LIMIT,
	OPTION_CPUS,
	OPTION_SLICE,
	OPTION_SEED,
	OPTION_MEMORY,
	OPTION_TLB,
	OPTION_VPID,
	OPTION_ENV,
	OPTION_TRACE_FORMAT,
	OPTION_TRACE_LIMIT = CLI_DETAIL
};

static const struct cli_option options[] = {
	{ CLI_VERBOSE, 'v', "verbose", NULL, "tell of every event but hits of the TLB" },
	{ OPTION_TRACE, 0, "trace", NULL, "the same as --verbose" },
	CLI_OPTION_TRACE_FORMAT(OPTION_TRACE_FORMAT, "the same as a timeline, to -o FILE"),
	CLI_OPTION_LIMIT_OF_TRACE(OPTION_TRACE_LIMIT),
	{ OPTION_LIMIT, 0, "limit", "N", "stop after N instructions (10 billion)" },
	{ OPTION_CPUS, 0, "cpus", "N", "vCPUs, one a thread of the program (1)" },
	{ OPTION_SLICE, 0, "slice", "N", "instructions of a thread at a time (1000)" },
	{ OPTION_SEED, 0, "seed", "N", "chooses the next thread, and random numbers" },
	{ OPTION_MEMORY, 0, "memory", "SIZE", "of the vkernel (256M)" },
	{ OPTION_TLB, 0, "tlb-entries", "N", "translations a CPU keeps; 0: none (512)" },
	{ OPTION_VPID, 0, "vpid", NULL, "translations outlive VM exits" },
	{ OPTION_ENV, 0, "env", "NAME=VALUE", "for the program; may be given again" },
	CLI_OPTION_FORMAT("text|json"),
	CLI_OPTION_OUTPUT,
	{ CLI_QUIET, 'q', "quiet", NULL, "tell nothing of a program that exits" },
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

#define LIMIT 10000000000ull
#define SLICE 1000u
#define MEMORY (256ull << 20)
#define MEMORY_LEAST (1ull << 20)
#define MEMORY_MOST (4ull << 30)
#define TLB_ENTRIES 512u
#define TLB_MOST 65536u
#define TLB_STRUCTURES 32u
#define ENV_MAX 64
#define KEPT_MAX (16u << 20)     /* bytes of output that become a part of JSON */

_Static_assert(LIMIT == 10000000000 && SLICE == 1000 && MEMORY == 256 << 20 && TLB_ENTRIES == 512,
    "the help says other numbers");
_Static_assert(ENV_MAX == 64 && KEPT_MAX == 16 << 20, "the messages say other numbers");

struct exec_command {
	struct cli *cli;
	struct exec_options options;
	struct exec_outcome outcome;
	const char *env[ENV_MAX + 1];
	size_t envs;
	int json;             /* the report is JSON ... */
	int inside;           /* ... and what the program writes is in it */
	unsigned char *kept;  /* what that is */
	size_t kept_size, kept_room;
	int failed;           /* errno of what could not be written, or kept */
	struct cli_timeline asked;
	struct timeline timeline;
	struct text text;
	struct json put;
	struct decoder decoder;
	int begun;            /* something was told */
	int thread;           /* the last one that was told of */
};

/* --- options ---------------------------------------------------------------------------------- */

static int
take_number(const struct cli *cli, const char *name, const char *argument, uint64_t least,
    uint64_t most, uint64_t *number)
{
	if (!cli_number_argument(cli, name, argument, most, number))
		return 0;
	return *number >= least ||
	    cli_bad_argument(cli, name, "a larger number", argument) == CLI_OK;
}

static int
take_env(struct exec_command *command, const char *argument)
{
	if (strchr(argument, '=') == NULL || argument[0] == '=')
		return cli_bad_argument(command->cli, "env", "NAME=VALUE", argument) == CLI_OK;
	if (command->envs == ENV_MAX)
		return cli_bad_argument(command->cli, "env", "at most 64 of them", argument) ==
		    CLI_OK;
	command->env[command->envs++] = argument;
	return 1;
}

static int
take_option(struct exec_command *command, int id, const char *argument)
{
	const struct cli *cli = command->cli;
	struct exec_options *to = &command->options;
	uint64_t n = 0;

	switch (id) {
	case OPTION_TRACE:
		command->cli->verbose = 1;
		return 1;
	case OPTION_VPID:
		to->vpid = true;
		return 1;
	case OPTION_ENV:
		return take_env(command, argument);
	case OPTION_TRACE_FORMAT:
		return cli_trace_format_argument(cli, argument, &command->asked);
	case OPTION_TRACE_LIMIT:
		return cli_trace_limit_argument(cli, argument, &command->asked);
	case OPTION_LIMIT:
		return take_number(cli, "limit", argument, 1, UINT64_MAX, &to->limit);
	case OPTION_SLICE:
		return take_number(cli, "slice", argument, 1, UINT64_MAX, &to->slice);
	case OPTION_MEMORY:
		return take_number(cli, "memory", argument, MEMORY_LEAST, MEMORY_MOST,
		    &to->memory);
	case OPTION_SEED:
		to->seed_given = true;
		return take_number(cli, "seed", argument, 0, UINT64_MAX, &to->seed);
	case OPTION_CPUS:
		if (!take_number(cli, "cpus", argument, 1, EXEC_CPUS_MAX, &n))
			return 0;
		to->cpus = (unsigned)n;
		return 1;
	default:
		if (!take_number(cli, "tlb-entries", argument, 0, TLB_MOST, &n))
			return 0;
		to->tlb.translations = to->tlb.guest_physical = (unsigned)n;
		return 1;
	}
}

/* The timeline has a file for itself: standard output is the program's. */
static enum cli_status
check_timeline(const struct exec_command *command)
{
	const struct cli *cli = command->cli;

	if (command->asked.wanted && (cli->path == NULL || strcmp(cli->path, "-") == 0))
		return cli_usage(cli, "expected a file for the timeline, -o FILE: standard output "
		    "is the program's");
	return cli_timeline_check(cli, &command->asked);
}

static enum cli_status
take_options(struct exec_command *command)
{
	struct cli *cli = command->cli;
	struct exec_options *to = &command->options;
	const char *argument;
	int id;

	to->cpus = 1;
	to->limit = LIMIT;
	to->slice = SLICE;
	to->memory = MEMORY;
	to->tlb = (struct tlb_sizes){ TLB_ENTRIES, TLB_ENTRIES, TLB_STRUCTURES };
	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(command, id, argument))
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (cli->operand >= cli->argc)
		return cli_usage(cli, "expected a program");
	to->memory &= ~(uint64_t)(EXEC_PAGE - 1);
	command->json = cli->format == 1;
	command->inside = command->json && cli->path == NULL;
	return check_timeline(command);
}

/* --- the program's world ---------------------------------------------------------------------- */

/* All of the bytes to a descriptor of this process. */
static bool
write_through(struct exec_command *command, int fd, const unsigned char *bytes, size_t size)
{
	while (size != 0) {
		ssize_t done = write(fd, bytes, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			command->failed = errno;
			return false;
		}
		bytes += done;
		size -= (size_t)done;
	}
	return true;
}

static bool
keep(struct exec_command *command, const void *bytes, size_t size)
{
	if (size > KEPT_MAX - command->kept_size) {
		command->failed = EFBIG;
		return false;
	}
	if (command->kept_size + size > command->kept_room) {
		size_t room = 2 * (command->kept_size + size);
		unsigned char *bigger = realloc(command->kept, room);

		if (bigger == NULL) {
			command->failed = ENOMEM;
			return false;
		}
		command->kept = bigger;
		command->kept_room = room;
	}
	memcpy(command->kept + command->kept_size, bytes, size);
	command->kept_size += size;
	return true;
}

static bool
program_writes(void *ctx, unsigned descriptor, const void *bytes, size_t size)
{
	struct exec_command *command = ctx;

	if (command->inside && descriptor == STDOUT_FILENO)
		return keep(command, bytes, size);
	return write_through(command, (int)descriptor, bytes, size);
}

static size_t
program_reads(void *ctx, void *bytes, size_t size)
{
	ssize_t done;

	(void)ctx;
	do
		done = read(STDIN_FILENO, bytes, size);
	while (done < 0 && errno == EINTR);
	return done > 0 ? (size_t)done : 0;
}

/* --- what is told ----------------------------------------------------------------------------- */

static void
begin_report(struct exec_command *command)
{
	struct cli *cli = command->cli;
	struct scn_sink sink = cli_output_sink(cli->output);

	if (command->begun)
		return;
	command->begun = 1;
	command->thread = -1;
	if (command->json) {
		json_put_init(&command->put, &sink);
		json_put_object(&command->put, NULL);
		json_put_string(&command->put, "vkept", VKEPT_VERSION);
		if (command->cli->verbose)
			json_put_array(&command->put, "trace");
	} else if (cli->path != NULL && !command->asked.wanted) {
		text_init(&command->text, &sink, cli_wants_color(cli));
	} else {
		command->text = *cli_error();
	}
}

static void
tell_event(void *ctx, const struct event *event)
{
	struct exec_command *command = ctx;

	if (command->asked.wanted) {
		exec_report_event_timeline(&command->timeline, event);
		return;
	}
	begin_report(command);
	if (command->json) {
		exec_report_event_json(&command->put, &command->decoder, event);
		return;
	}
	if (command->options.cpus > 1 && event->thread != command->thread) {
		text_add(&command->text, "  vCPU %d\n", event->thread);
		command->thread = event->thread;
	}
	exec_report_event(&command->text, &command->decoder, event);
}

static int
begin_timeline(struct exec_command *command)
{
	struct scn_sink sink = cli_output_sink(command->cli->output);

	timeline_begin(&command->timeline, &sink, VKEPT_VERSION, command->asked.most);
	return exec_report_timeline(&command->timeline, &command->decoder,
	    command->options.program.name, command->options.cpus);
}

static void
end_timeline(struct exec_command *command)
{
	struct timeline *timeline = &command->timeline;

	exec_report_end_timeline(timeline, &command->outcome);
	timeline_end(timeline);
	cli_timeline_complain(timeline->most, timeline->left_out);
}

static void
end_report(struct exec_command *command)
{
	const char *name = command->options.program.name;
	bool exited = command->outcome.end.kind == EXEC_END_EXITED;

	if (command->asked.wanted)
		end_timeline(command);
	begin_report(command);
	if (command->json) {
		if (command->cli->verbose)
			json_put_end(&command->put);
		exec_report_json(&command->put, name, &command->outcome);
		if (command->inside)
			json_put_bytes(&command->put, "output", command->kept,
			    command->kept_size);
		json_put_end(&command->put);
	} else if (!exited || !command->cli->quiet) {
		exec_report_text(&command->text, name, &command->outcome);
	}
}

/* --- the run ---------------------------------------------------------------------------------- */

static enum cli_status
complain_of_file(const struct exec_command *command)
{
	struct text *text = cli_error();

	text_str(text, "vkept: ");
	text_safe(text, command->options.program.name);
	text_add(text, ": at byte %llu: %s\n", (unsigned long long)command->outcome.offset,
	    command->outcome.wrong);
	return CLI_BAD;
}

static enum cli_status
complain_of_start(const struct exec_command *command)
{
	struct text *text = cli_error();

	text_str(text, "vkept: ");
	text_safe(text, command->options.program.name);
	text_add(text, ": found %s, expected a program that can be started\n",
	    command->outcome.wrong);
	return CLI_BAD;
}

static enum cli_status
finish(struct exec_command *command)
{
	if (command->failed != 0) {
		cli_complain_of(command->inside ? "the program's output" : "standard output",
		    command->failed == EFBIG ? "more than 16 MiB of it" :
		    strerror(command->failed));
		return CLI_ENVIRONMENT;
	}
	end_report(command);
	if (command->outcome.end.kind != EXEC_END_EXITED)
		return CLI_FAILED;
	command->cli->program_status = command->outcome.end.status;
	return CLI_OK;
}

static enum exec_status
execute(struct exec_command *command)
{
	exec_report_decoder(&command->decoder);
	if (command->asked.wanted && !begin_timeline(command))
		return EXEC_HOST_MEMORY;
	if (command->cli->verbose || command->asked.wanted) {
		command->options.sink = tell_event;
		command->options.sink_ctx = command;
	}
	return exec_run(&command->options, &command->outcome);
}

static enum cli_status
run_program(struct exec_command *command)
{
	switch (execute(command)) {
	case EXEC_ENDED:
		return finish(command);
	case EXEC_BAD_FILE:
		return complain_of_file(command);
	case EXEC_BAD_START:
		return complain_of_start(command);
	case EXEC_HOST_MEMORY:
		break;
	}
	cli_complain("out of memory");
	return CLI_ENVIRONMENT;
}

static enum cli_status
load_and_run(struct exec_command *command)
{
	struct cli *cli = command->cli;
	struct exec_program *program = &command->options.program;
	enum cli_status status;
	char *bytes = NULL;
	size_t size = 0;

	program->name = cli->argv[cli->operand];
	status = cli_file_read(program->name, CLI_SCENARIO_MAX, &bytes, &size);
	if (status != CLI_OK)
		return status;
	program->file = (const unsigned char *)bytes;
	program->file_size = size;
	program->argv = (const char *const *)&cli->argv[cli->operand];
	program->envp = command->env;
	program->seed = command->options.seed;
	command->options.world = (struct exec_world){ program_writes, program_reads, command };
	status = cli_output_open(cli->output, cli->path);
	if (status == CLI_OK)
		status = cli_output_close(cli->output, run_program(command));
	timeline_process_end(&command->timeline);
	free(bytes);
	free(command->kept);
	return status;
}

static enum cli_status
command_exec(struct cli *cli)
{
	static struct exec_command command;
	enum cli_status status;

	command.cli = cli;
	status = take_options(&command);
	if (status != CLI_OK || cli->stopped)
		return status;
	return load_and_run(&command);
}

const struct cli_command cli_exec = {
	.name = "exec",
	.operands = "PROGRAM [ARGUMENT]...",
	.operands_end_options = 1,
	.summary = "run a static ELF program with every access through the model",
	.about =
	    "Runs a statically linked x86-64 program in a vkernel: each access through the\n"
	    "model, each system call by an exit.  Ends with its status; 1 if it has none.\n",
	.examples = "  vkept exec build/programs/printf\n"
	    "  vkept exec --cpus 3 --seed 7 build/programs/threads\n",
	.option = options,
	.run = command_exec,
};
