/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept maps: what paging structures map, of a scenario at a step or of a real machine.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/cli_view.h"
#include "report/report_maps.h"
#include "report/report_monitor.h"

enum {
	OPTION_TABLE = CLI_OWN,
	OPTION_RANGE,
	OPTION_ONLY,
	OPTION_PAGE,
	OPTION_GPA,
	OPTION_HPA,
	OPTION_FOLD,
	OPTION_SUMMARY
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_TLB, FORMAT_MEM };
enum { TABLE_GUEST, TABLE_EPT, TABLE_NPT, TABLE_BOTH, TABLE_UNSAID };

#define TABLE_WORDS "guest|ept|npt|both"
#define PAGE_WORDS "4K|2M|1G"
#define FOLD_WORDS "equal|rights|none"

static const struct cli_option options[] = {
	{ OPTION_TABLE, 0, "table", TABLE_WORDS, "the guest's through the outer one, or one" },
	{ OPTION_RANGE, 0, "range", "START-END", "what maps addresses from START, below END" },
	{ OPTION_ONLY, 0, "only", "r,w,x,u,g,a,d", "pages that have these; -w: that have not" },
	{ OPTION_PAGE, 0, "page", PAGE_WORDS, "pages of this size" },
	{ OPTION_GPA, 0, "maps-gpa", "ADDRESS", "what leads to this guest-physical address" },
	{ OPTION_HPA, 0, "maps-hpa", "ADDRESS", "what leads to this host-physical address" },
	{ OPTION_FOLD, 0, "fold", FOLD_WORDS, "join neighbours that are alike (equal)" },
	{ OPTION_SUMMARY, 0, "summary", NULL, "only count tables and pages" },
	CLI_OPTIONS_AGAINST,
	CLI_OPTIONS_VIEW,
	CLI_OPTION_FORMAT("text|json|info-tlb|info-mem"),
	{ CLI_DETAIL_QUIET, 'q', "quiet", NULL, "text without its heading" },
	CLI_OPTION_NO_VERBOSE,
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct only {
	char letter;
	unsigned right, flag;
};

static const struct only onlys[] = {
	{ 'r', MAPS_R, 0 }, { 'w', MAPS_W, 0 }, { 'x', MAPS_X, 0 }, { 'u', MAPS_U, 0 },
	{ 'g', 0, MAPS_G }, { 'a', 0, MAPS_A }, { 'd', 0, MAPS_D },
};

struct listing {
	struct cli *cli;
	struct cli_view source;
	unsigned table;          /* TABLE_* */
	unsigned fold;           /* enum maps_fold */
	int summary;
	int counts_by_census;    /* pages, in a summary */
	struct maps_filter wanted; /* as given; end 0: the end of all addresses */
	int is_other;            /* of two states, the second is at fault */
	int begun;               /* the report is */
	uint64_t looked_at;      /* mappings */
	uint64_t written;        /* bytes, in a format of the monitor */
	struct maps_report report;
};

/* --- options ---------------------------------------------------------------------------------- */

static int
take_word(struct cli *cli, const char *option, const char *words, const char *argument,
    unsigned *index)
{
	int word = cli_word_index(words, argument, strlen(argument));

	*index = word < 0 ? 0 : (unsigned)word;
	return word >= 0 || cli_bad_argument(cli, option, words, argument) == CLI_OK;
}

/* "w,x,-u", or "wx-u". */
static int
take_only(struct listing *listing, const char *argument)
{
	struct maps_filter *wanted = &listing->wanted;
	const char *at;
	size_t i;

	for (at = argument; *at != '\0'; at++) {
		int lacks = *at == '-';

		if (*at == ',')
			continue;
		at += lacks;
		for (i = 0; i < sizeof(onlys) / sizeof(onlys[0]) && onlys[i].letter != *at; i++)
			;
		if (i == sizeof(onlys) / sizeof(onlys[0]))
			return cli_bad_argument(listing->cli, "only", "some of r,w,x,u,g,a,d, "
			    "each with or without -", argument) == CLI_OK;
		*(lacks ? &wanted->no_rights : &wanted->rights) |= onlys[i].right;
		*(lacks ? &wanted->no_flags : &wanted->flags) |= onlys[i].flag;
	}
	return 1;
}

static int
take_option(struct listing *listing, int id, const char *argument)
{
	struct cli *cli = listing->cli;
	struct maps_filter *wanted = &listing->wanted;
	unsigned index;

	switch (id) {
	case OPTION_TABLE:
		return take_word(cli, "table", TABLE_WORDS, argument, &listing->table);
	case OPTION_RANGE:
		return cli_range_argument(cli, "range", argument, &wanted->start, &wanted->end);
	case OPTION_ONLY:
		return take_only(listing, argument);
	case OPTION_PAGE:
		if (!take_word(cli, "page", PAGE_WORDS, argument, &index))
			return 0;
		wanted->levels = 2u << index;
		return 1;
	case OPTION_GPA:
		wanted->by_gpa = true;
		return cli_number_argument(cli, "maps-gpa", argument, UINT64_MAX, &wanted->gpa);
	case OPTION_HPA:
		wanted->by_hpa = true;
		return cli_number_argument(cli, "maps-hpa", argument, UINT64_MAX, &wanted->hpa);
	case OPTION_FOLD:
		return take_word(cli, "fold", FOLD_WORDS, argument, &listing->fold);
	case OPTION_SUMMARY:
		listing->summary = 1;
		return 1;
	default:
		return cli_view_take(cli, &listing->source, id, argument);
	}
}

static enum cli_status
listing_options(struct listing *listing)
{
	struct cli *cli = listing->cli;
	enum cli_status status;
	const char *argument;
	int id;

	listing->table = TABLE_UNSAID;
	listing->wanted.levels = ~0u;
	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(listing, id, argument))
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	status = cli_view_check(cli, &listing->source);
	if (status != CLI_OK)
		return status;
	if (listing->summary && cli_view_is_pair(&listing->source))
		return cli_usage(cli, "--summary and --against do not go together");
	if (cli->format >= FORMAT_TLB && (listing->summary || cli_view_is_pair(&listing->source)))
		return cli_usage(cli, "--summary and --against have formats text and json");
	return CLI_OK;
}

