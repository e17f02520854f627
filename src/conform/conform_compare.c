/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The comparison: complete in both directions, so that what the model did beyond the recording is
 * as much a difference as what it left out.
 */
#include "conform/conform_compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/conform_either.h"

#define FIELDS_FIRST 8

struct comparison {
	const struct conform_player *player;
	const struct conform_played *played;
	const struct conform_outcome *expected;
	const struct conform_outcome *found;
	struct conform_fields *fields;
	const struct conform_either *either; /* NULL: nothing is open */
};

void
conform_fields_add(struct conform_fields *fields, const char *name, const char *expected,
    const char *found)
{
	struct conform_field *field;

	if (fields->count == fields->capacity) {
		unsigned capacity = fields->capacity == 0 ? FIELDS_FIRST : 2 * fields->capacity;

		field = realloc(fields->field, capacity * sizeof(*field));
		if (field == NULL) {
			fields->out_of_memory = true;
			return;
		}
		fields->field = field;
		fields->capacity = capacity;
	}
	field = &fields->field[fields->count++];
	conform_copy_text(field->name, sizeof(field->name), name);
	conform_copy_text(field->expected, sizeof(field->expected), expected);
	conform_copy_text(field->found, sizeof(field->found), found);
}

static void
hex(char *text, size_t size, uint64_t value)
{
	snprintf(text, size, "0x%" PRIx64, value);
}

/* --- scalars ------------------------------------------------------------------------------- */

/* Both sides of a value; one that is not given shows as "none". */
static void
differ_value(const struct comparison *cmp, enum conform_value value)
{
	char expected[32] = "none", found[32] = "none";

	if ((cmp->expected->present >> value) & 1)
		hex(expected, sizeof(expected), cmp->expected->value[value]);
	if ((cmp->found->present >> value) & 1)
		hex(found, sizeof(found), cmp->found->value[value]);
	conform_fields_add(cmp->fields, conform_value_name(value), expected, found);
}

static uint64_t
open_in_value(const struct comparison *cmp, enum conform_value value)
{
	if (cmp->either == NULL || value != CONFORM_QUAL)
		return 0;
	return conform_either_qualification(cmp->either, conform_player_vcpu(cmp->player),
	    cmp->found);
}

/* What the recording states must be found; what it leaves out is not compared. */
static void
compare_values(const struct comparison *cmp, unsigned which)
{
	unsigned i;

	for (i = 0; i < CONFORM_VALUES; i++) {
		uint64_t different = cmp->expected->value[i] ^ cmp->found->value[i];
		bool has = (cmp->found->present >> i) & 1;

		if (!((which & cmp->expected->present) >> i & 1))
			continue;
		/* The model says where it cannot know RIP. */
		if (i == CONFORM_RIP && !has && cmp->found->out != CONFORM_OK)
			continue;
		if (!has || (different & ~open_in_value(cmp, (enum conform_value)i)))
			differ_value(cmp, (enum conform_value)i);
	}
}

/* --- frames and written qwords ------------------------------------------------------------- */

static void
append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used == 0 ? "" : " ", more);
}

static void
frames_text(const struct conform_outcome *outcome, char *text, size_t size)
{
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < outcome->reached; i++) {
		char one[32];

		snprintf(one, sizeof(one), "%s0x%" PRIx64, outcome->reach[i].raw ? "value " : "",
		    outcome->reach[i].value);
		append(text, size, one);
	}
	if (outcome->reached == 0)
		append(text, size, "none");
}

static void
compare_frames(const struct comparison *cmp)
{
	const struct conform_outcome *e = cmp->expected, *f = cmp->found;
	char expected[CONFORM_TEXT_SIZE], found[CONFORM_TEXT_SIZE];
	bool same = e->reached == f->reached;
	unsigned i;

	for (i = 0; same && i < e->reached; i++)
		same = e->reach[i].value == f->reach[i].value &&
		    e->reach[i].raw == f->reach[i].raw;
	if (same)
		return;
	frames_text(e, expected, sizeof(expected));
	frames_text(f, found, sizeof(found));
	conform_fields_add(cmp->fields, "frames", expected, found);
}

static void
written_text(const struct conform_outcome *outcome, char *text, size_t size)
{
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < outcome->written; i++) {
		char one[32];

		hex(one, sizeof(one), outcome->write[i]);
		append(text, size, one);
	}
	if (outcome->written == 0)
		append(text, size, "none");
}

static void
compare_written(const struct comparison *cmp)
{
	char expected[CONFORM_TEXT_SIZE], found[CONFORM_TEXT_SIZE];

	if (cmp->expected->written == cmp->found->written &&
	    memcmp(cmp->expected->write, cmp->found->write,
	    cmp->found->written * sizeof(cmp->found->write[0])) == 0)
		return;
	written_text(cmp->expected, expected, sizeof(expected));
	written_text(cmp->found, found, sizeof(found));
	conform_fields_add(cmp->fields, "written", expected, found);
}

