/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file's bytes to its scenarios.
 *
 * A file is parsed once.  Each combination of a matrix is a reading of the same tree with other
 * values in the place of variables; all of them are read once to find every error, and each again
 * when it is asked for, so that no more than one is in memory.  A file without a matrix is read
 * once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"

/* The value of a key that is a scalar of that name; NULL when the node is no map or has none. */
static const struct scn_node *
map_find(const struct scn_node *node, const char *name)
{
	const struct scn_node *key;

	if (node == NULL || scn_node_real(node)->kind != SCN_NODE_MAP)
		return NULL;
	for (key = scn_node_real(node)->u.child; key != NULL; key = key->next->next) {
		const struct scn_node *real = scn_node_real(key);

		if (real->kind == SCN_NODE_SCALAR && scn_text_is(real->u.text, real->count, name))
			return scn_node_real(key->next);
	}
	return NULL;
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *const name_expected = "a letter, then letters, digits, '-', '_' or '.'";

/* Adds a name, or a placeholder that nothing matches when it is wrong. */
static void
names_add(struct scn_reader *rd, struct scn_names *names, const struct scn_node *node,
    const struct scn_text *text, const char *what)
{
	const char *name = text->s;
	char shown[SCN_SHOWN_SIZE];
	size_t i;

	if (!scn_is_name(text->s, text->size)) {
		scn_error(rd->errors, node->mark, "found '%s' as the name of %s, expected %s",
		    scn_show(shown, text->s, text->size), what, name_expected);
		name = "";
	}
	for (i = 0; i < names->count && name[0] != '\0'; i++) {
		if (strcmp(names->name[i], name) == 0) {
			scn_error(rd->errors, node->mark,
			    "found a second use of the name '%s' for %s, expected another name",
			    name, what);
			name = "";
		}
	}
	names->name[names->count++] = name;
}

/* No names yet, and room for so many; 0 when there is no memory. */
static int
names_begin(struct scn_reader *rd, struct scn_names *names, size_t count)
{
	names->count = 0;
	names->name = scn_arena_alloc(rd->arena, count < SCN_NAMES_MAX ? count : SCN_NAMES_MAX,
	    sizeof(*names->name));
	return names->name != NULL;
}

static int
names_full(struct scn_reader *rd, const struct scn_names *names, const struct scn_node *node,
    const char *what)
{
	if (names->count < SCN_NAMES_MAX)
		return 0;
	scn_error(rd->errors, node->mark,
	    "found more than %u names for %s, expected less", SCN_NAMES_MAX, what);
	return 1;
}

/* The keys of a map, which name things. */
static void
names_of_map(struct scn_reader *rd, enum scn_section_id section, const struct scn_node *map,
    const char *what)
{
	struct scn_names *names = &rd->names[section];
	const struct scn_node *key;
	char shown[SCN_SHOWN_SIZE];
	struct scn_text text;

	if (map == NULL || map->kind != SCN_NODE_MAP || !names_begin(rd, names, map->count))
		return;
	for (key = map->u.child; key != NULL; key = key->next->next) {
		const struct scn_node *real = scn_node_real(key);

		if (names_full(rd, names, real, what))
			return;
		text.s = real->u.text;
		text.size = real->count;
		if (real->kind == SCN_NODE_SCALAR) {
			names_add(rd, names, real, &text, what);
			continue;
		}
		scn_error(rd->errors, real->mark, "found %s as the name of %s, expected %s",
		    scn_node_show(shown, real), what, name_expected);
		names->name[names->count++] = "";
	}
}

static void
names_of_threads(struct scn_reader *rd, const struct scn_node *list)
{
	struct scn_names *names = &rd->names[SCN_SECTION_THREAD];
	const struct scn_node *item, *name;
	struct scn_text text;

	if (list == NULL || list->kind != SCN_NODE_LIST || !names_begin(rd, names, list->count))
		return;
	for (item = list->u.child; item != NULL; item = item->next) {
		if (names_full(rd, names, scn_node_real(item), "threads"))
			return;
		name = map_find(item, "name");
		if (name == NULL || name->kind != SCN_NODE_SCALAR ||
		    !scn_read_text(rd, name, &text) || !scn_is_name(text.s, text.size))
			names->name[names->count++] = ""; /* reading the thread will say so */
		else
			names_add(rd, names, name, &text, "a thread");
	}
}

static void
names_collect(struct scn_reader *rd)
{
	const struct scn_node *root = rd->file->tree.root;
	const struct scn_node *host = map_find(root, "host"), *guest = map_find(root, "guest");

	names_of_map(rd, SCN_SECTION_HOST_SPACE, map_find(host, "spaces"), "a host space");
	names_of_map(rd, SCN_SECTION_OBJECT, map_find(host, "objects"), "an object");
	names_of_map(rd, SCN_SECTION_GUEST_SPACE, map_find(guest, "spaces"), "a guest space");
	names_of_map(rd, SCN_SECTION_PROGRAM, map_find(root, "programs"), "a program");
	names_of_threads(rd, map_find(root, "threads"));
}

/* --- matrix ----------------------------------------------------------------------------------- */

/* One variable; 0 after recording what is wrong with it. */
static int
variable_add(struct scn_file *file, struct scn_errlist *errors, const struct scn_node *key)
{
	const struct scn_node *name = scn_node_real(key), *list = scn_node_real(key->next), *value;
	struct scn_variable *variable;
	char shown[SCN_SHOWN_SIZE];
	size_t i = 0;

	if (name->kind != SCN_NODE_SCALAR || !scn_is_name(name->u.text, name->count)) {
		scn_error(errors, name->mark, "found %s as the name of a variable, expected %s",
		    scn_node_show(shown, name), name_expected);
		return 0;
	}
	if (scn_variable_find(file, name->u.text, name->count) != NULL) {
		scn_error(errors, name->mark,
		    "found the variable '%s' twice, expected it once", name->u.text);
		return 0;
	}
	if (file->variables == SCN_VARIABLES_MAX) {
		scn_error(errors, name->mark,
		    "found more than %u variables, expected less", SCN_VARIABLES_MAX);
		return 0;
	}
	if (list->kind != SCN_NODE_LIST || list->count == 0) {
		scn_error(errors, list->mark,
		    "found %s for the variable '%s', expected a list of values",
		    list->kind == SCN_NODE_LIST ? "an empty list" : scn_node_show(shown, list),
		    name->u.text);
		return 0;
	}
	for (value = list->u.child; value != NULL; value = value->next) {
		if (scn_node_real(value)->kind == SCN_NODE_SCALAR && !scn_node_is_null(value))
			continue;
		scn_error(errors, value->mark,
		    "found %s as a value of the variable '%s', expected a number or a text",
		    scn_node_show(shown, value), name->u.text);
		return 0;
	}
	variable = &file->variable[file->variables++];
	variable->name = name->u.text;
	variable->mark = name->mark;
	variable->count = list->count;
	variable->value = scn_arena_alloc(file->arena, list->count, sizeof(*variable->value));
	for (value = list->u.child; value != NULL && variable->value != NULL; value = value->next)
		variable->value[i++].node = scn_node_real(value);
	return 1;
}

/* Takes the matrix apart and counts its scenarios. */
static void
matrix_read(struct scn_file *file, struct scn_errlist *errors)
{
	const struct scn_node *matrix = map_find(file->tree.root, "matrix"), *key;
	uint64_t count = 1;
	char shown[SCN_SHOWN_SIZE];
	size_t i;

	file->count = 1;
	if (matrix == NULL)
		return;
	if (matrix->kind != SCN_NODE_MAP || matrix->count == 0) {
		scn_error(errors, matrix->mark,
		    "found %s for 'matrix', expected a mapping of variables to lists of values",
		    matrix->kind == SCN_NODE_MAP ? "an empty mapping" :
		    scn_node_show(shown, matrix));
		return;
	}
	key = matrix->u.child;
	for (; key != NULL && !scn_errors_enough(errors); key = key->next->next)
		variable_add(file, errors, key);
	for (i = 0; i < file->variables && count <= SCN_MATRIX_MAX; i++)
		count *= file->variable[i].count;
	if (count > SCN_MATRIX_MAX)
		scn_error(errors, matrix->mark,
		    "found a matrix of more than %u scenarios, expected less", SCN_MATRIX_MAX);
	else if (count * file->tree.nodes > SCN_MATRIX_NODES_MAX)
		scn_error(errors, matrix->mark,
		    "found a matrix of %" PRIu64 " scenarios with %zu values each, expected at "
		    "most %u values in all", count, file->tree.nodes, SCN_MATRIX_NODES_MAX);
	else
		file->count = (size_t)count;
}

static void
matrix_choose(struct scn_reader *rd, size_t index)
{
	const struct scn_file *file = rd->file;
	size_t i;

	for (i = file->variables; i-- > 0;) {
		rd->value[i] = file->variable[i].value[index % file->variable[i].count].node;
		index /= file->variable[i].count;
	}
}

/* "page=2M cpl=3"; NULL when there is no memory. */
static const char *
matrix_show(struct scn_reader *rd)
{
	char text[SCN_VARIABLES_MAX * (64 + SCN_SHOWN_SIZE + 2) + 1] = "", shown[SCN_SHOWN_SIZE];
	const struct scn_node *value;
	size_t used = 0, i;

	for (i = 0; i < rd->file->variables; i++) {
		value = rd->value[i];
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%s",
		    i > 0 ? " " : "", rd->file->variable[i].name,
		    scn_show(shown, value->u.text, value->count));
	}
	return scn_arena_copy(rd->arena, text, used);
}

