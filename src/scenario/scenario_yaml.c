/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the bytes of a file to a tree of nodes, each with its mark.
 *
 * libyaml's events are taken one at a time, so that nesting and the number of nodes are bounded
 * while parsing and not after.  An alias costs one node here however much it stands for; what it
 * stands for is counted as if it had been written out, and that count is what is bounded.  YAML
 * beyond what a scenario needs is refused: tags, several documents, nodes that contain themselves.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "scenario/scenario_errors.h"
#include "scenario/scenario_node.h"

#define ANCHORS_MAX 256u

/* A list or map that is being read. */
struct frame {
	struct scn_node *node;
	const struct scn_node **tail; /* where its next child goes */
	size_t before;                /* nodes counted before it, and bytes */
	size_t bytes_before;
	unsigned height;              /* levels from it down, so far */
	unsigned anchor;              /* index + 1, 0 without one */
};

struct anchor {
	const char *name;
	const struct scn_node *node;
	size_t nodes;    /* that it stands for, and their bytes */
	size_t bytes;
	unsigned height; /* 1 for a scalar */
	int complete;
};

struct builder {
	yaml_parser_t parser;
	const char *text; /* the file */
	size_t size;
	struct scn_arena *arena;
	struct scn_errlist *errors;
	struct scn_tree *tree;
	struct frame *frame;   /* SCN_DEPTH_MAX + 1 */
	unsigned depth;
	struct anchor *anchor; /* ANCHORS_MAX, from the first one on */
	unsigned anchors;
	unsigned documents;
	size_t bytes; /* of all scalars, aliases expanded */
	int bad; /* an error was recorded, but more can be found */
	enum scenario_status status;
};

static struct scn_mark
mark_of(const yaml_mark_t *mark)
{
	struct scn_mark m = { (uint32_t)mark->line + 1, (uint32_t)mark->column + 1 };

	return m;
}

/* --- what libyaml refuses --------------------------------------------------------------------- */