/* --- what is listed --------------------------------------------------------------------------- */

static const char *
name_of(const struct listing *listing)
{
	if (listing->is_other && listing->source.against != NULL &&
	    cli_view_is_machine(&listing->source))
		return listing->source.against;
	if (listing->source.core != NULL)
		return listing->source.core;
	return listing->source.raw != NULL ? listing->source.raw :
	    listing->cli->argv[listing->cli->operand];
}

static enum cli_status
complain_of_table(const struct listing *listing, const char *what)
{
	cli_complain_of(name_of(listing), what);
	return CLI_BAD;
}

/* Which table, by what was asked for and what there is. */
static enum cli_status
choose_side(const struct listing *listing, const struct view *view, enum maps_side *side)
{
	static const enum maps_side sides[] = { [TABLE_GUEST] = MAPS_GUEST,
		[TABLE_EPT] = MAPS_OUTER, [TABLE_NPT] = MAPS_OUTER, [TABLE_BOTH] = MAPS_BOTH };
	unsigned table = listing->table;

	if (table == TABLE_UNSAID)
		table = view->outer == VIEW_FLAT ? TABLE_GUEST : TABLE_BOTH;
	*side = sides[table];
	if (*side != MAPS_GUEST && view->outer == VIEW_FLAT)
		return complain_of_table(listing, "there are no outer tables to list");
	if ((table == TABLE_EPT && view->outer == VIEW_NPT) ||
	    (table == TABLE_NPT && view->outer == VIEW_EPT))
		return complain_of_table(listing, "the outer tables are of the other kind");
	if (*side != MAPS_OUTER && view_guest_levels(view) == 0)
		return complain_of_table(listing, cli_view_no_tables(&listing->source));
	if (listing->cli->format >= FORMAT_TLB &&
	    (*side == MAPS_BOTH || (*side == MAPS_OUTER && view->outer == VIEW_EPT)))
		return complain_of_table(listing, "info-tlb and info-mem are of guest tables: "
		    "--table guest");
	return CLI_OK;
}

