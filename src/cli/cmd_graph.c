/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept graph: paging structures as a picture.
 *
 * Tables, what differs between two states of them, or the walk of one access; of a scenario at a
 * step or of a real machine.  DOT and JSON are written here, pictures by vkept-draw.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/access.h"
#include "cli/cli_draw.h"
#include "cli/cli_view.h"
#include "graph/graph.h"
#include "report/report_decode.h"
#include "view/view_explain.h"

enum {
	OPTION_TYPE = CLI_OWN,
	OPTION_THEME,
	OPTION_TABLE,
	OPTION_RANGE,
	OPTION_LIMIT,
	OPTION_ROWS,
	OPTION_WALK,
	OPTION_ACCESS,
	OPTION_CPL
};

_Static_assert(GRAPH_LIMIT == 40 && GRAPH_LIMIT_TIMES_ROWS == 16384, "the texts say other numbers");

#define TYPE_WORDS "dot|svg|png|pdf|json"
#define TYPE_ENDS "dot, .svg, .png, .pdf or .json"
#define TABLE_WORDS "guest|ept|npt|both"
enum { TABLE_GUEST, TABLE_EPT, TABLE_NPT, TABLE_BOTH };

static const struct cli_option options[] = {
	{ OPTION_TYPE, 'T', "type", TYPE_WORDS, "what to write (as -o ends, else dot)" },
	{ OPTION_THEME, 0, "theme", GRAPH_THEME_NAMES, "colours; print: none" },
	{ OPTION_TABLE, 0, "table", TABLE_WORDS, "the guest's, its host's, or both" },
	{ OPTION_RANGE, 0, "range", "START-END", "what maps addresses from START, below END" },
	{ OPTION_LIMIT, 0, "limit", "N", "tables drawn of each structure (40)" },
	{ OPTION_ROWS, 0, "rows", "N", "rows of a table (16)" },
	{ OPTION_WALK, 0, "walk", "ADDRESS", "instead of tables, the walk of one access" },
	{ OPTION_ACCESS, 0, "access", "r|w|x", "with --walk (r)" },
	{ OPTION_CPL, 0, "cpl", "0|3", "with --walk: by whom" },
	CLI_OPTIONS_VIEW,
	CLI_OPTIONS_AGAINST,
	CLI_OPTION_NO_QUIET,
	CLI_OPTION_NO_VERBOSE,
	CLI_OPTION_NO_COLOR,
	CLI_OPTION_OUTPUT,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct drawing {
	struct cli *cli;
	struct cli_view source;
	const char *type;        /* one of TYPE_WORDS; NULL: not given */
	const struct graph_theme *theme;
	struct graph_request request;
	unsigned table;          /* TABLE_* */
	bool walks, access_given, cpl_given;
	uint64_t gva;
	unsigned access;         /* index into r|w|x */
	enum view_cpl cpl;
	struct view view, against;
	struct graph graph;
	struct explanation why;
};

/* --- options ---------------------------------------------------------------------------------- */

static const char *const types[] = { "dot", "svg", "png", "pdf", "json" };

static int
take_type(struct drawing *drawing, const char *argument)
{
	int index = cli_word_index(TYPE_WORDS, argument, strlen(argument));

	drawing->type = index >= 0 ? types[index] : NULL;
	return index >= 0 ||
	    cli_bad_argument(drawing->cli, "type", "dot, svg, png, pdf or json", argument) ==
	    CLI_OK;
}

static int
take_theme(struct drawing *drawing, const char *argument)
{
	drawing->theme = graph_theme_find(argument);
	return drawing->theme != NULL ||
	    cli_bad_argument(drawing->cli, "theme", "light, dark or print", argument) == CLI_OK;
}

static int
take_table(struct drawing *drawing, const char *argument)
{
	int index = cli_word_index(TABLE_WORDS, argument, strlen(argument));

	drawing->table = index < 0 ? TABLE_BOTH : (unsigned)index;
	return index >= 0 ||
	    cli_bad_argument(drawing->cli, "table", TABLE_WORDS, argument) == CLI_OK;
}

static int
take_range(struct drawing *drawing, const char *argument)
{
	struct graph_request *request = &drawing->request;

	request->ranged = true;
	if (!cli_range_argument(drawing->cli, "range", argument, &request->start, &request->last))
		return 0;
	request->last--; /* an end of 0 is that of all addresses */
	return 1;
}

static int
take_count(struct drawing *drawing, const char *name, const char *argument, unsigned least,
    unsigned most, unsigned *count)
{
	uint64_t number;

	if (!cli_number_argument(drawing->cli, name, argument, most, &number))
		return 0;
	*count = (unsigned)number;
	return number >= least || cli_bad_argument(drawing->cli, name,
	    least == GRAPH_ROWS_LEAST ? "a number from 4" : "a number from 5, a path to a page",
	    argument) == CLI_OK;
}

static int
take_option(struct drawing *drawing, int id, const char *argument)
{
	struct cli *cli = drawing->cli;
	int index;

	switch (id) {
	case OPTION_TYPE:
		return take_type(drawing, argument);
	case OPTION_THEME:
		return take_theme(drawing, argument);
	case OPTION_TABLE:
		return take_table(drawing, argument);
	case OPTION_RANGE:
		return take_range(drawing, argument);
	case OPTION_LIMIT:
		return take_count(drawing, "limit", argument, GRAPH_LIMIT_LEAST, GRAPH_LIMIT_MOST,
		    &drawing->request.limit);
	case OPTION_ROWS:
		return take_count(drawing, "rows", argument, GRAPH_ROWS_LEAST, GRAPH_ROWS_MOST,
		    &drawing->request.rows);
	case OPTION_WALK:
		drawing->walks = true;
		return cli_number_argument(cli, "walk", argument, UINT64_MAX, &drawing->gva);
	case OPTION_ACCESS:
		index = cli_word_index("r|w|x", argument, strlen(argument));
		drawing->access = index < 0 ? 0 : (unsigned)index;
		drawing->access_given = true;
		return index >= 0 ||
		    cli_bad_argument(cli, "access", "r, w or x", argument) == CLI_OK;
	case OPTION_CPL:
		index = cli_word_index("0|3", argument, strlen(argument));
		drawing->cpl = index == 0 ? VIEW_SUPERVISOR : VIEW_USER;
		drawing->cpl_given = true;
		return index >= 0 || cli_bad_argument(cli, "cpl", "0 or 3", argument) == CLI_OK;
	default:
		return cli_view_take(cli, &drawing->source, id, argument);
	}
}

/* As the name of the output ends, unless it was said; a name without an end is that of DOT. */
static enum cli_status
choose_type(struct drawing *drawing)
{
	const char *path = drawing->cli->path;
	const char *dot = path != NULL ? strrchr(path, '.') : NULL;
	int index = 0;

	if (drawing->type != NULL)
		return CLI_OK;
	if (dot != NULL && strchr(dot, '/') == NULL && strcmp(dot, ".gv") != 0)
		index = cli_word_index(TYPE_WORDS, dot + 1, strlen(dot + 1));
	if (index < 0)
		return cli_bad_argument(drawing->cli, "output", "a name that ends in ." TYPE_ENDS
		    ", or --type", path);
	drawing->type = types[index];
	return CLI_OK;
}

static enum cli_status
check_options(struct drawing *drawing)
{
	struct cli *cli = drawing->cli;

	if (!drawing->walks && (drawing->access_given || drawing->cpl_given))
		return cli_usage(cli, "--access and --cpl belong to --walk");
	if (drawing->walks && (drawing->request.ranged || cli_view_is_pair(&drawing->source)))
		return cli_usage(cli, "expected one of --walk, --range and --against");
	if (drawing->walks && drawing->table != TABLE_GUEST && drawing->table != TABLE_BOTH)
		return cli_usage(cli, "a walk begins in the guest's tables: expected --table guest "
		    "or both with --walk");
	if (drawing->request.limit * drawing->request.rows > GRAPH_LIMIT_TIMES_ROWS)
		return cli_usage(cli, "expected --limit times --rows of 16384 at most");
	if (choose_type(drawing) != CLI_OK)
		return CLI_BAD;
	return cli_view_check(cli, &drawing->source);
}

static enum cli_status
graph_options(struct drawing *drawing)
{
	struct cli *cli = drawing->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(drawing, id, argument))
			return CLI_BAD;
	}
	return id == CLI_STOP ? cli->stop_status : check_options(drawing);
}