/* Line and column of a byte. */
static struct scn_mark
mark_at_offset(const char *text, size_t size, size_t offset)
{
	struct scn_mark mark = { 1, 1 };
	size_t i;

	for (i = 0; i < size && i < offset; i++) {
		if (text[i] == '\n') {
			mark.line++;
			mark.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* Bytes that are not text: libyaml knows where by offset only. */
static void
refuse_bytes(struct builder *b)
{
	size_t offset = b->parser.problem_offset;
	struct scn_mark mark = mark_at_offset(b->text, b->size, offset);

	scn_error(b->errors, mark,
	    "found the byte 0x%02x, expected UTF-8 text without control characters",
	    offset < b->size ? (unsigned)(unsigned char)b->text[offset] : 0);
}

/* What often leads to a syntax error at this place; "" if nothing is known. */
static const char *
hint_at(const struct builder *b, size_t characters)
{
	const char *at = b->text, *end = b->text + b->size;

	for (; at < end; at++) {
		if (((unsigned char)*at & 0xc0) != 0x80 && characters-- == 0)
			break;
	}
	if (at == end)
		return "";
	if (*at == '\t')
		return " (indentation is made of spaces, not tabs)";
	if (at > b->text && *at == '{' && at[-1] == '$')
		return " (inside [ ] and { }, write \"${name}\" in quotes)";
	return "";
}

static void
refuse_syntax(struct builder *b)
{
	const yaml_parser_t *parser = &b->parser;
	char where[64] = "";

	if (parser->context != NULL)
		snprintf(where, sizeof(where), " that starts at line %u",
		    mark_of(&parser->context_mark).line);
	scn_error(b->errors, mark_of(&parser->problem_mark),
	    "not YAML: %s%s%s%s%s", parser->problem != NULL ? parser->problem : "syntax error",
	    parser->context != NULL ? " " : "", parser->context != NULL ? parser->context : "",
	    where, hint_at(b, parser->problem_mark.index));
}

static void
refuse(struct builder *b)
{
	b->status = SCENARIO_BAD;
	if (b->parser.error == YAML_MEMORY_ERROR)
		b->status = SCENARIO_NO_MEMORY;
	else if (b->parser.error == YAML_READER_ERROR)
		refuse_bytes(b);
	else
		refuse_syntax(b);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void
builder_fail(struct builder *b, const yaml_event_t *event, const char *text)
{
	scn_error(b->errors, mark_of(&event->start_mark), "%s", text);
	b->status = SCENARIO_BAD;
}

/* Counts what a node stands for; false beyond the limits. */
static int
builder_count(struct builder *b, const yaml_event_t *event, size_t nodes, size_t bytes,
    unsigned height)
{
	char text[128];
	struct frame *frame = b->depth > 0 ? &b->frame[b->depth - 1] : NULL;

	if (b->depth + height > SCN_DEPTH_MAX) {
		snprintf(text, sizeof(text), "found nesting of more than %u levels, expected less",
		    SCN_DEPTH_MAX);
		builder_fail(b, event, text);
		return 0;
	}
	if (nodes > SCN_NODES_MAX - b->tree->nodes) {
		snprintf(text, sizeof(text),
		    "found more than %u values (an alias counts as what it "
		    "stands for), expected less", SCN_NODES_MAX);
		builder_fail(b, event, text);
		return 0;
	}
	if (bytes > SCN_TEXT_MAX - b->bytes) {
		snprintf(text, sizeof(text),
		    "found more than %u bytes of text (an alias counts as what "
		    "it stands for), expected less", SCN_TEXT_MAX);
		builder_fail(b, event, text);
		return 0;
	}
	b->tree->nodes += nodes;
	b->bytes += bytes;
	if (frame != NULL && frame->height < height + 1)
		frame->height = height + 1;
	return 1;
}

/* A node at the place where the next one goes, and `more` bytes of zeroes behind it. */
static struct scn_node *
builder_add(struct builder *b, const yaml_event_t *event, enum scn_node_kind kind, size_t more)
{
	struct scn_node *node = scn_arena_alloc(b->arena, 1, sizeof(*node) + more);
	struct frame *frame = b->depth > 0 ? &b->frame[b->depth - 1] : NULL;

	if (node == NULL) {
		b->status = SCENARIO_NO_MEMORY;
		return NULL;
	}
	node->mark = mark_of(&event->start_mark);
	node->kind = (uint8_t)kind;
	if (frame == NULL) {
		b->tree->root = node;
		return node;
	}
	*frame->tail = node;
	frame->tail = &node->next;
	frame->node->count++;
	return node;
}

/* Remembers an anchor, if there is one; returns its index + 1, 0 for none. */
static unsigned
builder_anchor(struct builder *b, const yaml_event_t *event, const yaml_char_t *name,
    const struct scn_node *node, int complete)
{
	struct anchor *anchor;
	char text[64];

	if (name == NULL)
		return 0;
	if (b->anchors == ANCHORS_MAX) {
		snprintf(text, sizeof(text), "found more than %u anchors, expected less",
		    ANCHORS_MAX);
		builder_fail(b, event, text);
		return 0;
	}
	if (b->anchor == NULL)
		b->anchor = scn_arena_alloc(b->arena, ANCHORS_MAX, sizeof(*b->anchor));
	if (b->anchor == NULL) {
		b->status = SCENARIO_NO_MEMORY;
		return 0;
	}
	anchor = &b->anchor[b->anchors++];
	anchor->name = scn_arena_copy(b->arena, (const char *)name, strlen((const char *)name));
	anchor->node = node;
	anchor->nodes = 1;
	anchor->bytes = node->kind == SCN_NODE_SCALAR ? node->count : 0;
	anchor->height = 1;
	anchor->complete = complete;
	if (anchor->name == NULL)
		b->status = SCENARIO_NO_MEMORY;
	return b->anchors;
}

static void
refuse_tag(struct builder *b, const yaml_event_t *event, const yaml_char_t *tag)
{
	char shown[SCN_SHOWN_SIZE];

	if (tag == NULL)
		return;
	scn_error(b->errors, mark_of(&event->start_mark),
	    "found the tag %s, expected a value without a tag",
	    scn_show(shown, (const char *)tag, strlen((const char *)tag)));
	b->bad = 1;
}

static void
on_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct scn_node *node;
	char *text;

	refuse_tag(b, event, event->data.scalar.tag);
	if (!builder_count(b, event, 1, length, 1))
		return;
	node = builder_add(b, event, SCN_NODE_SCALAR, length + 1);
	if (node == NULL)
		return;
	text = (char *)(node + 1);
	memcpy(text, value, length);
	node->u.text = text;
	node->count = (uint32_t)length;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->dollar = memchr(value, '$', length) != NULL;
	builder_anchor(b, event, event->data.scalar.anchor, node, 1);
}

static void
on_start(struct builder *b, const yaml_event_t *event, enum scn_node_kind kind,
    const yaml_char_t *name, const yaml_char_t *tag)
{
	size_t before = b->tree->nodes, bytes_before = b->bytes;
	struct frame *frame;
	struct scn_node *node;

	refuse_tag(b, event, tag);
	if (!builder_count(b, event, 1, 0, 1))
		return;
	node = builder_add(b, event, kind, 0);
	if (node == NULL)
		return;
	frame = &b->frame[b->depth++];
	frame->node = node;
	frame->tail = &node->u.child;
	frame->before = before;
	frame->bytes_before = bytes_before;
	frame->height = 1;
	frame->anchor = builder_anchor(b, event, name, node, 0);
}

static void
on_end(struct builder *b)
{
	struct frame *frame = &b->frame[--b->depth];
	struct anchor *anchor;

	if (frame->node->kind == SCN_NODE_MAP)
		frame->node->count /= 2;
	if (b->depth > 0 && frame[-1].height < frame->height + 1)
		frame[-1].height = frame->height + 1;
	if (frame->anchor == 0)
		return;
	anchor = &b->anchor[frame->anchor - 1];
	anchor->nodes = b->tree->nodes - frame->before;
	anchor->bytes = b->bytes - frame->bytes_before;
	anchor->height = frame->height;
	anchor->complete = 1;
}

static void
on_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *anchor = NULL;
	char shown[SCN_SHOWN_SIZE];
	struct scn_node *node;
	unsigned i;

	for (i = b->anchors; i > 0 && anchor == NULL; i--) {
		if (strcmp(b->anchor[i - 1].name, name) == 0)
			anchor = &b->anchor[i - 1];
	}
	if (anchor == NULL || !anchor->complete) {
		scn_error(b->errors, mark_of(&event->start_mark), anchor == NULL ?
		    "found the alias '*%s', expected an anchor of that name before it" :
		    "found the alias '*%s' inside what it stands for, expected it outside",
		    scn_show(shown, name, strlen(name)));
		b->bad = 1;
		return;
	}
	if (!builder_count(b, event, anchor->nodes, anchor->bytes, anchor->height))
		return;
	node = builder_add(b, event, SCN_NODE_ALIAS, 0);
	if (node != NULL)
		node->u.target = anchor->node;
}

static void
on_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++b->documents > 1)
			builder_fail(b, event,
			    "found a second document, expected one scenario a file");
		break;
	case YAML_ALIAS_EVENT:
		on_alias(b, event);
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(b, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		on_start(b, event, SCN_NODE_LIST, event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
		break;
	case YAML_MAPPING_START_EVENT:
		on_start(b, event, SCN_NODE_MAP, event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(b);
		break;
	default:
		break;
	}
}

/* --- the file --------------------------------------------------------------------------------- */

static void
builder_run(struct builder *b)
{
	yaml_event_t event;
	int done = 0;

	while (!done && b->status == SCENARIO_OK && !scn_errors_enough(b->errors)) {
		if (!yaml_parser_parse(&b->parser, &event)) {
			refuse(b);
			return;
		}
		done = event.type == YAML_STREAM_END_EVENT;
		on_event(b, &event);
		yaml_event_delete(&event);
	}
}

enum scenario_status
scn_yaml_parse(const char *text, size_t size, struct scn_arena *arena, struct scn_errlist *errors,
    struct scn_tree *tree)
{
	static const struct scn_mark start = { 1, 1 };
	struct frame frame[SCN_DEPTH_MAX + 1]; /* not cleared: most of it is never looked at */
	struct builder b;

	memset(tree, 0, sizeof(*tree));
	memset(&b, 0, sizeof(b));
	if (!yaml_parser_initialize(&b.parser))
		return SCENARIO_NO_MEMORY;
	b.text = text;
	b.size = size;
	b.frame = frame;
	b.arena = arena;
	b.errors = errors;
	b.tree = tree;
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, size);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	builder_run(&b);
	yaml_parser_delete(&b.parser);
	if (b.status == SCENARIO_OK && !b.bad && tree->root == NULL) {
		scn_error(errors, start, "found nothing, expected a scenario");
		b.bad = 1;
	}
	return b.status == SCENARIO_OK && b.bad ? SCENARIO_BAD : b.status;
}
