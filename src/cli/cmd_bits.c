/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept bits: takes words of the architecture apart, and puts them together from names.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bits/bits.h"
#include "cli/cli.h"
#include "report/report_json.h"

enum {
	OPTION_AS = CLI_OWN,
	OPTION_LEVEL,
	OPTION_MAXPHYADDR,
	OPTION_FEATURE,
	OPTION_LIST
};

static const struct cli_option options[] = {
	{ OPTION_AS, 0, "as", "FORMAT", "format (guest-pte), or an entry such as pde" },
	{ OPTION_LEVEL, 0, "level", "N", "of an entry, 1 to 5 (1)" },
	{ OPTION_MAXPHYADDR, 0, "maxphyaddr", "N", "bits of a physical address (46)" },
	{ OPTION_FEATURE, 0, "feature", "LIST", "features on, or off with no-; also all, none" },
	{ OPTION_LIST, 0, "list", NULL, "list the formats and the features instead" },
	{ CLI_VERBOSE, 'v', "verbose", NULL, "reserved and ignored bits that are clear too" },
	CLI_OPTION_NO_QUIET,
	CLI_OPTION_FORMAT("text|json"),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct feature {
	char name[12];
	unsigned usual;
	uint64_t bit;
};

/* Those that scenarios know have the scenarios' names; `usual` are on unless told. */
static const struct feature features[] = {
	{ "nx", 1, BITS_NXE },
	{ "smep", 1, BITS_SMEP },
	{ "pge", 1, BITS_PGE },
	{ "pku", 0, BITS_PKE },
	{ "pks", 0, BITS_PKS },
	{ "pcid", 0, BITS_PCIDE },
	{ "la57", 0, BITS_LA57 },
	{ "1g-pages", 1, BITS_PAGE1G },
	{ "ept-ad", 1, BITS_EPT_AD },
	{ "ept-2m", 1, BITS_EPT_2M },
	{ "ept-1g", 1, BITS_EPT_1G },
	{ "exec-only", 1, BITS_EPT_XO },
	{ "ept-5level", 0, BITS_EPT_5L },
	{ "mbec", 0, BITS_EPT_MBEC },
	{ "spp", 0, BITS_EPT_SPP },
	{ "ve", 0, BITS_EPT_VE },
	{ "ept-pw", 0, BITS_EPT_PW },
	{ "ept-vgp", 0, BITS_EPT_VGP },
	{ "ept-sss", 0, BITS_EPT_SSS },
	{ "adv-info", 0, BITS_ADV_INFO },
	{ "async", 0, BITS_ASYNC },
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

struct bits_command {
	struct cli *cli;
	struct bits_view view;
	struct text text;
	struct json json;
	int list;
	int level_given;
	unsigned level_named; /* by the name of an entry; 0: not */
};

static const char *
format_name_at(const void *ctx, size_t index)
{
	const struct bits_format *format = bits_format_at(index);

	(void)ctx;
	return format != NULL ? format->name : NULL;
}

static const char *
feature_name_at(const void *ctx, size_t index)
{
	(void)ctx;
	return index < FEATURES ? features[index].name : NULL;
}

/* --- options ---------------------------------------------------------------------------------- */

static uint64_t
usual_features(void)
{
	uint64_t usual = 0;
	size_t i;

	for (i = 0; i < FEATURES; i++)
		usual |= features[i].usual ? features[i].bit : 0;
	return usual;
}

static int
unknown_name(const char *option, const char *name, size_t length,
    const char *(*name_at)(const void *, size_t))
{
	struct text *text = cli_error();
	char *copy = strndup(name, length);

	text_add(text, "vkept bits: --%s: unknown name '", option);
	text_safe(text, copy != NULL ? copy : "");
	text_str(text, "'");
	cli_suggest(text, copy != NULL ? copy : "", name_at, NULL);
	text_str(text, "\n");
	free(copy);
	return 0;
}

static int
take_feature(uint64_t *on, const char *name, size_t length)
{
	int off = length > 3 && strncmp(name, "no-", 3) == 0;
	const char *word = off ? name + 3 : name;
	size_t word_length = off ? length - 3 : length, i;
	uint64_t bit = 0;

	if (cli_word_index("all|none", name, length) >= 0) {
		*on = name[0] == 'a' ? BITS_FEATURES : 0;
		return 1;
	}
	for (i = 0; i < FEATURES; i++) {
		if (strlen(features[i].name) == word_length &&
		    memcmp(features[i].name, word, word_length) == 0)
			bit = features[i].bit;
	}
	if (bit == 0)
		return unknown_name("feature", word, word_length, feature_name_at);
	*on = off ? *on & ~bit : *on | bit;
	return 1;
}

static int
take_features(uint64_t *on, const char *list)
{
	if (list[strspn(list, ", ")] == '\0')
		return unknown_name("feature", list, strlen(list), feature_name_at);
	while (*list != '\0') {
		size_t length = strcspn(list, ", ");

		if (length != 0 && !take_feature(on, list, length))
			return 0;
		list += length + (list[length] != '\0');
	}
	return 1;
}

static int
take_format(struct bits_command *bits, const char *name)
{
	bits->level_named = 0;
	bits->view.format = bits_format_find(name);
	if (bits->view.format == NULL)
		bits->view.format = bits_format_of_entry(name, &bits->level_named);
	return bits->view.format != NULL ||
	    unknown_name("as", name, strlen(name), format_name_at);
}

static int
take_option(struct bits_command *bits, int id, const char *argument)
{
	struct cli *cli = bits->cli;
	uint64_t number = 0;

	switch (id) {
	case OPTION_AS:
		return take_format(bits, argument);
	case OPTION_LEVEL:
		bits->level_given = cli_number_argument(cli, "level", argument, 5, &number);
		bits->view.level = (unsigned)number;
		return bits->level_given;
	case OPTION_MAXPHYADDR:
		if (!cli_number_argument(cli, "maxphyaddr", argument, 52, &number))
			return 0;
		bits->view.machine.maxphyaddr = (unsigned)number;
		return 1;
	case OPTION_FEATURE:
		return take_features(&bits->view.machine.features, argument);
	default:
		bits->list = 1;
		return 1;
	}
}

static enum cli_status
check_view(struct bits_command *bits)
{
	if (bits->level_named != 0) {
		if (bits->level_given && bits->view.level != bits->level_named)
			return cli_usage(bits->cli, "--level: the name in --as says another");
		bits->view.level = bits->level_named;
	}
	switch (bits_check(&bits->view)) {
	case BITS_OK:
		break;
	case BITS_BAD_LEVEL:
		return cli_usage(bits->cli, "--level: expected 1 to 5");
	default:
		return cli_usage(bits->cli, "--maxphyaddr: expected 32 to 52");
	}
	if (bits->level_given && bits->view.format->entry == NULL)
		return cli_usage(bits->cli, "--level: this format has no levels");
	return CLI_OK;
}

static enum cli_status
bits_options(struct bits_command *bits)
{
	struct cli *cli = bits->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(bits, id, argument))
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (bits->list != (cli->operand == cli->argc))
		return cli_usage(cli, bits->list ? "--list takes no value" : "no value was given");
	return check_view(bits);
}

/* --- lists ------------------------------------------------------------------------------------ */

static void
list_text(struct bits_command *bits)
{
	const struct bits_format *format;
	struct text *text = &bits->text;
	size_t i;

	text_str(text, "formats:\n");
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		text_add(text, "  %s", format->name);
		text_to(text, 27);
		text_add(text, "%s [%s]\n", format->summary, format->tag);
	}
	text_str(text, "entries by name and level: pte to pml5e, ept-pte to ept-pml5e\n");
	text_str(text, "features (* on unless told):\n");
	for (i = 0; i < FEATURES; i++)
		text_add(text, "%s%s", i == 0 ? "  " : text->column > 70 ? "\n  " : " ",
		    features[i].name), text_str(text, features[i].usual ? "*" : "");
	text_str(text, "\n");
}