/* --- titles ----------------------------------------------------------------------------------- */

static const char *
name_of(const struct drawing *drawing)
{
	const struct cli_view *source = &drawing->source;

	return source->core != NULL ? source->core : source->raw != NULL ? source->raw :
	    drawing->cli->argv[drawing->cli->operand];
}

/* Of a machine: by what the two states differ, a file, a CPU or a register. */
static const char *
machine_state_text(struct drawing *drawing, bool against)
{
	const struct cli_view *source = &drawing->source;
	enum cli_view_id cpu = against ? CLI_VIEW_AGAINST_CPU : CLI_VIEW_CPU;

	if (cli_view_has(source, CLI_VIEW_AGAINST))
		return against ? source->against : name_of(drawing);
	if (cli_view_has(source, CLI_VIEW_AGAINST_CPU) && !cli_view_has(source, CLI_VIEW_CR3))
		return graph_text(&drawing->graph, "CPU %" PRIu64, source->value[cpu - CLI_VIEW]);
	return graph_text(&drawing->graph, "CR3 0x%" PRIx64,
	    (against ? &drawing->against : &drawing->view)->mode.cr3);
}

static const char *
state_text(struct drawing *drawing, enum cli_state state)
{
	const struct cli_view *source = &drawing->source;
	uint64_t step = source->value[CLI_VIEW_STEP - CLI_VIEW];
	bool against = state == CLI_STATE_AGAINST;

	if (cli_view_is_machine(source))
		return machine_state_text(drawing, against);
	if (against)
		(void)cli_number(source->against != NULL ? source->against : "", &step);
	return step != 0 ? graph_text(&drawing->graph, "before step %" PRIu64, step) :
	    "at the end";
}