/* The filter for tables of one width: linear addresses lose the copies of their top bit. */
static void
set_filter(const struct listing *listing, const struct view *view, enum maps_side side,
    struct maps_filter *filter)
{
	uint64_t all = VK_BIT(maps_width(view, side));

	*filter = listing->wanted;
	if (side != MAPS_OUTER) {
		filter->start &= all - 1;
		filter->end = ((filter->end - 1) & (all - 1)) + 1;
	} else if (filter->end == 0 || filter->end > all) {
		filter->end = all;
	}
}

/* Whether the root tables are there that a listing of this side begins with. */
static enum cli_status
check_roots(const struct listing *listing, const struct view *view, enum maps_side side)
{
	return cli_view_check_roots(view, name_of(listing), side != MAPS_OUTER,
	    side != MAPS_GUEST || view->outer != VIEW_FLAT);
}

static enum cli_status
complain_of_maps(const struct listing *listing, const struct view *view, enum maps_side side,
    enum maps_status status)
{
	switch (status) {
	case MAPS_OK:
		return CLI_OK;
	case MAPS_NO_ROOT:
		return check_roots(listing, view, side);
	case MAPS_TOO_MANY:
		return complain_of_table(listing, "its tables loop, or are shared so often that "
		    "what they map cannot be listed; --range and --page make it less, "
		    "--summary counts it");
	case MAPS_NO_MEMORY:
		cli_complain("out of memory");
		break;
	}
	return CLI_ENVIRONMENT;
}

/* Once there is something to report: before bad input nothing is written. */
static void
begin_report(struct listing *listing, const struct view *view, enum maps_side side)
{
	struct scn_sink sink = cli_output_sink(listing->cli->output);
	struct maps_subject subject = { .view = view, .side = side,
		.json = listing->cli->format == FORMAT_JSON,
		.quiet = listing->cli->quiet, .color = cli_wants_color(listing->cli),
		.name = name_of(listing), .filter = &listing->wanted };

	if (listing->begun)
		return;
	listing->begun = 1;
	subject.form = listing->summary ? MAPS_REPORT_COUNTS :
	    cli_view_is_pair(&listing->source) ? MAPS_REPORT_DIFFERENCES : MAPS_REPORT_LIST;
	if (cli_view_is_machine(&listing->source))
		subject.against = listing->source.against;
	maps_report_begin(&listing->report, &sink, &subject);
}

/* --- listings --------------------------------------------------------------------------------- */

#define BATCH 64

static enum cli_status
complain_of_parts(const struct listing *listing)
{
	return complain_of_table(listing, "the guest's pages come in more parts than can be "
	    "listed; --range makes them fewer");
}

/* For people who wait: after so many mappings it is time to look at a clock. */
#define NOTE_EVERY ((uint64_t)1 << 16)

static void
note_looked_at(struct listing *listing, size_t mappings)
{
	uint64_t before = listing->looked_at / NOTE_EVERY;

	listing->looked_at += mappings;
	if (listing->looked_at / NOTE_EVERY != before &&
	    (listing->summary || !listing->cli->output->terminal))
		cli_progress_count(listing->looked_at, "mappings");
}