static void
list_json(struct bits_command *bits)
{
	const struct bits_format *format;
	struct json *json = &bits->json;
	size_t i;

	json_put_object(json, NULL);
	json_put_string(json, "vkept", VKEPT_VERSION);
	json_put_array(json, "formats");
	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		json_put_line_object(json, NULL);
		json_put_string(json, "name", format->name);
		json_put_string(json, "summary", format->summary);
		json_put_string(json, "tag", format->tag);
		json_put_bool(json, "levels", format->entry != NULL);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_array(json, "features");
	for (i = 0; i < FEATURES; i++) {
		json_put_line_object(json, NULL);
		json_put_string(json, "name", features[i].name);
		json_put_bool(json, "usual", (int)features[i].usual);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_end(json);
}

/* --- values ----------------------------------------------------------------------------------- */

static const char *
value_title(const struct bits_view *view)
{
	return view->format->entry != NULL ? view->format->entry[view->level] :
	    view->format->summary;
}

static int
is_bad(const struct bits_field *field)
{
	return field->state == BITS_RESERVED_BAD || field->state == BITS_VALUE_BAD;
}

static void
field_text(struct text *text, const struct bits_field *field)
{
	text_style(text, is_bad(field) ? TEXT_BAD :
	    field->state == BITS_CLEAR || field->state == BITS_FREE_SET ? TEXT_FAINT : TEXT_PLAIN);
	if (field->high == field->low)
		text_add(text, "  %5u", field->low);
	else
		text_add(text, "  %2u:%2u", field->high, field->low);
	text_to(text, 10);
	text_str(text, field->name != NULL ? field->name : "-");
	text_to(text, 24);
	if (field->kind == BITS_FRAME || field->value > 9)
		text_add(text, "0x%" PRIx64, field->value);
	else
		text_add(text, "%" PRIu64, field->value);
	if (field->value_name != NULL)
		text_add(text, " %s", field->value_name);
	text_to(text, 42);
	text_add(text, "%s%s", is_bad(field) ? "WRONG: " : "", field->meaning);
	text_style(text, TEXT_PLAIN);
	text_str(text, "\n");
}

#define SHORT_SIZE 2048 /* 64 fields of names and numbers fit */

static void
value_text(struct bits_command *bits, uint64_t value)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(&bits->view, value, field), next = 0;
	struct text *text = &bits->text;
	char line[SHORT_SIZE];
	const char *note;

	text_style(text, TEXT_STRONG);
	text_add(text, "%s 0x%" PRIx64, value_title(&bits->view), value);
	text_style(text, TEXT_PLAIN);
	text_add(text, " (%s, MAXPHYADDR %u)\n", bits->view.format->name,
	    bits->view.machine.maxphyaddr);
	for (i = 0; i < fields; i++) {
		int empty = field[i].state == BITS_CLEAR &&
		    (field[i].kind == BITS_ZERO || field[i].kind == BITS_FREE);

		if (!empty || bits->cli->verbose)
			field_text(text, &field[i]);
	}
	while ((note = bits_note(&bits->view, value, &next)) != NULL)
		text_add(text, "  note: %s\n", note);
	(void)bits_write_short(&bits->view, value, line, sizeof(line));
	text_str(text, "  = ");
	text_str(text, line);
	text_str(text, "\n");
}