/* What is seen, of whom and when. */
static void
say_what(struct drawing *drawing, const char *whose)
{
	static const char *const access[] = { "read", "write", "fetch" };
	struct graph *graph = &drawing->graph;
	const char *state = state_text(drawing, CLI_STATE);

	if (drawing->walks)
		graph_add_line(graph, graph_text(graph, "The walk of a %s at %s 0x%" PRIx64
		    " by %s, %s.", access[drawing->access],
		    drawing->view.outer == VIEW_FLAT ? "VA" : "GVA", drawing->gva, whose, state));
	else if (cli_view_is_pair(&drawing->source))
		graph_add_line(graph, graph_text(graph, "What differs in the tables of %s, from "
		    "the state \"%s\" to the state \"%s\".", whose, state,
		    state_text(drawing, CLI_STATE_AGAINST)));
	else
		graph_add_line(graph, graph_text(graph, "The tables of %s, %s.", whose, state));
}

static enum cli_status
say_scenario(struct drawing *drawing)
{
	struct graph *graph = &drawing->graph;
	struct cli_scenario opened;
	enum cli_status status = cli_scenario_open(drawing->cli, &drawing->source, &opened);
	const struct scenario *scenario = opened.scenario;

	if (status != CLI_OK)
		return status;
	graph->title = *scenario->variant != '\0' ? graph_text(graph, "%s [%s]", scenario->name,
	    scenario->variant) : graph_text(graph, "%s", scenario->name);
	say_what(drawing, graph_text(graph, "%s", scenario->thread[opened.thread].name));
	cli_scenario_close(&opened);
	return CLI_OK;
}

/* --- drawing ---------------------------------------------------------------------------------- */

static enum cli_status
complain_of(struct drawing *drawing, const char *what)
{
	cli_complain_of(name_of(drawing), what);
	return CLI_BAD;
}

static enum cli_status
draw_walk(struct drawing *drawing)
{
	struct view *view = &drawing->view;
	unsigned acc = VK_ACC_R << drawing->access;
	enum view_status found;
	hpa_t absent = vk_hpa(0);

	if (view_guest_levels(view) == 0)
		return complain_of(drawing, cli_view_no_tables(&drawing->source));
	if (cli_view_check_roots(view, name_of(drawing), 1, view->outer != VIEW_FLAT) != CLI_OK)
		return CLI_BAD;
	if (!drawing->cpl_given)
		drawing->cpl = cli_view_is_machine(&drawing->source) ? VIEW_EITHER :
		    (enum view_cpl)view->cpl;
	found = view_explain(view, vk_gva(drawing->gva), 1, acc, drawing->cpl, &drawing->why,
	    &absent);
	if (drawing->table == TABLE_GUEST && found == VIEW_OK)
		graph_forget_outer(view, &drawing->why);
	graph_draw_walk(&drawing->graph, view, &drawing->why, found != VIEW_OK ? &absent.v : NULL);
	return CLI_OK;
}

static enum cli_status
check_roots(const struct drawing *drawing, const struct view *view, const char *name)
{
	return cli_view_check_roots(view, name, drawing->request.guest &&
	    view_guest_levels(view) != 0, view->outer != VIEW_FLAT);
}