/* --- one scenario ----------------------------------------------------------------------------- */

/* Reads scenario `index`; NULL when there is no memory, or when an error was recorded. */
static struct scenario *
scenario_read(struct scn_file *file, size_t index, struct scn_errlist *errors)
{
	size_t before = errors->reports;
	struct scn_reader rd;
	struct scenario *scenario;
	const char *name;

	memset(&rd, 0, sizeof(rd));
	rd.file = file;
	rd.errors = errors;
	rd.item = SCN_NONE;
	rd.arena = scn_arena_new();
	if (rd.arena == NULL) {
		errors->failed = 1;
		return NULL;
	}
	scenario = scn_arena_alloc(rd.arena, 1, sizeof(*scenario));
	if (scenario != NULL) {
		rd.scenario = scenario;
		matrix_choose(&rd, index);
		names_collect(&rd);
		scn_read_object(&rd, file->tree.root, &scn_table_scenario, scenario);
		scn_check(&rd);
		name = scn_arena_copy(rd.arena, file->name, strlen(file->name));
		scenario->file = name;
		scenario->variant = matrix_show(&rd);
		scenario->arena = rd.arena;
	}
	/* What is missing for want of memory may look like an error of the file. */
	if (scn_arena_failed(rd.arena))
		errors->failed = 1;
	if (errors->failed || errors->reports != before) {
		scn_arena_free(rd.arena);
		return NULL;
	}
	return scenario;
}