/* Lists, or only counts, what the filter wants. */
static enum cli_status
list_mappings(struct listing *listing, const struct view *view, enum maps_side side,
    const struct maps_filter *filter)
{
	struct maps_mapping batch[BATCH];
	struct maps_folder folder;
	struct maps_range range;
	struct maps *maps;
	enum maps_status status = maps_begin(&maps, view, side, filter);
	enum cli_status result = CLI_OK;
	size_t count, i;

	if (status != MAPS_OK)
		return complain_of_maps(listing, view, side, status);
	begin_report(listing, view, side);
	maps_folder_init(&folder, (enum maps_fold)listing->fold);
	while ((count = maps_next(maps, batch, BATCH)) != 0) {
		for (i = 0; i < count; i++) {
			if (listing->summary)
				maps_report_count(&listing->report, &batch[i]);
			else if (listing->fold == MAPS_FOLD_NONE)
				maps_report_mapping(&listing->report, &batch[i]);
			else if (maps_folder_add(&folder, &batch[i], &range))
				maps_report_range(&listing->report, &range);
		}
		note_looked_at(listing, count);
	}
	while (maps_folder_finish(&folder, &range))
		maps_report_range(&listing->report, &range);
	if (maps_failed(maps))
		result = complain_of_parts(listing);
	maps_end(maps);
	return result;
}

static void
write_and_note(void *ctx, const char *bytes, size_t size)
{
	struct listing *listing = ctx;
	struct scn_sink sink = cli_output_sink(listing->cli->output);

	sink.write(sink.ctx, bytes, size);
	listing->written += size;
	if (!listing->cli->output->terminal)
		cli_progress_count(listing->written >> 20, "MiB written");
}

static enum cli_status
list_as_monitor(struct listing *listing, const struct view *view, enum maps_side side,
    const struct maps_filter *filter)
{
	const struct scn_sink sink = { write_and_note, listing };
	enum maps_status status;
	struct text *text;
	uint64_t absent = 0;

	status = (listing->cli->format == FORMAT_TLB ? monitor_write_tlb : monitor_write_mem)(
	    &sink, view, side, filter, &absent);
	if (status == MAPS_OK && absent != 0) {
		text = cli_error();
		text_str(text, "vkept: ");
		text_safe(text, name_of(listing));
		text_add(text, ": %" PRIu64 " tables are not in this memory; what they map is not "
		    "listed\n", absent);
	}
	return complain_of_maps(listing, view, side, status);
}

/* --- counts ----------------------------------------------------------------------------------- */

static enum cli_status
count_tables(struct listing *listing, const struct view *view, enum maps_side side,
    const struct maps_filter *filter)
{
	struct maps_census census;
	enum maps_status status = maps_census_make(&census, view, side, filter, true);
	unsigned level;

	/* What cannot be listed can be counted. */
	if (status != MAPS_OK && status != MAPS_TOO_MANY)
		return complain_of_maps(listing, view, side, status);
	maps_report_census(&listing->report, side, &census);
	for (level = 1; level <= 3 && listing->counts_by_census; level++) {
		listing->report.pages[level] = census.pages[level];
		listing->report.bytes += census.pages[level] * vk_level_size(level);
	}
	return CLI_OK;
}

/* Pages that a filter of rights, flags or targets wants are counted one by one; others by table. */
static enum cli_status
summarize(struct listing *listing, const struct view *view, enum maps_side side,
    const struct maps_filter *filter)
{
	struct maps_filter all;
	enum cli_status status = check_roots(listing, view, side);

	if (status != CLI_OK)
		return status;
	begin_report(listing, view, side);
	listing->counts_by_census = side != MAPS_BOTH && (filter->rights | filter->no_rights |
	    filter->flags | filter->no_flags) == 0 && !filter->by_gpa && !filter->by_hpa;
	if (side == MAPS_BOTH) {
		maps_filter_init(&all, view, MAPS_OUTER);
		status = count_tables(listing, view, MAPS_OUTER, &all);
	}
	if (status == CLI_OK)
		status = count_tables(listing, view, side == MAPS_OUTER ? MAPS_OUTER : MAPS_GUEST,
		    filter);
	if (status == CLI_OK && !listing->counts_by_census)
		status = list_mappings(listing, view, side, filter);
	if (status == CLI_OK)
		maps_report_pages(&listing->report);
	return status;
}

/* --- differences ------------------------------------------------------------------------------ */

