/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the subcommands share: options, input files, output, messages.
 *
 * This room alone opens files and prints.  Results are gathered in one buffer and go to standard
 * output or, whole or not at all, to a file; messages go to standard error as they arise.
 */
#ifndef VK_CLI_CLI_H
#define VK_CLI_CLI_H

#include "report/report_bytes.h"
#include "report/report_text.h"

/* Exit statuses; of several the greatest counts. */
enum cli_status {
	CLI_OK = 0,
	CLI_FAILED = 1,     /* an expectation, a vector, a property */
	CLI_BAD = 2,        /* usage or input */
	CLI_ENVIRONMENT = 3 /* reading, writing, memory */
};

enum cli_status cli_worse(enum cli_status a, enum cli_status b);

/* --- messages --------------------------------------------------------------------------------- */

/* Standard error; what is written appears with the newline that ends it. */
struct text *cli_error(void);

/* "vkept: WHAT\n"; the second form puts a name, made harmless, and a colon in front. */
void cli_complain(const char *what);
void cli_complain_of(const char *name, const char *what);

/* --- output ----------------------------------------------------------------------------------- */

#define CLI_OUTPUT_SIZE 65536

struct cli_output {
	int fd;
	int failed;          /* errno of the first write that failed */
	int terminal;        /* what is written is seen at once */
	const char *name;    /* for messages */
	char *target;        /* the file to be replaced; NULL: standard output */
	char *temporary;     /* what is written meanwhile */
	size_t used;
	char buf[CLI_OUTPUT_SIZE];
};

/* Standard output with NULL or "-", else a new file beside `path`.  CLI_OK or a complaint. */
enum cli_status cli_output_open(struct cli_output *output, const char *path);

struct scn_sink cli_output_sink(struct cli_output *output);

/* Sends what is gathered on its way; for people who watch. */
void cli_output_flush(struct cli_output *output);

/*
 * Ends the output: with status CLI_OK or CLI_FAILED the file takes its place, otherwise it is
 * removed.  Returns the status of the whole command.
 */
enum cli_status cli_output_close(struct cli_output *output, enum cli_status status);

/* Ends the program at once, without the file in the making; for a signal's handler. */
_Noreturn void cli_output_abandon(enum cli_status status);

/* --- options ---------------------------------------------------------------------------------- */

/* Options of all subcommands, with numbers of their own. */
enum cli_option_id {
	CLI_DONE = -1,  /* no more options: the operands follow */
	CLI_STOP = -2,  /* --help was answered or a complaint made: see cli->stop_status */
	CLI_HELP = 1,
	CLI_VERSION,
	CLI_FORMAT,
	CLI_COLOR,
	CLI_OUTPUT,
	CLI_QUIET,
	CLI_VERBOSE,
	CLI_OWN = 32,   /* from here on they are a subcommand's */
	CLI_DETAIL = 512, /* from here on --help only names them, so that it fits a screen */
	/* From here on they are common ones, of which the same is true. */
	CLI_DETAIL_QUIET = 1024,
	CLI_DETAIL_VERBOSE,
	CLI_DETAIL_COLOR
};

struct cli_option {
	int id;
	char letter;          /* 0: none */
	const char *name;
	const char *argument; /* NULL: none; of a choice, its words with bars between */
	const char *help;
};

#define CLI_OPTION_HELP                                                                            \
	{ CLI_HELP, 'h', "help", NULL, "print a screen of help" },                                 \
	{ CLI_VERSION, 'V', "version", NULL, "print the version" }
#define CLI_OPTION_OUTPUT                                                                          \
	{ CLI_OUTPUT, 'o', "output", "FILE", "write to FILE, whole or not at all" }
#define CLI_COLORS "auto|always|never"
#define CLI_OPTION_COLOR                                                                           \
	{ CLI_COLOR, 0, "color", CLI_COLORS, "colours; auto: on a terminal" }
#define CLI_OPTION_FORMAT(words) { CLI_FORMAT, 'f', "format", words, "form of the result" }
#define CLI_OPTION_NO_QUIET                                                                        \
	{ CLI_DETAIL_QUIET, 'q', "quiet", NULL, "accepted; there is nothing to leave out" }
#define CLI_OPTION_NO_VERBOSE                                                                      \
	{ CLI_DETAIL_VERBOSE, 'v', "verbose", NULL, "accepted; there is no more to tell" }
#define CLI_OPTION_NO_COLOR                                                                        \
	{ CLI_DETAIL_COLOR, 0, "color", CLI_COLORS, "accepted; no text is coloured" }

/* Every event as a timeline, and how long that may get. */
#define CLI_OPTION_TRACE_FORMAT(id, what) { id, 0, "trace-format", "perfetto", what }
#define CLI_OPTION_LIMIT_OF_TRACE(id)                                                              \
	{ id, 0, "trace-limit", "SIZE", "no more events on a timeline of SIZE (256M)" }

struct cli;

struct cli_command {
	const char *name;
	const char *operands; /* "FILE..." */
	const char *summary;  /* a phrase for the list of subcommands */
	const char *about;    /* what --help says after the usage line */
	const char *examples; /* and at its end */
	const struct cli_option *option; /* the last has id 0 */
	int operands_end_options; /* what follows the first operand is no option of ours */
	enum cli_status (*run)(struct cli *cli);
};

