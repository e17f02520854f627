/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of a vector file, read by tables: one row a field says its type, its place and its limits.
 *
 * Every error of a line is reported, not only the first.  What is read here is judged by itself
 * alone: ranges, what belongs to which outcome, and that the short flags agree with the registers
 * they were taken from.
 */
#include "conform/conform_case.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bits/bits_number.h"
#include "conform/conform_json.h"
#include "guestpt/guestpt.h"
#include "ept/ept.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RFLAGS_AC VK_BIT(18)

struct rule {
	const char *name;
	bool (*parse)(const struct conform_place *place, const struct rule *rule,
	    const json_t *value, char *base);
	bool required;
	uint64_t limit;  /* largest number, or most elements */
	size_t at;       /* offset in the structure of the number, or of the first element */
	size_t count_at; /* lists: offset of the number of elements */
	unsigned width;  /* lists: numbers an element; 1: the element is no list itself */
};

/* Rules and the structure that they fill. */
struct rule_set {
	const struct rule *rule;
	size_t count;
	char *base;
};

static const char *const step_names[CONFORM_STEPS] = { "r", "w", "m", "x", "cr3", "poke", "hpoke",
	"invlpg", "pge", "wp", "vmcall", "invept1", "inveptall", "invvpid0", "invvpid1",
	"invvpidall", "invvpidg", "la1", "la2" };
static const char *const out_names[CONFORM_OUTS] = { "ok", "pf", "exc13", "ept-violation",
	"ept-misconfig", "entry-instr-error", "entry-bad-guest-state" };
static const char *const value_names[CONFORM_VALUES] = { "err", "cr2", "qual", "gpa", "gla", "inst",
	"rip" };
static const char *const tlb_names[] = { "same", "new", "stale" };
static const char families[] = "abcdefghijklnp";

const char *
conform_step_name(enum conform_step step)
{
	return step_names[step];
}

const char *
conform_out_name(enum conform_out out)
{
	return out_names[out];
}

const char *
conform_value_name(enum conform_value value)
{
	return value_names[value];
}

/* --- one value ----------------------------------------------------------------------------- */

/* What a message calls a value that is not as it should be. */
static const char *
describe(const json_t *value, char *text, size_t size)
{
	char clean[CONFORM_NAME_SIZE];

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		snprintf(text, size, "a list of %zu", json_array_size(value));
		return text;
	case JSON_STRING:
		conform_copy_text(clean, sizeof(clean), json_string_value(value));
		snprintf(text, size, "\"%s\"", clean);
		return text;
	case JSON_INTEGER:
		snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return text;
	case JSON_REAL:
		return "a fraction";
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	default:
		return "null";
	}
}

static bool
complain(const struct conform_place *place, const struct rule *rule, const json_t *found,
    const char *expected)
{
	char text[CONFORM_NAME_SIZE + 2];

	conform_report_error(place->report, place->file, place->line,
	    "field \"%s\": found %s, expected %s", rule->name, describe(found, text, sizeof(text)),
	    expected);
	return false;
}

static void
put_count(const struct rule *rule, char *base, size_t count)
{
	unsigned n = (unsigned)count;

	memcpy(base + rule->count_at, &n, sizeof(n));
}

static bool
hex_text(const char *text, uint64_t *number)
{
	size_t i;

	*number = 0;
	if (text == NULL || text[0] == '\0')
		return false;
	for (i = 0; text[i] != '\0'; i++) {
		if (i == 16 || bits_digit(text[i]) == 16)
			return false;
		*number = *number << 4 | bits_digit(text[i]);
	}
	return true;
}

static bool
hex_number(const json_t *value, uint64_t *number)
{
	return hex_text(json_string_value(value), number);
}

static bool
parse_decimal(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	json_int_t number = json_integer_value(value);
	uint64_t result = (uint64_t)number;
	char expected[64];

	if (json_is_integer(value) && number >= 0 && result <= rule->limit) {
		memcpy(base + rule->at, &result, sizeof(result));
		return true;
	}
	snprintf(expected, sizeof(expected), "an integer from 0 to %" PRIu64, rule->limit);
	return complain(place, rule, value, expected);
}

