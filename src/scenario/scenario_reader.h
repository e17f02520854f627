/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading one scenario out of a tree of nodes; private to this room.
 */
#ifndef VK_SCENARIO_SCENARIO_READER_H
#define VK_SCENARIO_SCENARIO_READER_H

#include "scenario/scenario_errors.h"
#include "scenario/scenario_node.h"
#include "scenario/scenario_tables.h"

/* A scalar after variables have been put in; NUL-terminated. */
struct scn_text {
	const char *s;
	size_t size;
};

struct scn_variable {
	const char *name;
	struct scn_mark mark;
	struct scn_variable_value {
		const struct scn_node *node; /* a scalar, no alias */
	} *value;
	size_t count;
	int used; /* some scalar names it */
};

struct scn_names {
	const char **name; /* room for those of the section, SCN_NAMES_MAX at most */
	size_t count;
};

/* A program's file, as it was when it was first named. */
struct scn_bytes {
	struct scn_bytes *next;
	const char *name;
	const unsigned char *bytes;
	size_t size;
};

struct scn_file {
	const char *name;
	const struct scenario_files *files; /* NULL: it may name none */
	struct scn_bytes *bytes;  /* those that were named */
	uint64_t program_bytes;   /* in scenarios checked so far */
	int checked;              /* all of them have been */
	struct scn_arena *arena; /* of the tree */
	struct scn_tree tree;
	struct scn_variable variable[SCN_VARIABLES_MAX];
	size_t variables;
	size_t count;             /* of scenarios */
	struct scenario *first;   /* made by the check, until it is asked for */
};

struct scn_reader {
	struct scn_file *file;
	struct scn_arena *arena; /* of the scenario */
	struct scn_errlist *errors;
	struct scenario *scenario; /* parts that come earlier in the table of keys are complete */
	const struct scn_node *value[SCN_VARIABLES_MAX]; /* of each variable, in this scenario */
	struct scn_names names[SCN_SECTIONS];
	struct scn_thread *thread; /* whose steps are being read, or NULL */
	int thread_good;           /* nothing was wrong with it before its steps */
	size_t thread_index;       /* of the thread being read */
	int step_lost;             /* some step could not be read, nor its label */
	uint32_t item;             /* index of the named object being read, or SCN_NONE */
	size_t expanded;   /* bytes of texts with variables, after they were put in */
	uint64_t given[3]; /* switches that the last map of switches turned either way */
};

/* The text of a scalar with variables put in; 0 when it cannot be had. */
int scn_read_text(struct scn_reader *rd, const struct scn_node *node, struct scn_text *text);

/* Reads a node into *object by a table; 0 when anything in it is wrong. */
int scn_read_object(struct scn_reader *rd, const struct scn_node *node,
    const struct scn_table *table, void *object);

/* The same for a thread, which is settled before its steps are read. */
int scn_read_thread(struct scn_reader *rd, const struct scn_node *node, void *object);

/* Reads the value of one row; 0 when it is wrong, and the field then has its default. */
int scn_read_row(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object);

/* Gives a field the value it has when its key is absent; mark is that of the object around it. */
void scn_default_row(struct scn_reader *rd, const struct scn_row *row, void *object,
    struct scn_mark mark);

/* What a node is, for messages: "a list", "nothing", "'text'".  Returns buf. */
const char *scn_node_show(char buf[SCN_SHOWN_SIZE], const struct scn_node *node);

/* Whether it is an empty or null scalar: nothing written where a value belongs. */
int scn_node_is_null(const struct scn_node *node);

/* Looks a variable up by name; NULL when there is none. */
struct scn_variable *scn_variable_find(struct scn_file *file, const char *name, size_t size);

/* Judges one scenario by its own, after every part of it was read without errors. */
void scn_check(struct scn_reader *rd);

/* The host space of an object that names none: that of the thread being read, or main. */
int scn_host_space_default(struct scn_reader *rd, const struct scn_src *src, uint32_t *index);

/* The same for a guest space; 0 after recording that there is none to choose. */
int scn_guest_space_default(struct scn_reader *rd, const struct scn_src *src, uint32_t *index);

/* 0 after recording that [at, at + size) goes beyond physical addresses. */
int scn_range_judge(struct scn_reader *rd, const struct scn_src *src, enum scn_key key, uint64_t at,
    uint64_t size);

/* 0 after recording that the machine has no such CPU. */
int scn_cpu_judge(struct scn_reader *rd, const struct scn_src *src, uint32_t cpu);

#define SCN_ROLES_SIZE 64

/* "bare, master, slave"; returns buf. */
const char *scn_roles_show(char buf[SCN_ROLES_SIZE], unsigned roles);

/* What tables call when an object has been read; see struct scn_table.  0: something is wrong. */
int scn_settle_machine(struct scn_reader *rd, void *object);
int scn_settle_host(struct scn_reader *rd, void *object);
int scn_settle_host_space(struct scn_reader *rd, void *object);
int scn_settle_region(struct scn_reader *rd, void *object);
int scn_settle_object(struct scn_reader *rd, void *object);
int scn_settle_ept_map(struct scn_reader *rd, void *object);
int scn_settle_ept_entry(struct scn_reader *rd, void *object);
int scn_settle_memory(struct scn_reader *rd, void *object);
int scn_settle_tlb_items(struct scn_reader *rd, void *object);
int scn_settle_guest_map(struct scn_reader *rd, void *object);
int scn_settle_entry(struct scn_reader *rd, void *object);
int scn_settle_guest_space(struct scn_reader *rd, void *object);
int scn_settle_program(struct scn_reader *rd, void *object);
int scn_settle_thread(struct scn_reader *rd, void *object);
int scn_settle_schedule(struct scn_reader *rd, void *object);
int scn_settle_condition(struct scn_reader *rd, void *object);

/* Completes a step; `good` is 0 when its operands could not all be read. */
void scn_settle_step(struct scn_reader *rd, struct scn_step *step, int good);

#endif