/* --- changed entries ----------------------------------------------------------------------- */

static int
change_compare(const void *a, const void *b)
{
	const struct conform_change *x = a, *y = b;

	return (x->pa > y->pa) - (x->pa < y->pa);
}

static void
differ_change(const struct comparison *cmp, const char *what, uint64_t pa, uint64_t expected,
    uint64_t found)
{
	char name[CONFORM_NAME_SIZE], left[32], right[32];

	snprintf(name, sizeof(name), "%s 0x%" PRIx64, what, pa);
	hex(left, sizeof(left), expected);
	hex(right, sizeof(right), found);
	conform_fields_add(cmp->fields, name, left, right);
}

/* Flags that the last access may set or not; what was set before it stays set. */
static uint64_t
open_in_qword(const struct comparison *cmp, uint64_t pa)
{
	if (cmp->either == NULL)
		return 0;
	return conform_either_bits(cmp->either, pa) & ~conform_player_load_before(cmp->player, pa);
}

/* One qword that changed on either side; NULL where it did not. */
static void
compare_change(const struct comparison *cmp, const struct conform_change *expected,
    const struct conform_change *found)
{
	uint64_t pa = expected != NULL ? expected->pa : found->pa;
	uint64_t now = conform_player_load(cmp->player, pa);
	uint64_t before = found != NULL ? found->before : now;
	uint64_t after = expected != NULL ? expected->after : before;

	if (expected != NULL && expected->before != before)
		differ_change(cmp, "before", pa, expected->before, before);
	if ((after ^ now) & ~open_in_qword(cmp, pa))
		differ_change(cmp, "chg", pa, after, now);
}

static void
compare_changes(const struct comparison *cmp)
{
	const struct conform_outcome *e = cmp->expected, *f = cmp->found;
	struct conform_change sorted[CONFORM_WORDS_MAX];
	unsigned i = 0, k = 0;

	memcpy(sorted, e->change, e->changes * sizeof(sorted[0]));
	qsort(sorted, e->changes, sizeof(sorted[0]), change_compare);
	while (i < e->changes || k < f->changes) {
		const struct conform_change *left = i < e->changes ? &sorted[i] : NULL;
		const struct conform_change *right = k < f->changes ? &f->change[k] : NULL;
		int order = left == NULL ? 1 : right == NULL ? -1 : change_compare(left, right);

		compare_change(cmp, order <= 0 ? left : NULL, order >= 0 ? right : NULL);
		i += order <= 0;
		k += order >= 0;
	}
}

/* --- a case -------------------------------------------------------------------------------- */

/*
 * Manual's outcome of an accessed or dirty flag that a read-only page refuses: only with EPTP bit 6
 * clear does a table access report a write that is none of the walk's own.
 */
static bool
is_refused_update(const struct comparison *cmp, const struct conform_case *c)
{
	uint64_t qualification = cmp->expected->value[CONFORM_QUAL];

	return c->has_manual && !c->ad && cmp->expected->out == CONFORM_VIOLATION &&
	    (qualification & EPT_QUAL_W) && !(qualification & EPT_QUAL_FINAL);
}

static void
compare_tlb(const struct comparison *cmp, const struct conform_case *c)
{
	const struct vcpu_result *last = &cmp->played->last;
	bool cached = last->pieces != 0 && last->piece[last->pieces - 1].cached;

	if (c->tlb != CONFORM_TLB_SAME && cached != (c->tlb == CONFORM_TLB_STALE))
		conform_fields_add(cmp->fields, "tlb", cached ? "new" : "stale",
		    cached ? "stale" : "new");
}

static void
compare_outcome(const struct comparison *cmp, const struct conform_case *c)
{
	/* Another exit that may come first: nothing but the flags can be compared. */
	if (cmp->either != NULL && cmp->either->update) {
		compare_changes(cmp);
		return;
	}
	if (cmp->expected->out != cmp->found->out)
		conform_fields_add(cmp->fields, "out", conform_out_name(cmp->expected->out),
		    conform_out_name(cmp->found->out));
	if (is_refused_update(cmp, c)) {
		compare_values(cmp, 1u << CONFORM_QUAL | 1u << CONFORM_GPA);
		return;
	}
	compare_values(cmp, ~0u);
	compare_changes(cmp);
	if (c->has_manual)
		return;
	compare_frames(cmp);
	compare_written(cmp);
	compare_tlb(cmp, c);
}

void
conform_compare(const struct conform_player *player, const struct conform_case *c,
    const struct conform_played *played, bool either, struct conform_fields *fields)
{
	struct conform_either open;
	struct comparison cmp = { player, played, c->has_manual ? &c->manual : &c->recorded,
		&played->outcome, fields, NULL };

	if (either) {
		conform_either_collect(conform_player_vcpu(player), played, cmp.expected, &open);
		cmp.either = &open;
	}
	compare_outcome(&cmp, c);
}