static void
field_json(struct json *json, const struct bits_field *field)
{
	static const char *const kind[] = { "flag", "number", "choice", "frame", "zero", "one",
		"free" };
	static const char *const state[] = { "clear", "set", "free-set", "reserved-bad",
		"value-bad" };

	json_put_line_object(json, NULL);
	json_put_number(json, "high", field->high);
	json_put_number(json, "low", field->low);
	json_put_string(json, "name", field->name);
	json_put_string(json, "kind", kind[field->kind]);
	json_put_string(json, "state", state[field->state]);
	json_put_address(json, "value", field->value);
	if (field->value_name != NULL)
		json_put_string(json, "value-name", field->value_name);
	json_put_string(json, "meaning", field->meaning);
	json_put_end(json);
}

static void
value_json(struct bits_command *bits, uint64_t value)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(&bits->view, value, field), next = 0;
	struct json *json = &bits->json;
	char line[SHORT_SIZE];
	const char *note;

	json_put_object(json, NULL);
	json_put_string(json, "format", bits->view.format->name);
	if (bits->view.format->entry != NULL)
		json_put_number(json, "level", bits->view.level);
	json_put_number(json, "maxphyaddr", bits->view.machine.maxphyaddr);
	json_put_address(json, "value", value);
	(void)bits_write_short(&bits->view, value, line, sizeof(line));
	json_put_string(json, "short", line);
	json_put_array(json, "fields");
	for (i = 0; i < fields; i++)
		field_json(json, &field[i]);
	json_put_end(json);
	json_put_array(json, "notes");
	while ((note = bits_note(&bits->view, value, &next)) != NULL)
		json_put_string(json, NULL, note);
	json_put_end(json);
	json_put_end(json);
}

