/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes to structures, by table.
 *
 * An object is read row by row in the order of its table, so that a row can rely on those before
 * it.  Whatever is wrong is recorded and reading goes on; a field that could not be read keeps a
 * value that is safe to look at (references SCN_NONE, all else 0 or its default).
 */
#include <stdio.h>
#include <string.h>

#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"

/* An object that is being read. */
struct state {
	struct scn_src *src;
	struct scn_mark mark[SCN_KEYS];             /* of the values given */
	const struct scn_node *value[SCN_ROWS_MAX]; /* by row; NULL when absent */
	int good;
};

/* --- objects ---------------------------------------------------------------------------------- */

static void
state_give(struct state *state, enum scn_key key, struct scn_mark mark)
{
	state->src->has[key / 64] |= (uint64_t)1 << (key % 64);
	state->mark[key] = mark;
}

static void
row_read(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    struct state *state, void *object)
{
	if (row->key != SCN_KEY_NONE)
		state_give(state, row->key, scn_node_real(node)->mark);
	if (!scn_read_row(rd, row, node, object))
		state->good = 0;
}

static const char *
row_name_at(const void *ctx, size_t index)
{
	const struct scn_table *table = ctx;

	return index < table->rows ? scn_key_names[table->row[index].key] : NULL;
}

/* Files the value of one key under its row. */
static void
pair_file(struct scn_reader *rd, const struct scn_node *key, const struct scn_table *table,
    struct state *state)
{
	const struct scn_node *name = scn_node_real(key);
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];
	const struct scn_row *row;

	if (scn_errors_enough(rd->errors))
		return;
	state->good &= name->kind == SCN_NODE_SCALAR;
	if (name->kind != SCN_NODE_SCALAR) {
		scn_error(rd->errors, key->mark,
		    "found %s as a key of %s, expected a name", scn_node_show(shown, key),
		    table->what);
		return;
	}
	row = scn_row_find(table, name->u.text, name->count);
	if (row == NULL) {
		state->good = 0;
		scn_error(rd->errors, key->mark,
		    "found unknown key '%s' in %s%s", scn_show(shown, name->u.text, name->count),
		    table->what, scn_suggest(hint, name->u.text, name->count, row_name_at, table));
	} else if (state->value[row - table->row] != NULL) {
		state->good = 0;
		scn_error(rd->errors, key->mark,
		    "found '%s' twice in %s, expected it once", scn_key_names[row->key],
		    table->what);
	} else {
		state->value[row - table->row] = key->next;
	}
}

/* Reads the rows for which values were found; thread steps are left for later. */
static void
rows_read(struct scn_reader *rd, const struct scn_table *table, struct state *state, void *object)
{
	size_t i;

	for (i = 0; i < table->rows; i++) {
		const struct scn_row *row = &table->row[i];

		if (state->value[i] == NULL) {
			scn_default_row(rd, row, object, state->src->mark);
			if ((row->flags & SCN_ROW_REQUIRED) == 0)
				continue;
			state->good = 0;
			scn_error(rd->errors, state->src->mark, "found no '%s' in %s, expected one",
			    scn_key_names[row->key], table->what);
		} else if (row->type == SCN_TYPE_STEPS) {
			state_give(state, row->key, scn_node_real(state->value[i])->mark);
		} else {
			row_read(rd, row, state->value[i], state, object);
		}
	}
}

/* Writes the keys of a rule's groups: "a, b or c". */
static const char *
rule_show(char *buf, size_t size, const struct scn_rule *rule, size_t first, size_t last)
{
	size_t used = 0, i, j;

	buf[0] = '\0';
	for (i = first; i <= last; i++) {
		for (j = 0; j < SCN_GROUP_KEYS_MAX && rule->group[i][j] != 0 && used < size; j++)
			used += (size_t)snprintf(buf + used, size - used, "%s%s",
			    used > 0 ? ", " : "", scn_key_names[rule->group[i][j]]);
	}
	return buf;
}