extern const struct cli_command cli_run;
extern const struct cli_command cli_check;
extern const struct cli_command cli_walk;
extern const struct cli_command cli_maps;
extern const struct cli_command cli_graph;
extern const struct cli_command cli_bits;
extern const struct cli_command cli_conform;
extern const struct cli_command cli_explore;
extern const struct cli_command cli_exec;
extern const struct cli_command cli_report;

#define CLI_OPTIONS_MAX 48

/* One invocation of a subcommand. */
struct cli {
	const struct cli_command *command;
	int argc; /* argv[0] is the subcommand */
	char **argv;
	int operand;         /* after CLI_DONE: index of the first operand */
	unsigned format;     /* index into the words of --format */
	unsigned color;      /* 0 auto, 1 always, 2 never */
	const char *path;    /* of -o */
	int quiet;
	int verbose;
	int stopped;         /* there is nothing more to do, and this is how it ends: */
	enum cli_status stop_status;
	int program_status;  /* what the process exits with in the place of CLI_OK */
	struct cli_output *output;
};

/*
 * The next option that is the subcommand's own, with its argument, or what ends the list.  Options
 * of all subcommands are taken in here, empty arguments and operands refused.
 */
int cli_option_next(struct cli *cli, const char **argument);

/* Prints a subcommand's help: a screen of it, or all there is. */
void cli_help(struct text *text, const struct cli_command *command, int all);

/* Complains about usage and points to --help; returns CLI_BAD. */
enum cli_status cli_usage(const struct cli *cli, const char *what);

/* The same of an option's argument: "vkept walk: --step: expected a number, found 'x'". */
enum cli_status cli_bad_argument(const struct cli *cli, const char *option, const char *expected,
    const char *found);

/* The same of an operand: "vkept bits: expected a number or names, found ''". */
enum cli_status cli_bad_operand(const struct cli *cli, const char *expected, const char *found);

/* Decimal, 0x hexadecimal, with K, M, G or T.  0 when it is none, or more than 64 bits. */
int cli_number(const char *text, uint64_t *number);

/* An option's argument as a number up to `max`; 0 with a complaint. */
int cli_number_argument(const struct cli *cli, const char *option, const char *argument,
    uint64_t max, uint64_t *number);

/* The same, and at least 1. */
int cli_positive_argument(const struct cli *cli, const char *option, const char *argument,
    uint64_t max, uint64_t *number);

/*
 * An option's argument as a range of addresses, START-END, the end exclusive.  What is left out is
 * the beginning, or the end, of all addresses: *end is then 0.  0 with a complaint.
 */
int cli_range_argument(const struct cli *cli, const char *option, const char *argument,
    uint64_t *start, uint64_t *end);

/* What --trace-format and --trace-limit say. */
struct cli_timeline {
	int wanted;
	uint64_t most; /* bytes; 0: as many as are usual */
};

/* Take the arguments of these; 0 with a complaint. */
int cli_trace_format_argument(const struct cli *cli, const char *argument,
    struct cli_timeline *timeline);
int cli_trace_limit_argument(const struct cli *cli, const char *argument,
    struct cli_timeline *timeline);

/* Whether the options about a timeline go together; CLI_BAD with a complaint. */
enum cli_status cli_timeline_check(const struct cli *cli, const struct cli_timeline *timeline);

/* Says, when it is so, that events are not on it. */
void cli_timeline_complain(uint64_t most, uint64_t left_out);

/* Index of a word among words with bars between, or -1. */
int cli_word_index(const char *words, const char *word, size_t length);

/*
 * Ends a complaint about a name that is unknown: ", did you mean ...?" or the list of what there
 * is.  `name_at` gives the names by index, NULL after the last.
 */
void cli_suggest(struct text *text, const char *name, const char *(*name_at)(const void *, size_t),
    const void *ctx);

/* Whether text is to be coloured, by --color, NO_COLOR, TERM and where the output goes. */
int cli_wants_color(const struct cli *cli);

/* --- input ------------------------------------------------------------------------------------ */

#define CLI_SCENARIO_MAX 0x1000000u /* bytes of a scenario file: 16 MiB */

/* The bytes of a file, "-" for standard input; to be freed.  CLI_OK or a complaint. */
enum cli_status cli_file_read(const char *path, size_t limit, char **bytes, size_t *size);

/*
 * Reads a scenario file.  CLI_OK: *list and *errors are to be freed.  CLI_BAD with errors in
 * *errors, which are to be freed too, or with a complaint and none; CLI_ENVIRONMENT with a
 * complaint.
 */
enum cli_status cli_scenarios_load(const char *path, struct scenario_list *list,
    struct scenario_errors *errors);

/* "file:line:column: what" for each error. */
void cli_scenario_errors(const struct scenario_errors *errors);

/* Files named by operands: each file, and of each directory every *.yaml under it by path. */
struct cli_paths {
	char **path;
	size_t count;
	size_t room;
};

enum cli_status cli_paths_add(struct cli_paths *paths, const char *operand);
void cli_paths_free(struct cli_paths *paths);

/* --- patience --------------------------------------------------------------------------------- */

/* Shows on a terminal how far a long piece of work has come, after its first second. */
void cli_progress(struct cli_output *output, size_t done, size_t total);

/* The same where it is not known how much there is, and no results scroll by: "DONE WHAT". */
void cli_progress_count(uint64_t done, const char *what);

/* The same in words, and where results do not scroll by. */
void cli_progress_say(const char *words);

/* Whether it is time to say something again; seconds since the beginning in *seconds. */
int cli_progress_due(double *seconds);

void cli_progress_end(void);

#endif