static void
begin_values(struct bits_command *bits)
{
	if (bits->cli->format != 1)
		return;
	json_put_object(&bits->json, NULL);
	json_put_string(&bits->json, "vkept", VKEPT_VERSION);
	json_put_array(&bits->json, "values");
}

static void
end_values(struct bits_command *bits)
{
	if (bits->cli->format != 1)
		return;
	json_put_end(&bits->json);
	json_put_end(&bits->json);
}

static void
tell_value(struct bits_command *bits, uint64_t value)
{
	if (bits->cli->format == 1)
		value_json(bits, value);
	else
		value_text(bits, value);
}

/* --- operands --------------------------------------------------------------------------------- */

/* The operands as one text of words, since names come without quotes as well as with them. */
static char *
join_operands(const struct cli *cli)
{
	struct text_buffer words = { NULL, 1, 0 };
	struct scn_sink sink;
	struct text text;
	int i;

	for (i = cli->operand; i < cli->argc; i++)
		words.size += strlen(cli->argv[i]) + 1;
	words.buf = malloc(words.size);
	if (words.buf == NULL)
		return NULL;
	sink = text_buffer_sink(&words);
	text_init(&text, &sink, 0);
	for (i = cli->operand; i < cli->argc; i++) {
		text_str(&text, cli->argv[i]);
		text_str(&text, " ");
	}
	return words.buf;
}

static enum cli_status
encode(struct bits_command *bits)
{
	char *words = join_operands(bits->cli);
	struct bits_error error;
	uint64_t value = 0;

	if (words == NULL) {
		cli_complain("out of memory");
		return CLI_ENVIRONMENT;
	}
	if (bits_encode(&bits->view, words, &value, &error) == BITS_OK) {
		begin_values(bits);
		tell_value(bits, value);
		end_values(bits);
	} else {
		cli_complain_of("bits", error.text);
	}
	free(words);
	return error.status == BITS_OK ? CLI_OK : CLI_BAD;
}

/* Numbers are values, one after the other; anything else is one value in names. */
static enum cli_status
tell_operands(struct bits_command *bits)
{
	struct cli *cli = bits->cli;
	uint64_t value;
	int i;

	for (i = cli->operand; i < cli->argc; i++) {
		if (cli->argv[i][strspn(cli->argv[i], BITS_SEPARATORS)] == '\0')
			return cli_bad_operand(cli, "a number or names", cli->argv[i]);
	}
	for (i = cli->operand; i < cli->argc; i++) {
		if (!cli_number(cli->argv[i], &value))
			return encode(bits);
	}
	begin_values(bits);
	for (i = cli->operand; i < cli->argc; i++) {
		(void)cli_number(cli->argv[i], &value);
		tell_value(bits, value);
	}
	end_values(bits);
	return CLI_OK;
}

static enum cli_status
command_bits(struct cli *cli)
{
	struct bits_command bits = { .cli = cli };
	struct scn_sink sink = cli_output_sink(cli->output);
	enum cli_status status;

	bits.view.format = bits_format_find("guest-pte");
	bits.view.level = 1;
	bits.view.machine.maxphyaddr = 46;
	bits.view.machine.features = usual_features();
	status = bits_options(&bits);
	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	text_init(&bits.text, &sink, cli_wants_color(cli));
	json_put_init(&bits.json, &sink);
	if (!bits.list)
		status = tell_operands(&bits);
	else if (cli->format == 1)
		list_json(&bits);
	else
		list_text(&bits);
	return cli_output_close(cli->output, status);
}

const struct cli_command cli_bits = {
	.name = "bits",
	.operands = "VALUE...",
	.summary = "decode an entry, a register, a qualification, or put one together",
	.about = "Takes numbers apart field by field; makes a number of names as it prints them.\n",
	.examples = "  vkept bits --as pde 0x80000000002000e7\n"
	    "  vkept bits --as ept R W X memtype=WB frame=0x1000\n"
	    "  vkept bits --as qualification 0x182\n",
	.option = options,
	.run = command_bits,
};