/* The first key given of a group; SCN_KEYS when none is. */
static enum scn_key
group_given(const struct scn_src *src, const enum scn_key *group)
{
	size_t i;

	for (i = 0; i < SCN_GROUP_KEYS_MAX && group[i] != 0; i++) {
		if (scn_has(src, group[i]))
			return group[i];
	}
	return SCN_KEYS;
}

static int
mark_is_later(struct scn_mark a, struct scn_mark b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

static void
rule_judge(struct scn_reader *rd, const struct scn_table *table, const struct scn_rule *rule,
    struct state *state)
{
	enum scn_key given[2] = { SCN_KEYS, SCN_KEYS }, key;
	size_t groups = 0, count = 0;
	char keys[256];

	while (groups < SCN_GROUPS_MAX && rule->group[groups][0] != 0) {
		key = group_given(state->src, rule->group[groups++]);
		if (key != SCN_KEYS && count < 2)
			given[count++] = key;
	}
	if (rule->kind == SCN_RULE_NEEDS) {
		key = group_given(state->src, rule->group[0]);
		if (key == SCN_KEYS || group_given(state->src, rule->group[1]) != SCN_KEYS)
			return;
		scn_error(rd->errors, state->mark[key],
		    "found '%s' in %s, expected it only with %s", scn_key_names[key], table->what,
		    rule_show(keys, sizeof(keys), rule, 1, 1));
	} else if (count == 0 && rule->kind != SCN_RULE_MOST) {
		scn_error(rd->errors, state->src->mark,
		    "found none of %s in %s, expected %s",
		    rule_show(keys, sizeof(keys), rule, 0, groups - 1), table->what,
		    rule->kind == SCN_RULE_ONE ? "one" : "at least one");
	} else if (count == 2 && rule->kind != SCN_RULE_ANY) {
		key = mark_is_later(state->mark[given[0]], state->mark[given[1]]) ? given[0] :
		    given[1];
		scn_error(rd->errors, state->mark[key],
		    "found '%s' beside '%s' in %s, expected only one of %s", scn_key_names[key],
		    scn_key_names[key == given[0] ? given[1] : given[0]], table->what,
		    rule_show(keys, sizeof(keys), rule, 0, groups - 1));
	} else {
		return;
	}
	state->good = 0;
}

/* The values of an object, by its rows, and the rules among them. */
static void
body_read(struct scn_reader *rd, const struct scn_node *node, const struct scn_table *table,
    struct state *state, void *object)
{
	const struct scn_node *real = scn_node_real(node), *key;
	char shown[SCN_SHOWN_SIZE];
	size_t i;

	memset(state->value, 0, sizeof(state->value));
	if (real->kind == SCN_NODE_MAP && table->rows != 0) {
		for (key = real->u.child; key != NULL; key = key->next->next)
			pair_file(rd, key, table, state);
	} else if (real->kind == SCN_NODE_MAP && table->whole == NULL && real->count == 0) {
		return;
	} else if (table->whole == NULL) {
		state->good = 0;
		scn_error(rd->errors, real->mark,
		    "found %s for %s, expected %s", scn_node_show(shown, node), table->what,
		    table->rows != 0 ? "a mapping" : "nothing");
		for (i = 0; i < table->rows; i++)
			scn_default_row(rd, &table->row[i], object, state->src->mark);
		return;
	} else if (table->whole->key == SCN_KEY_NONE) {
		/* A form of its own, in which none of the keys can be given. */
		rows_read(rd, table, state, object);
		row_read(rd, table->whole, node, state, object);
		return;
	} else {
		state->value[table->whole - table->row] = node;
	}
	rows_read(rd, table, state, object);
	for (i = 0; i < table->rules; i++)
		rule_judge(rd, table, &table->rule[i], state);
}

/* Keeps the marks of the keys given, in order of the keys. */
static void
state_pack(struct scn_reader *rd, struct state *state)
{
	struct scn_mark *packed;
	size_t count = 0;
	unsigned word;
	uint64_t has;

	for (word = 0; word < SCN_SRC_WORDS; word++)
		count += (size_t)__builtin_popcountll(state->src->has[word]);
	if (count == 0)
		return;
	packed = scn_arena_alloc(rd->arena, count, sizeof(*packed));
	state->src->value = packed;
	if (packed == NULL) {
		memset(state->src->has, 0, sizeof(state->src->has));
		return;
	}
	for (word = 0; word < SCN_SRC_WORDS; word++) {
		for (has = state->src->has[word]; has != 0; has &= has - 1)
			*packed++ = state->mark[word * 64 + (unsigned)__builtin_ctzll(has)];
	}
}

struct scn_mark
scn_mark_of(const struct scn_src *src, enum scn_key key)
{
	size_t rank = 0;
	unsigned word;

	if (!scn_has(src, key))
		return src->mark;
	for (word = 0; word < key / 64; word++)
		rank += (size_t)__builtin_popcountll(src->has[word]);
	rank += (size_t)__builtin_popcountll(src->has[word] & (((uint64_t)1 << (key % 64)) - 1));
	return src->value[rank];
}

static void
state_begin(struct state *state, void *object, size_t size, struct scn_mark mark)
{
	memset(object, 0, size);
	state->src = object;
	state->src->mark = mark;
	state->good = 1;
}

int
scn_read_object(struct scn_reader *rd, const struct scn_node *node, const struct scn_table *table,
    void *object)
{
	struct state state;

	state_begin(&state, object, table->size, scn_node_real(node)->mark);
	body_read(rd, node, table, &state, object);
	state_pack(rd, &state);
	if (state.good && table->settle != NULL)
		state.good = table->settle(rd, object);
	return state.good;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Names of operations, then the keys that every step may have. */
static const char *
step_key_at(const void *ctx, size_t index)
{
	(void)ctx;
	if (index < SCN_OPS)
		return scn_op_table[index].name;
	return row_name_at(&scn_table_step, index - SCN_OPS);
}

static enum scn_op
op_find(const struct scn_node *name)
{
	unsigned op;

	for (op = 0; op < SCN_OPS; op++) {
		if (scn_text_is(name->u.text, name->count, scn_op_table[op].name))
			break;
	}
	return (enum scn_op)op;
}

/* A step as it is written: its operation, and the values of its other keys in state->value. */
struct written {
	enum scn_op op;
	const struct scn_node *key;     /* of the operation */
	const struct scn_node *operand; /* NULL when nothing is written */
};

/* Whether some object of the language has such a key. */
static int
is_key(const struct scn_node *name)
{
	unsigned key;

	for (key = 1; key < SCN_KEYS; key++) {
		if (scn_text_is(name->u.text, name->count, scn_key_names[key]))
			return 1;
	}
	return 0;
}

static void
step_key(struct scn_reader *rd, const struct scn_node *key, struct state *state,
    struct written *written)
{
	static const char *const inside =
	    ", expected it inside the operation: {read: {at: 0x1000, size: 8}}";
	const struct scn_node *name = scn_node_real(key);
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];
	enum scn_op op;

	if (name->kind != SCN_NODE_SCALAR || scn_errors_enough(rd->errors) ||
	    scn_row_find(&scn_table_step, name->u.text, name->count) != NULL) {
		pair_file(rd, key, &scn_table_step, state);
		return;
	}
	op = op_find(name);
	if (op == SCN_OPS) {
		state->good = 0;
		scn_error(rd->errors, key->mark,
		    "found '%s' in a step, which is not an operation%s",
		    scn_show(shown, name->u.text, name->count),
		    is_key(name) ? inside :
		    scn_suggest(hint, name->u.text, name->count, step_key_at, NULL));
	} else if (written->key != NULL) {
		state->good = 0;
		scn_error(rd->errors, key->mark,
		    "found the operation '%s' beside '%s', expected one operation a step",
		    scn_op_table[op].name, scn_op_table[written->op].name);
	} else {
		written->op = op;
		written->key = key;
		written->operand = key->next;
	}
}

/* Which operation a step is; 0 after recording that it is none. */
static int
step_take(struct scn_reader *rd, const struct scn_node *node, struct state *state,
    struct written *written)
{
	const struct scn_node *real = scn_node_real(node), *key;
	char shown[SCN_SHOWN_SIZE];

	memset(state->value, 0, sizeof(state->value));
	memset(written, 0, sizeof(*written));
	if (real->kind == SCN_NODE_SCALAR && !scn_node_is_null(node)) {
		/* An operation without operands may stand alone. */
		step_key(rd, node, state, written);
		written->operand = NULL;
		return written->key != NULL;
	}
	if (real->kind != SCN_NODE_MAP) {
		scn_error(rd->errors, real->mark,
		    "found %s for a step, expected a mapping with one operation",
		    scn_node_show(shown, node));
		return 0;
	}
	for (key = real->u.child; key != NULL; key = key->next->next)
		step_key(rd, key, state, written);
	if (written->key == NULL && state->good)
		scn_error(rd->errors, real->mark, "found no operation in a step, expected one");
	return written->key != NULL;
}

/* Reads operands into the structure that the operation wants them in. */
static void
operands_read(struct scn_reader *rd, const struct written *written, struct state *state,
    struct scn_step *step)
{
	static const struct scn_node nothing = { .kind = SCN_NODE_MAP };
	const struct scn_op_row *op = &scn_op_table[written->op];
	const struct scn_node *operand = written->operand;
	struct scn_node empty = nothing;
	void *target;

	if (operand == NULL || scn_node_is_null(operand)) {
		empty.mark = written->key->mark;
		operand = &empty;
	}
	if (op->target == SCN_TARGET_STEP) {
		body_read(rd, operand, op->table, state, step);
		return;
	}
	target = scn_arena_alloc(rd->arena, 1, op->table->size);
	if (target == NULL)
		return;
	switch (op->target) {
	case SCN_TARGET_REGION:
		step->region = target;
		break;
	case SCN_TARGET_ENTRY:
		step->entry = target;
		break;
	default:
		step->ept = target;
		break;
	}
	state->good &= scn_read_object(rd, operand, op->table, target);
}

static void
step_read(struct scn_reader *rd, const struct scn_node *node, struct scn_step *step)
{
	struct written written;
	struct state state;

	state_begin(&state, step, sizeof(*step), scn_node_real(node)->mark);
	step->space = step->host_space = step->thread = SCN_NONE;
	if (!step_take(rd, node, &state, &written)) {
		rd->step_lost = 1;
		return;
	}
	step->op = written.op;
	step->src.mark = written.key->mark;
	rows_read(rd, &scn_table_step, &state, step);
	operands_read(rd, &written, &state, step);
	state_pack(rd, &state);
	scn_settle_step(rd, step, state.good);
}

/* The steps of a thread, when all else of it is known. */
static void
thread_steps(struct scn_reader *rd, const struct scn_node *node, struct scn_thread *thread)
{
	const struct scn_node *real = scn_node_real(node), *item;
	struct scn_step *step;
	char shown[SCN_SHOWN_SIZE];

	if (real->kind != SCN_NODE_LIST) {
		scn_error(rd->errors, real->mark,
		    "found %s for 'steps', expected a list of steps", scn_node_show(shown, node));
		return;
	}
	step = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*step));
	if (step == NULL)
		return;
	thread->step = step;
	rd->thread = thread;
	item = real->u.child;
	for (; item != NULL && !scn_errors_enough(rd->errors); item = item->next)
		step_read(rd, item, &step[thread->steps++]);
	rd->thread = NULL;
}

int
scn_read_thread(struct scn_reader *rd, const struct scn_node *node, void *object)
{
	const struct scn_table *table = &scn_table_thread;
	struct state state;
	size_t i;

	state_begin(&state, object, table->size, scn_node_real(node)->mark);
	body_read(rd, node, table, &state, object);
	state_pack(rd, &state);
	rd->thread_good = state.good && table->settle(rd, object);
	for (i = 0; i < table->rows; i++) {
		if (table->row[i].type == SCN_TYPE_STEPS && state.value[i] != NULL)
			thread_steps(rd, state.value[i], object);
	}
	return rd->thread_good;
}