static bool
parse_cpl(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	uint64_t cpl = (uint64_t)json_integer_value(value);

	if (!json_is_integer(value) || (cpl != 0 && cpl != 3))
		return complain(place, rule, value, "0 or 3");
	memcpy(base + rule->at, &cpl, sizeof(cpl));
	return true;
}

static bool
parse_width(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	uint64_t width = (uint64_t)json_integer_value(value);

	if (!json_is_integer(value) || width < 32 || width > 52)
		return complain(place, rule, value, "an integer from 32 to 52");
	memcpy(base + rule->at, &width, sizeof(width));
	return true;
}

static bool
parse_schema(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	(void)base;
	if (!json_is_integer(value) || json_integer_value(value) != 1)
		return complain(place, rule, value, "1");
	return true;
}

static bool
parse_hex(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	uint64_t number;
	char expected[64];

	if (hex_number(value, &number) && number <= rule->limit) {
		memcpy(base + rule->at, &number, sizeof(number));
		return true;
	}
	snprintf(expected, sizeof(expected), "a string of hexadecimal digits up to %" PRIx64,
	    rule->limit);
	return complain(place, rule, value, expected);
}

/* A value of an outcome; `at` is its index. */
static bool
parse_value(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_outcome *outcome = (struct conform_outcome *)(void *)base;
	struct rule number = *rule;

	number.at = offsetof(struct conform_outcome, value) + rule->at * sizeof(uint64_t);
	outcome->present |= 1u << rule->at;
	return parse_hex(place, &number, value, base);
}

static bool
parse_text(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	if (!json_is_string(value))
		return complain(place, rule, value, "a string");
	conform_copy_text(base + rule->at, rule->limit, json_string_value(value));
	return true;
}

static bool
parse_family(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	const char *name = json_string_value(value);

	if (name == NULL || name[0] == '\0')
		return complain(place, rule, value, "the letter of a family");
	if (name[1] != '\0' || strchr(families, name[0]) == NULL)
		conform_report_unknown(place->report, place->file, place->line, CONFORM_FAMILY,
		    name);
	return parse_text(place, rule, value, base);
}

static bool
find_name(const char *const *names, size_t count, const json_t *value, unsigned *index)
{
	const char *name = json_string_value(value);

	for (*index = 0; name != NULL && *index < count; ++*index) {
		if (strcmp(names[*index], name) == 0)
			return true;
	}
	return false;
}

static bool
parse_out(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_outcome *outcome = (struct conform_outcome *)(void *)base;
	unsigned index;

	if (!json_is_string(value))
		return complain(place, rule, value, "the name of an outcome");
	if (find_name(out_names, COUNT(out_names), value, &index)) {
		outcome->out = (enum conform_out)index;
		return true;
	}
	outcome->out = CONFORM_OUTS;
	conform_report_unknown(place->report, place->file, place->line, CONFORM_OUTCOME,
	    json_string_value(value));
	return true;
}

static bool
parse_tlb(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_case *c = (struct conform_case *)(void *)base;
	unsigned index;

	if (!find_name(tlb_names, COUNT(tlb_names), value, &index))
		return complain(place, rule, value, "\"same\", \"new\" or \"stale\"");
	c->tlb = (enum conform_tlb)index;
	return true;
}

/* --- lists --------------------------------------------------------------------------------- */

static bool
check_list(const struct conform_place *place, const struct rule *rule, const json_t *value)
{
	char expected[64];

	if (json_is_array(value) && json_array_size(value) <= rule->limit)
		return true;
	snprintf(expected, sizeof(expected), "a list of at most %" PRIu64, rule->limit);
	return complain(place, rule, value, expected);
}

/* Numbers, or lists of `width` numbers, one after the other in memory. */
static bool
parse_numbers(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	char *to = base + rule->at;
	size_t i;
	unsigned k;

	if (!check_list(place, rule, value))
		return false;
	for (i = 0; i < json_array_size(value); i++) {
		const json_t *element = json_array_get(value, i);

		if (rule->width > 1 && json_array_size(element) != rule->width)
			return complain(place, rule, element, rule->width == 2 ?
			    "[address, qword]" : "[address, qword before, qword after]");
		for (k = 0; k < rule->width; k++) {
			const json_t *item = rule->width == 1 ? element :
			    json_array_get(element, k);
			uint64_t number;

			if (!hex_number(item, &number))
				return complain(place, rule, item,
				    "a string of 1 to 16 hexadecimal digits");
			memcpy(to, &number, sizeof(number));
			to += sizeof(number);
		}
	}
	put_count(rule, base, json_array_size(value));
	return true;
}