void
scenario_free(struct scenario *scenario)
{
	if (scenario != NULL)
		scn_arena_free(scenario->arena);
}

/* --- the file --------------------------------------------------------------------------------- */

/* Reads every scenario of a file for its errors. */
static enum scenario_status
file_check(struct scn_file *file, struct scn_errlist *errors)
{
	struct scenario *scenario;
	size_t i;

	matrix_read(file, errors);
	if (scn_arena_failed(file->arena))
		return SCENARIO_NO_MEMORY;
	for (i = 0; i < file->count && !scn_errors_enough(errors); i++) {
		scenario = scenario_read(file, i, errors);
		if (errors->failed)
			return SCENARIO_NO_MEMORY;
		if (file->count == 1)
			file->first = scenario;
		else
			scenario_free(scenario);
	}
	for (i = 0; i < file->variables && errors->out->count == 0; i++) {
		if (!file->variable[i].used)
			scn_error(errors, file->variable[i].mark,
			    "found the variable '%s', which nothing uses, expected ${%s} somewhere",
			    file->variable[i].name, file->variable[i].name);
	}
	file->checked = 1;
	return errors->out->count == 0 ? SCENARIO_OK : SCENARIO_BAD;
}

static void
file_free(struct scn_file *file)
{
	if (file == NULL)
		return;
	scenario_free(file->first);
	scn_arena_free(file->arena);
	free(file);
}

static enum scenario_status
file_load(const char *name, const char *text, size_t size, struct scn_file *file,
    struct scn_errlist *errors)
{
	enum scenario_status status;

	file->arena = scn_arena_new();
	if (file->arena == NULL)
		return SCENARIO_NO_MEMORY;
	file->name = scn_arena_copy(file->arena, name, strlen(name));
	if (file->name == NULL)
		return SCENARIO_NO_MEMORY;
	status = scn_yaml_parse(text, size, file->arena, errors, &file->tree);
	if (status != SCENARIO_OK)
		return status;
	return file_check(file, errors);
}

enum scenario_status
scenario_load_from(const char *name, const char *text, size_t size,
    const struct scenario_files *files, struct scenario_list *list,
    struct scenario_errors *errors)
{
	enum scenario_status status = SCENARIO_NO_MEMORY;
	struct scn_errlist errlist;

	memset(list, 0, sizeof(*list));
	scn_errors_begin(&errlist, name, errors);
	list->file = calloc(1, sizeof(*list->file));
	if (list->file != NULL)
		list->file->files = files;
	if (list->file != NULL && !errlist.failed)
		status = file_load(name, text, size, list->file, &errlist);
	scn_errors_end(&errlist);
	if (errlist.failed)
		status = SCENARIO_NO_MEMORY;
	if (status == SCENARIO_NO_MEMORY)
		errors->count = 0;
	if (status == SCENARIO_OK)
		list->count = list->file->count;
	else
		scenario_list_free(list);
	return status;
}

enum scenario_status
scenario_load(const char *name, const char *text, size_t size, struct scenario_list *list,
    struct scenario_errors *errors)
{
	return scenario_load_from(name, text, size, NULL, list, errors);
}

struct scenario *
scenario_list_make(struct scenario_list *list, size_t index)
{
	struct scenario_errors none;
	struct scn_errlist errlist;
	struct scenario *scenario;

	if (list->file->first != NULL) {
		scenario = list->file->first;
		list->file->first = NULL;
		return scenario;
	}
	scn_errors_begin(&errlist, "", &none);
	scenario = errlist.failed ? NULL : scenario_read(list->file, index, &errlist);
	scenario_errors_free(&none);
	return scenario;
}

void
scenario_list_free(struct scenario_list *list)
{
	file_free(list->file);
	memset(list, 0, sizeof(*list));
}
