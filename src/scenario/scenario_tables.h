/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language as tables; private to this room.
 *
 * Every object of the language is a table of rows: key, type, field, default, one sentence.
 * Reading, messages and suggestions, the JSON Schema and the reference come from the same rows.
 */
#ifndef VK_SCENARIO_SCENARIO_TABLES_H
#define VK_SCENARIO_SCENARIO_TABLES_H

#include "scenario/scenario.h"
#include "scenario/scenario_node.h"

enum scn_type {
	SCN_TYPE_NUMBER,   /* detail: struct scn_range */
	SCN_TYPE_BOOL,
	SCN_TYPE_TEXT,
	SCN_TYPE_NAME,     /* of something that others refer to */
	SCN_TYPE_CHOICE,   /* detail: struct scn_choices */
	SCN_TYPE_FLAGS,    /* a set of names; detail: struct scn_flags */
	SCN_TYPE_SWITCHES, /* a map from names to yes or no; detail: struct scn_flags */
	SCN_TYPE_REF,      /* detail: struct scn_section */
	SCN_TYPE_STRING,   /* the four of struct scn_content */
	SCN_TYPE_BYTES,
	SCN_TYPE_WORDS,
	SCN_TYPE_FILL,
	SCN_TYPE_NUMBERS,  /* list of numbers; detail: struct scn_range */
	SCN_TYPE_TEXTS,    /* list of texts, with NULL behind the last */
	SCN_TYPE_REFS,     /* list of references, with their marks; detail: struct scn_section */
	SCN_TYPE_OBJECT,   /* in place; detail: struct scn_table */
	SCN_TYPE_POINTER,  /* the field points to it; detail: struct scn_table */
	SCN_TYPE_LIST,     /* list of objects; detail: struct scn_table */
	SCN_TYPE_NAMED,    /* map from names to objects; detail: struct scn_table */
	SCN_TYPE_THREADS,  /* list; detail: struct scn_table */
	SCN_TYPE_EPT_ITEMS,
	SCN_TYPE_STEPS,    /* read when all else of their thread is known */
	SCN_TYPE_COUNTERS,
	SCN_TYPE_ENDS,
	SCN_TYPE_OUTCOMES, /* list, to the scenario's other outcomes; detail: struct scn_table */
	SCN_TYPE_MATRIX,   /* read before everything else */
	SCN_TYPES
};

struct scn_range {
	const char *what; /* "a size in bytes" */
	uint64_t min, max;
	uint64_t multiple; /* 1 for any */
	int hex;           /* shown in hexadecimal */
};

struct scn_choice {
	const char *name;
	uint64_t value;
	const char *doc;
};

struct scn_choices {
	const char *what; /* "a role" */
	const struct scn_choice *choice;
	size_t count;
	const struct scn_range *range; /* numbers that are accepted too, or NULL */
};

#define SCN_FLAG_WORDS 2

struct scn_flag {
	const char *name;
	uint64_t mask;
	unsigned word; /* which of the masks that follow each other */
	const char *doc;
};

struct scn_flags {
	const char *what; /* "a flag of an EPT entry" */
	const struct scn_flag *flag;
	size_t count;
	int open;       /* numbers and bitN are accepted too */
	unsigned words; /* a set of names: SCN_FLAG_WORDS masks; 0: one, whatever the words */
};

/* Where things that have names are declared. */
enum scn_section_id {
	SCN_SECTION_HOST_SPACE,
	SCN_SECTION_OBJECT,
	SCN_SECTION_GUEST_SPACE,
	SCN_SECTION_PROGRAM,
	SCN_SECTION_THREAD,
	SCN_SECTIONS
};

struct scn_section {
	enum scn_section_id id;
	const char *what; /* "a host space" */
};

#define SCN_ROW_REQUIRED 1u
#define SCN_ROW_DEFAULT 2u /* `dflt` is stored when the key is absent, and is worth telling */
#define SCN_ROW_UNSET 4u   /* so is this, but what it means depends on the context */
#define SCN_ROW_BITS 8u    /* a number that is ORed into the field, `shift` places up */

struct scn_row {
	enum scn_key key;
	enum scn_type type;
	uint16_t offset;       /* of the field in the object, and its width */
	uint16_t width;
	uint16_t count_offset; /* lists: of the size_t count */
	uint16_t mark_offset;  /* SCN_TYPE_REFS: of the marks */
	unsigned shift;
	unsigned flags;        /* SCN_ROW_* */
	unsigned roles;        /* of a thread's key: SCN_ROLE_* that may have it; 0 for all */
	uint64_t dflt;
	const void *detail;
	const char *doc;
};

enum scn_rule_kind {
	SCN_RULE_ONE,  /* keys of exactly one group */
	SCN_RULE_MOST, /* keys of at most one group */
	SCN_RULE_ANY,  /* keys of at least one group */
	SCN_RULE_NEEDS /* a key of group 0 needs one of group 1 */
};

#define SCN_ROWS_MAX 32 /* of a table */
#define SCN_GROUPS_MAX 5
#define SCN_GROUP_KEYS_MAX 4

/* Keys of a group, and groups of a rule, end with SCN_KEY_NONE where there are fewer. */
struct scn_rule {
	enum scn_rule_kind kind;
	enum scn_key group[SCN_GROUPS_MAX][SCN_GROUP_KEYS_MAX];
};

struct scn_reader;

struct scn_table {
	const char *name; /* unique; "host.space" */
	const char *what; /* for messages: "a range of a host space" */
	const char *doc;
	size_t size;      /* of the structure, which begins with struct scn_src */
	uint16_t name_offset; /* SCN_TYPE_NAMED: of its name */
	const struct scn_row *row;
	size_t rows;
	const struct scn_rule *rule;
	size_t rules;
	const struct scn_row *whole; /* how anything but a map is read in its place, or NULL */
	/* Completes an object that was read without errors, and judges it as a whole; 0: bad. */
	int (*settle)(struct scn_reader *rd, void *object);
};

/* What `fill` is read into. */
struct scn_fill {
	struct scn_src src;
	uint64_t byte, size;
};

/* Which structure an operation's operands go to. */
enum scn_target { SCN_TARGET_STEP, SCN_TARGET_REGION, SCN_TARGET_ENTRY, SCN_TARGET_EPT };

struct scn_op_row {
	const char *name;
	const struct scn_table *table;
	enum scn_target target;
	unsigned roles; /* SCN_ROLE_* that may do it */
	unsigned group; /* index into scn_op_groups */
	const char *doc;
};

/* A map or list without a table of rows of its own needs a word about its items for the schema. */
extern const struct scn_table scn_table_scenario;
extern const struct scn_table scn_table_thread;
extern const struct scn_table scn_table_step; /* the keys that every step may have */
extern const struct scn_table scn_table_fill;
extern const struct scn_table scn_table_ept_map;
extern const struct scn_table scn_table_ept_entry;
extern const struct scn_op_row scn_op_table[SCN_OPS];
extern const char *const scn_op_groups[];
extern const char *const scn_key_names[SCN_KEYS];
extern const struct scn_choices scn_choices_counter;
extern const struct scn_choices scn_choices_end;
extern const struct scn_choices scn_choices_outcome;
extern const struct scn_choices scn_choices_role;
extern const struct scn_flags scn_flags_feature;
extern const struct scn_range scn_range_any;
extern const struct scn_range scn_range_byte;
extern const struct scn_range scn_range_fill;

/* The row with that key, or NULL. */
const struct scn_row *scn_row_find(const struct scn_table *table, const char *name, size_t size);

#endif