/* "607000": the content of that frame; "v12ab": something else. */
static bool
parse_frames(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_outcome *outcome = (struct conform_outcome *)(void *)base;
	size_t i;

	if (!check_list(place, rule, value))
		return false;
	for (i = 0; i < json_array_size(value); i++) {
		const json_t *element = json_array_get(value, i);
		const char *text = json_string_value(element);
		struct conform_reached *reach = &outcome->reach[i];

		reach->raw = text != NULL && text[0] == 'v';
		if (text == NULL || !hex_text(text + reach->raw, &reach->value))
			return complain(place, rule, element, "a frame, or \"v\" and a value");
	}
	outcome->reached = (unsigned)json_array_size(value);
	return true;
}

static bool
parse_steps(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_case *c = (struct conform_case *)(void *)base;
	size_t i;

	if (!check_list(place, rule, value))
		return false;
	if (json_array_size(value) == 0)
		return complain(place, rule, value, "at least one step");
	for (i = 0; i < json_array_size(value); i++) {
		const json_t *element = json_array_get(value, i);
		unsigned index;

		if (!json_is_string(element))
			return complain(place, rule, element, "the name of a step");
		if (!find_name(step_names, COUNT(step_names), element, &index)) {
			conform_report_unknown(place->report, place->file, place->line,
			    CONFORM_STEP, json_string_value(element));
			c->unsupported = true;
		}
		c->step[i] = (enum conform_step)index;
	}
	c->steps = (unsigned)json_array_size(value);
	return true;
}

/* --- objects ------------------------------------------------------------------------------- */

/* Returns the rule of that name and the set it stands in; *index counts over all sets. */
static const struct rule *
find_rule(const struct rule_set *sets, size_t count, const char *name, char **base,
    unsigned *index)
{
	size_t i, k;

	*index = 0;
	for (i = 0; i < count; i++) {
		*base = sets[i].base;
		for (k = 0; k < sets[i].count; k++, ++*index) {
			if (strcmp(sets[i].rule[k].name, name) == 0)
				return &sets[i].rule[k];
		}
	}
	return NULL;
}

/* Required fields that were not seen. */
static bool
check_required(const struct conform_place *place, const struct rule_set *sets, size_t count,
    uint64_t seen)
{
	bool good = true;
	unsigned index = 0;
	size_t i, k;

	for (i = 0; i < count; i++) {
		for (k = 0; k < sets[i].count; k++, index++) {
			if (!sets[i].rule[k].required || ((seen >> index) & 1))
				continue;
			conform_report_error(place->report, place->file, place->line,
			    "field \"%s\": found nothing, expected a value",
			    sets[i].rule[k].name);
			good = false;
		}
	}
	return good;
}

static bool
parse_object(const struct conform_place *place, const struct rule_set *sets, size_t count,
    const json_t *object)
{
	const char *key;
	json_t *value;
	uint64_t seen = 0;
	bool good = true;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		unsigned index;
		char *base;
		const struct rule *rule = find_rule(sets, count, key, &base, &index);

		if (rule == NULL) {
			conform_report_unknown(place->report, place->file, place->line,
			    CONFORM_FIELD, key);
			continue;
		}
		seen |= 1ull << index;
		good = rule->parse(place, rule, value, base) && good;
	}
	return check_required(place, sets, count, seen) && good;
}

static json_t *
load_line(const struct conform_place *place, const char *text, size_t size)
{
	json_error_t error;
	char clean[CONFORM_TEXT_SIZE];
	bool no_memory;
	json_t *root = conform_json_load(text, size, &error, &no_memory);

	if (no_memory) {
		conform_report_memory(place->report);
		return NULL;
	}
	if (root == NULL) {
		conform_copy_text(clean, sizeof(clean), error.text);
		conform_report_error(place->report, place->file, place->line,
		    "column %d: found %s, expected a JSON object on one line", error.column,
		    clean);
		return NULL;
	}
	if (!json_is_object(root)) {
		conform_report_error(place->report, place->file, place->line,
		    "found %s, expected a JSON object", json_is_array(root) ? "a list" :
		    "a plain value");
		conform_json_free(root);
		return NULL;
	}
	return root;
}