static enum cli_status
draw_tables(struct drawing *drawing)
{
	struct graph_request *request = &drawing->request;
	const struct view *view = &drawing->view;

	/* From the state of the one to the state of the other. */
	if (cli_view_is_pair(&drawing->source)) {
		request->before = &drawing->view;
		request->after = &drawing->against;
	} else {
		request->after = &drawing->view;
	}
	request->guest = drawing->table == TABLE_GUEST || drawing->table == TABLE_BOTH;
	request->outer = drawing->table != TABLE_GUEST;
	if ((drawing->table == TABLE_EPT && view->outer == VIEW_NPT) ||
	    (drawing->table == TABLE_NPT && view->outer == VIEW_EPT))
		return complain_of(drawing, "the outer tables are of the other kind");
	if (check_roots(drawing, view, name_of(drawing)) != CLI_OK)
		return CLI_BAD;
	if (request->before != NULL && check_roots(drawing, &drawing->against,
	    drawing->source.against != NULL ? drawing->source.against :
	    name_of(drawing)) != CLI_OK)
		return CLI_BAD;
	if (graph_draw_tables(&drawing->graph, request))
		return CLI_OK;
	if (!request->guest && view->outer == VIEW_FLAT)
		return complain_of(drawing, "there are no outer tables to draw");
	return complain_of(drawing, view_guest_levels(view) == 0 ?
	    cli_view_no_tables(&drawing->source) :
	    "the tables have different numbers of levels");
}

static enum cli_status
draw(struct drawing *drawing)
{
	enum cli_status status;

	graph_init(&drawing->graph);
	if (cli_view_is_machine(&drawing->source)) {
		drawing->graph.title = name_of(drawing);
		say_what(drawing, "the guest");
		status = CLI_OK;
	} else {
		status = say_scenario(drawing);
	}
	if (status == CLI_OK)
		status = drawing->walks ? draw_walk(drawing) : draw_tables(drawing);
	if (status == CLI_OK && graph_failed(&drawing->graph)) {
		cli_complain("out of memory");
		status = CLI_ENVIRONMENT;
	}
	return status;
}

static enum cli_status
write_picture(struct drawing *drawing)
{
	struct report_bytes dot = { NULL, 0, 0, 0 };
	struct scn_sink sink = report_bytes_sink(&dot);
	enum cli_status status = CLI_ENVIRONMENT;

	graph_write_dot(&drawing->graph, drawing->theme, &sink);
	if (dot.failed)
		cli_complain("out of memory");
	else
		status = cli_draw(drawing->cli, &dot, drawing->type);
	free(dot.bytes);
	return status;
}

static enum cli_status
write_graph(struct drawing *drawing)
{
	struct scn_sink sink = cli_output_sink(drawing->cli->output);

	if (strcmp(drawing->type, "json") == 0)
		graph_write_json(&drawing->graph, &sink);
	else if (strcmp(drawing->type, "dot") == 0)
		graph_write_dot(&drawing->graph, drawing->theme, &sink);
	else
		return write_picture(drawing);
	return CLI_OK;
}

static enum cli_status
open_and_draw(struct drawing *drawing)
{
	struct cli *cli = drawing->cli;
	bool pair = cli_view_is_pair(&drawing->source);
	enum cli_status status;

	status = cli_view_open(cli, &drawing->source, CLI_STATE, &drawing->view);
	if (status != CLI_OK)
		return status;
	if (pair)
		status = cli_view_open(cli, &drawing->source, CLI_STATE_AGAINST,
		    &drawing->against);
	pair = pair && status == CLI_OK;
	if (status == CLI_OK)
		status = draw(drawing);
	if (status == CLI_OK)
		status = write_graph(drawing);
	graph_free(&drawing->graph);
	if (pair)
		view_free(&drawing->against);
	view_free(&drawing->view);
	return status;
}

static enum cli_status
command_graph(struct cli *cli)
{
	static struct drawing drawing;
	enum cli_status status;

	drawing.cli = cli;
	drawing.theme = graph_theme_at(0);
	drawing.table = TABLE_BOTH;
	drawing.request.limit = GRAPH_LIMIT;
	drawing.request.rows = GRAPH_ROWS;
	status = graph_options(&drawing);
	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	return cli_output_close(cli->output, open_and_draw(&drawing));
}

const struct cli_command cli_graph = {
	.name = "graph",
	.operands = "[FILE]",
	.summary = "draw tables, a walk, or what differs",
	.about = "Draws the paging structures of a scenario's machine, or of a real one: the\n"
	    "guest's tables, those of its host, and guest-physical memory between them.\n",
	.examples = "  vkept graph -o tables.svg scenarios/copyio/printf.yaml\n"
	    "  vkept graph --walk 0x600000 -o walk.svg scenarios/copyio/printf.yaml\n",
	.option = options,
	.run = command_graph,
};