/* Opens the other state, which must have tables of the same kind. */
static enum cli_status
open_other(const struct listing *listing, const struct view *view, enum maps_side side,
    struct view *other)
{
	enum maps_side other_side;
	enum cli_status status = cli_view_open(listing->cli, &listing->source, CLI_STATE_AGAINST,
	    other);

	if (status != CLI_OK)
		return status;
	status = choose_side(listing, other, &other_side);
	if (status == CLI_OK && maps_width(view, side) != maps_width(other, side))
		status = complain_of_table(listing, "the tables have different numbers of levels");
	if (status != CLI_OK)
		view_free(other);
	return status;
}

static enum cli_status
begin_differ(struct listing *listing, const struct view *view, const struct view *other,
    enum maps_side side, const struct maps_filter *filter, struct maps_differ **differ)
{
	struct maps *before, *after;
	enum maps_status status = maps_begin(&before, view, side, filter);

	if (status != MAPS_OK)
		return complain_of_maps(listing, view, side, status);
	status = maps_begin(&after, other, side, filter);
	if (status != MAPS_OK) {
		maps_end(before);
		listing->is_other = 1;
		return complain_of_maps(listing, other, side, status);
	}
	*differ = maps_differ_begin(before, after, (enum maps_fold)listing->fold);
	return complain_of_maps(listing, view, side, *differ != NULL ? MAPS_OK : MAPS_NO_MEMORY);
}

static enum cli_status
list_differences(struct listing *listing, const struct view *view, enum maps_side side,
    const struct maps_filter *filter)
{
	struct maps_difference difference;
	struct maps_differ *differ = NULL;
	struct view other;
	enum cli_status status = open_other(listing, view, side, &other);

	if (status != CLI_OK)
		return status;
	status = begin_differ(listing, view, &other, side, filter, &differ);
	if (status != CLI_OK) {
		view_free(&other);
		return status;
	}
	begin_report(listing, view, side);
	while (maps_differ_next(differ, &difference)) {
		maps_report_difference(&listing->report, &difference);
		note_looked_at(listing, 1);
	}
	if (maps_differ_failed(differ))
		status = complain_of_parts(listing);
	maps_differ_end(differ);
	view_free(&other);
	return status;
}

/* --- all -------------------------------------------------------------------------------------- */

static enum cli_status
list_view(struct listing *listing, const struct view *view)
{
	struct maps_filter filter;
	enum cli_status status;
	enum maps_side side;

	status = choose_side(listing, view, &side);
	if (status != CLI_OK)
		return status;
	set_filter(listing, view, side, &filter);
	if (listing->cli->format >= FORMAT_TLB)
		return list_as_monitor(listing, view, side, &filter);
	if (cli_view_is_pair(&listing->source))
		status = list_differences(listing, view, side, &filter);
	else if (listing->summary)
		status = summarize(listing, view, side, &filter);
	else
		status = list_mappings(listing, view, side, &filter);
	if (status == CLI_OK)
		maps_report_end(&listing->report);
	return status;
}

static enum cli_status
command_maps(struct cli *cli)
{
	static struct listing listing;
	enum cli_status status;
	struct view view;

	listing.cli = cli;
	status = listing_options(&listing);
	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	status = cli_view_open(cli, &listing.source, CLI_STATE, &view);
	if (status == CLI_OK) {
		status = list_view(&listing, &view);
		view_free(&view);
	}
	return cli_output_close(cli->output, status);
}

const struct cli_command cli_maps = {
	.name = "maps",
	.operands = "[FILE]",
	.summary = "what page tables map: listed, counted, compared",
	.about = "Lists what page tables map: a scenario's, at the end of its run or at a step,\n"
	    "or those of a real machine.\n",
	.examples = "  vkept maps --step 2 --against 5 scenarios/copyio/printf.yaml\n"
	    "  vkept maps --core dump.elf.xz --cpu 1 --only w,x\n",
	.option = options,
	.run = command_maps,
};