/* --- the header ---------------------------------------------------------------------------- */

/* Finds "name VALUE" among the words of `info`. */
static bool
find_info(const char *info, const char *name, uint64_t *value)
{
	size_t length = strlen(name);
	const char *at = info;
	char *stop;

	while ((at = strstr(at, name)) != NULL) {
		bool starts = at == info || at[-1] == ' ';

		at += length;
		if (starts && at[0] == ' ' && bits_digit(at[1]) < 16) {
			errno = 0;
			*value = strtoull(at + 1, &stop, 16);
			return errno == 0 && (*stop == ' ' || *stop == '\0');
		}
	}
	return false;
}

/* What the recording image saw of its processor; of it the model needs the EPT capabilities. */
static bool
parse_info(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_header *header = (struct conform_header *)(void *)base;

	if (!json_is_string(value) ||
	    !find_info(json_string_value(value), "ept_vpid_cap", &header->ept_cap))
		return complain(place, rule, value, "a string with \"ept_vpid_cap VALUE\"");
	return true;
}

/* clang-format off */
static const struct rule header_rules[] = {
	{ "schema", parse_schema, true, 1, 0, 0, 0 },
	{ "info", parse_info, true, 0, 0, 0, 0 },
	{ "maxphyaddr", parse_width, true, 52, offsetof(struct conform_header, maxphyaddr), 0, 0 },
	{ "base", parse_numbers, true, CONFORM_WORDS_MAX, offsetof(struct conform_header, word),
	    offsetof(struct conform_header, words), 2 },
};
/* clang-format on */

/* Edits stay in the paging structures that the recording covers. */
static bool
check_words(const struct conform_place *place, const char *field, const struct conform_word *word,
    unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		uint64_t pa = word[i].pa;

		if (pa >= CONFORM_TABLES_START && pa < CONFORM_TABLES_END && pa % 8 == 0)
			continue;
		conform_report_error(place->report, place->file, place->line,
		    "field \"%s\": found address %" PRIx64
		    ", expected a multiple of 8 from %llx to %llx",
		    field, pa, CONFORM_TABLES_START, CONFORM_TABLES_END - 8);
		return false;
	}
	return true;
}

bool
conform_header_parse(const struct conform_place *place, const char *text, size_t size,
    struct conform_header *header)
{
	struct rule_set set = { header_rules, COUNT(header_rules), (char *)header };
	json_t *root = load_line(place, text, size);
	bool good;

	if (root == NULL)
		return false;
	memset(header, 0, sizeof(*header));
	good = parse_object(place, &set, 1, root);
	conform_json_free(root);
	return good && check_words(place, "base", header->word, header->words);
}

/* --- a case -------------------------------------------------------------------------------- */

/* clang-format off */
#define OUTCOME(field) offsetof(struct conform_outcome, field)
static const struct rule outcome_rules[] = {
	{ "out", parse_out, true, 0, 0, 0, 0 },
	{ "err", parse_value, false, UINT32_MAX, CONFORM_ERR, 0, 0 },
	{ "cr2", parse_value, false, UINT64_MAX, CONFORM_CR2, 0, 0 },
	{ "qual", parse_value, false, UINT64_MAX, CONFORM_QUAL, 0, 0 },
	{ "gpa", parse_value, false, UINT64_MAX, CONFORM_GPA, 0, 0 },
	{ "gla", parse_value, false, UINT64_MAX, CONFORM_GLA, 0, 0 },
	{ "inst", parse_value, false, UINT32_MAX, CONFORM_INST, 0, 0 },
	{ "rip", parse_value, false, UINT64_MAX, CONFORM_RIP, 0, 0 },
	{ "chg", parse_numbers, true, CONFORM_WORDS_MAX, OUTCOME(change), OUTCOME(changes), 3 },
	{ "frames", parse_frames, false, CONFORM_STEPS_MAX, 0, 0, 0 },
	{ "written", parse_numbers, false, CONFORM_WORDS_MAX, OUTCOME(write), OUTCOME(written), 1 },
};
/* clang-format on */

static bool
parse_manual(const struct conform_place *place, const struct rule *rule, const json_t *value,
    char *base)
{
	struct conform_case *c = (struct conform_case *)(void *)base;
	struct rule_set set = { outcome_rules, COUNT(outcome_rules), (char *)&c->manual };

	if (!json_is_object(value))
		return complain(place, rule, value, "an object");
	c->has_manual = true;
	return parse_object(place, &set, 1, value);
}

/* clang-format off */
#define CASE(field) offsetof(struct conform_case, field)
#define FLAG(name) { #name, parse_decimal, true, 1, CASE(name), 0, 0 }
#define HEX(name, required, limit) { #name, parse_hex, required, limit, CASE(name), 0, 0 }
static const struct rule case_rules[] = {
	{ "id", parse_decimal, true, INT32_MAX, CASE(id), 0, 0 },
	{ "fam", parse_family, true, CONFORM_NAME_SIZE, CASE(family), 0, 0 },
	{ "tag", parse_text, true, CONFORM_TEXT_SIZE, CASE(tag), 0, 0 },
	{ "cpl", parse_cpl, true, 3, CASE(cpl), 0, 0 },
	{ "steps", parse_steps, true, CONFORM_STEPS_MAX, 0, 0, 0 },
	FLAG(stub), FLAG(wp), FLAG(smep), FLAG(smap), FLAG(ac), FLAG(nxe), FLAG(ad),
	HEX(cr0, true, UINT64_MAX), HEX(cr3, true, UINT64_MAX), HEX(cr4, true, UINT64_MAX),
	HEX(efer, true, UINT64_MAX), HEX(rflags, true, UINT64_MAX), HEX(eptp, true, UINT64_MAX),
	HEX(la, true, UINT64_MAX), HEX(la2, false, UINT64_MAX), HEX(cr3b, false, UINT64_MAX),
	HEX(vpid, false, UINT16_MAX), HEX(pkru, false, UINT32_MAX),
	{ "g", parse_numbers, false, CONFORM_LEVELS_MAX, CASE(guest_entry), CASE(guest_entries),
	    1 },
	{ "e", parse_numbers, false, CONFORM_LEVELS_MAX, CASE(ept_entry), CASE(ept_entries), 1 },
	{ "poke", parse_numbers, true, CONFORM_WORDS_MAX, CASE(poke), CASE(pokes), 2 },
	{ "gpoke", parse_numbers, false, CONFORM_STEPS_MAX, CASE(gpoke), CASE(gpokes), 2 },
	{ "tlb", parse_tlb, false, 0, 0, 0, 0 },
	{ "sdm", parse_manual, false, 0, 0, 0, 0 },
};

/* The short flags and where they come from. */
static const struct {
	const char *name;
	size_t flag;
	const char *from;
	size_t word;
	uint64_t bit;
} flag_rules[] = {
	{ "wp", CASE(wp), "cr0", CASE(cr0), VK_CR0_WP },
	{ "smep", CASE(smep), "cr4", CASE(cr4), VK_CR4_SMEP },
	{ "smap", CASE(smap), "cr4", CASE(cr4), VK_CR4_SMAP },
	{ "ac", CASE(ac), "rflags", CASE(rflags), RFLAGS_AC },
	{ "nxe", CASE(nxe), "efer", CASE(efer), VK_EFER_NXE },
	{ "ad", CASE(ad), "eptp", CASE(eptp), EPTP_AD },
};

#define BIT(value) (1u << (value))
/* What every outcome of a kind states, and what it may state. */
static const struct {
	unsigned must;
	unsigned may;
} out_values[CONFORM_OUTS] = {
	[CONFORM_OK] = { 0, 0 },
	[CONFORM_PF] = { BIT(CONFORM_ERR) | BIT(CONFORM_CR2), BIT(CONFORM_RIP) },
	[CONFORM_GP] = { BIT(CONFORM_ERR), BIT(CONFORM_RIP) },
	[CONFORM_VIOLATION] = { BIT(CONFORM_QUAL) | BIT(CONFORM_GPA) | BIT(CONFORM_GLA),
	    BIT(CONFORM_RIP) },
	[CONFORM_MISCONFIG] = { BIT(CONFORM_GPA), BIT(CONFORM_QUAL) | BIT(CONFORM_RIP) },
	[CONFORM_ENTRY_ERROR] = { BIT(CONFORM_INST), 0 },
	[CONFORM_ENTRY_STATE] = { BIT(CONFORM_QUAL), 0 },
};
/* clang-format on */

static uint64_t
member(const struct conform_case *c, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)c + offset, sizeof(value));
	return value;
}

static bool
check_flags(const struct conform_place *place, const struct conform_case *c)
{
	bool good = true;
	size_t i;

	for (i = 0; i < COUNT(flag_rules); i++) {
		uint64_t in_register = (member(c, flag_rules[i].word) & flag_rules[i].bit) != 0;
		uint64_t flag = member(c, flag_rules[i].flag);

		if (flag == in_register)
			continue;
		conform_report_error(place->report, place->file, place->line,
		    "field \"%s\": found %" PRIu64 ", expected %" PRIu64 " as in \"%s\"",
		    flag_rules[i].name, flag, in_register, flag_rules[i].from);
		good = false;
	}
	return good;
}

static bool
check_outcome(const struct conform_place *place, const struct conform_outcome *outcome)
{
	bool good = true;
	unsigned i;

	for (i = 0; outcome->out != CONFORM_OUTS && i < CONFORM_VALUES; i++) {
		bool must = (out_values[outcome->out].must >> i) & 1;
		bool may = must || ((out_values[outcome->out].may >> i) & 1);
		bool given = (outcome->present >> i) & 1;

		if (given ? may : !must)
			continue;
		conform_report_error(place->report, place->file, place->line,
		    "field \"%s\": found %s, expected %s with outcome \"%s\"", value_names[i],
		    given ? "a value" : "nothing", given ? "nothing" : "a value",
		    out_names[outcome->out]);
		good = false;
	}
	return good;
}

/* Steps against what they need: edits to make, a stub to run in. */
static bool
check_steps(const struct conform_place *place, const struct conform_case *c)
{
	unsigned edits = 0, i;

	for (i = 0; i < c->steps; i++)
		edits += c->step[i] == CONFORM_STEP_POKE || c->step[i] == CONFORM_STEP_HPOKE;
	if (edits > c->gpokes) {
		conform_report_error(place->report, place->file, place->line,
		    "field \"gpoke\": found %u edits, expected %u, one for each such step",
		    c->gpokes, edits);
		return false;
	}
	if (!c->stub && (c->steps != 1 || c->step[0] != CONFORM_STEP_FETCH)) {
		conform_report_error(place->report, place->file, place->line,
		    "field \"steps\": found other steps, expected [\"x\"] where \"stub\" is 0");
		return false;
	}
	return true;
}

static bool
check_case(const struct conform_place *place, const struct conform_case *c)
{
	bool good = check_flags(place, c);

	good = check_outcome(place, &c->recorded) && good;
	good = (!c->has_manual || check_outcome(place, &c->manual)) && good;
	good = (c->unsupported || check_steps(place, c)) && good;
	good = check_words(place, "poke", c->poke, c->pokes) && good;
	return check_words(place, "gpoke", c->gpoke, c->gpokes) && good;
}

bool
conform_case_parse(const struct conform_place *place, const char *text, size_t size,
    struct conform_case *c)
{
	struct rule_set sets[] = { { case_rules, COUNT(case_rules), (char *)c },
		{ outcome_rules, COUNT(outcome_rules), (char *)&c->recorded } };
	json_t *root = load_line(place, text, size);
	bool good;

	if (root == NULL)
		return false;
	memset(c, 0, sizeof(*c));
	good = parse_object(place, sets, COUNT(sets), root);
	conform_json_free(root);
	if (c->recorded.out == CONFORM_OUTS || (c->has_manual && c->manual.out == CONFORM_OUTS))
		c->unsupported = true;
	return good && check_case(place, c);
}
