/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading scenarios: one sample with every part of the language, compared value by value; files
 * that are wrong, each with the exact text of its errors beside it; hostile and broken bytes; the
 * schema.
 *
 * With VKEPT_REBASE set in the environment the files of errors, and the schema, are written instead
 * of compared; the difference is then for a person to read.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "scenario/scenario.h"

#define SAMPLE "tests/data/sample.yaml"
#define BAD "tests/data/bad"
#define SCHEMA "schema/scenario.schema.json"

/* --- texts ------------------------------------------------------------------------------------ */

/* A text that grows. */
struct text {
	char *s;
	size_t size, room;
};

static void
text_add(void *ctx, const char *s, size_t size)
{
	struct text *text = ctx;

	if (text->size + size + 1 > text->room) {
		text->room = (text->size + size + 1) * 2;
		text->s = realloc(text->s, text->room);
		assert_non_null(text->s);
	}
	memcpy(text->s + text->size, s, size);
	text->size += size;
	text->s[text->size] = '\0';
}

static void
text_puts(struct text *text, const char *s)
{
	text_add(text, s, strlen(s));
}

static void
text_times(struct text *text, const char *s, unsigned times)
{
	while (times-- > 0)
		text_puts(text, s);
}

/* The whole file; s is NULL when there is none. */
static struct text
file_read(const char *name)
{
	struct text text = { NULL, 0, 0 };
	FILE *file = fopen(name, "rb");
	char buf[4096];
	size_t size;

	if (file == NULL)
		return text;
	text_puts(&text, "");
	while ((size = fread(buf, 1, sizeof(buf), file)) > 0)
		text_add(&text, buf, size);
	fclose(file);
	return text;
}

static void
file_write(const char *name, const struct text *text)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(text->s, 1, text->size, file), text->size);
	assert_int_equal(fclose(file), 0);
}

/* Says where two texts part. */
static void
print_difference(const char *name, const char *expected, const char *found)
{
	size_t line = 1, start = 0, i;

	for (i = 0; expected[i] != '\0' && expected[i] == found[i]; i++) {
		if (expected[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	print_error("%s:%zu: expected\n%.*s\nfound\n%.*s\n", name, line,
	    (int)strcspn(expected + start, "\n"), expected + start,
	    (int)strcspn(found + start, "\n"), found + start);
}

/* Compares with a file, or writes it; returns whether they agree. */
static int
file_agrees(const char *name, const struct text *text)
{
	struct text golden;
	int agrees;

	if (getenv("VKEPT_REBASE") != NULL) {
		file_write(name, text);
		return 1;
	}
	golden = file_read(name);
	agrees = golden.s != NULL && golden.size == text->size &&
	    memcmp(golden.s, text->s, text->size) == 0;
	if (!agrees)
		print_difference(name, golden.s != NULL ? golden.s : "", text->s);
	free(golden.s);
	return agrees;
}

/* Loads from memory that ends where the text does, so that reading beyond it shows. */
static enum scenario_status
load(const char *s, size_t size, struct scenario_list *list, struct scenario_errors *errors)
{
	char *exact = malloc(size > 0 ? size : 1);
	enum scenario_status status;

	assert_non_null(exact);
	memcpy(exact, s, size);
	status = scenario_load("file", exact, size, list, errors);
	free(exact);
	assert_true((status == SCENARIO_BAD) == (errors->count > 0));
	assert_true((status == SCENARIO_OK) == (list->count > 0));
	return status;
}

/* Errors as lines of "line:column: text". */
static struct text
errors_text(const struct scenario_errors *errors)
{
	struct text text = { NULL, 0, 0 };
	char place[64];
	size_t i;

	text_puts(&text, "");
	for (i = 0; i < errors->count; i++) {
		snprintf(place, sizeof(place), "%u:%u: ", errors->error[i].line,
		    errors->error[i].column);
		text_puts(&text, place);
		text_puts(&text, errors->error[i].text);
		text_puts(&text, "\n");
	}
	return text;
}

/* Loads a text that must be wrong in exactly this way. */
static void
assert_errors(const struct text *yaml, const char *expected)
{
	struct scenario_errors errors;
	struct scenario_list list;
	struct text text;

	assert_int_equal(load(yaml->s, yaml->size, &list, &errors), SCENARIO_BAD);
	text = errors_text(&errors);
	assert_string_equal(text.s, expected);
	free(text.s);
	scenario_errors_free(&errors);
}

/* The only scenario of a text that must be right. */
static struct scenario *
load_one(const char *s, size_t size)
{
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *scenario;
	struct text text;

	if (load(s, size, &list, &errors) != SCENARIO_OK) {
		text = errors_text(&errors);
		print_error("%s", text.s);
		free(text.s);
		fail();
	}
	assert_int_equal(list.count, 1);
	scenario = scenario_list_make(&list, 0);
	assert_non_null(scenario);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return scenario;
}

static struct scenario *
load_sample(void)
{
	struct text text = file_read(SAMPLE);
	struct scenario *scenario;

	assert_non_null(text.s);
	scenario = load_one(text.s, text.size);
	free(text.s);
	return scenario;
}

/* --- the sample ------------------------------------------------------------------------------- */

static void
assert_mark(struct scn_mark mark, uint32_t line, uint32_t column)
{
	assert_int_equal(mark.line, line);
	assert_int_equal(mark.column, column);
}

static void
assert_content(const struct scn_content *content, const char *bytes, size_t size)
{
	assert_int_equal(content->size, size);
	assert_non_null(content->data);
	assert_memory_equal(content->data, bytes, size);
}

static void
a_machine_is_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_machine *m = &s->machine;

	(void)state;
	assert_string_equal(s->name, "every part of the language");
	assert_string_equal(s->about, "Two lines\nof prose.\n");
	assert_string_equal(s->variant, "");
	assert_string_equal(s->file, "file");
	assert_int_equal(m->maxphyaddr, 40);
	assert_int_equal(m->cpus, 4);
	assert_int_equal(m->tlb, SCN_TLB_CACHING);
	assert_int_equal(m->tlb_entries, 16);
	assert_int_equal(m->features, SCN_FEATURE_1G_PAGES | SCN_FEATURE_NX | SCN_FEATURE_SMEP |
	    SCN_FEATURE_SMAP | SCN_FEATURE_PKU | SCN_FEATURE_PKS | SCN_FEATURE_EPT_AD |
	    SCN_FEATURE_EPT_2M | SCN_FEATURE_EPT_1G | SCN_FEATURE_LA57 | SCN_FEATURE_PCID |
	    SCN_FEATURE_VPID);
	assert_mark(m->src.mark, 7, 3);
	assert_mark(scn_mark_of(&m->src, SCN_KEY_CPUS), 8, 9);
	assert_mark(scn_mark_of(&m->src, SCN_KEY_TLB_ENTRIES), 11, 16);
	scenario_free(s);
}

static void
a_host_is_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_host *h = &s->host;
	const struct scn_region *r;

	(void)state;
	assert_int_equal(h->memory, 0x80000000);
	assert_int_equal(h->spaces, 2);
	assert_string_equal(h->space[0].name, "main");
	assert_string_equal(h->space[1].name, "other");
	assert_int_equal(h->space[1].regions, 0);
	assert_int_equal(h->objects, 1);
	assert_int_equal(h->object[0].size, 8192);
	assert_content(&h->object[0].content, "shared", 6);
	assert_int_equal(h->space[0].regions, 3);
	r = h->space[0].region;
	assert_int_equal(r[0].at, 0x10000);
	assert_int_equal(r[0].size, 65536);
	assert_int_equal(r[0].prot, 7);
	assert_int_equal(r[0].backing, SCN_BACKING_ZERO);
	assert_int_equal(r[0].object, SCN_NONE);
	assert_int_equal(r[0].cow, 0);
	assert_int_equal(r[1].prot, SCN_PROT_R);
	assert_int_equal(r[1].backing, SCN_BACKING_FILE);
	assert_int_equal(r[1].offset, 2);
	assert_int_equal(r[1].cow, 1);
	assert_content(&r[1].content, "hello", 5);
	assert_int_equal(r[2].prot, SCN_PROT_R | SCN_PROT_W);
	assert_int_equal(r[2].backing, SCN_BACKING_OBJECT);
	assert_int_equal(r[2].object, 0);
	assert_int_equal(r[2].offset, 4096);
	assert_int_equal(r[2].cow, 1);
	assert_mark(r[2].src.mark, 20, 9);
	assert_int_equal(h->frames, 1);
	assert_int_equal(h->frame[0].kind, SCN_AT_HPA);
	assert_int_equal(h->frame[0].at, 0x1000);
	assert_content(&h->frame[0].content, "\xde\xad\xbe\xef", 4);
	scenario_free(s);
}

static void
an_ept_is_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_ept_item *e = s->host.ept;

	(void)state;
	assert_int_equal(s->host.epts, 5);
	assert_null(e[0].entry);
	assert_int_equal(e[0].map->gpa, 0);
	assert_int_equal(e[0].map->hpa, 0x1000000);
	assert_int_equal(e[0].map->size, 0x400000);
	assert_int_equal(e[0].map->page, 0x200000);
	assert_int_equal(e[0].map->bits,
	    EPT_R | EPT_X | (4 << EPT_MEMTYPE_SHIFT) | EPT_IPAT | EPT_A |
	    EPT_D | EPT_PS);
	assert_null(e[1].map);
	assert_int_equal(e[1].entry->form, SCN_ENTRY_EXACT);
	assert_int_equal(e[1].entry->level, 2);
	assert_int_equal(e[1].entry->entry, 0x8000000000000007);
	assert_int_equal(e[1].entry->host_space, 0);
	assert_int_equal(e[2].entry->form, SCN_ENTRY_BITS);
	assert_int_equal(e[2].entry->level, 1);
	assert_int_equal(e[2].entry->set, EPT_W);
	assert_int_equal(e[2].entry->clear, EPT_R | EPT_X);
	assert_int_equal(e[3].entry->form, SCN_ENTRY_FRAME);
	assert_int_equal(e[3].entry->frame, 0x5000);
	assert_int_equal(e[3].entry->set, EPT_R | (6 << EPT_MEMTYPE_SHIFT));
	assert_int_equal(e[4].entry->set, EPT_RWX | (6 << EPT_MEMTYPE_SHIFT) | EPT_PS | EPT_SVE);
	scenario_free(s);
}

static void
a_guest_is_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_guest_space *g = s->guest.space;
	const struct scn_memory *m = s->guest.memory;

	(void)state;
	assert_int_equal(s->guest.spaces, 2);
	assert_string_equal(g[0].name, "main");
	assert_int_equal(g[0].root, 0x1000);
	assert_int_equal(g[0].tables_at, 0x2000);
	assert_int_equal(g[0].tables_size, 65536);
	assert_int_equal(g[0].layout, SCN_LAYOUT_HARDWARE);
	assert_int_equal(g[0].levels, 4);
	assert_int_equal(g[0].deferred, 0);
	assert_int_equal(g[0].host_space, 0);
	assert_int_equal(g[0].maps, 2);
	assert_int_equal(g[0].map[0].bits, VK_PG_P | VK_PG_RW | VK_PG_US);
	assert_int_equal(g[0].map[1].gva, 0x8040200000);
	assert_int_equal(g[0].map[1].bits, VK_PG_P | VK_PG_US | VK_PG_PS | VK_PG_PAT_LARGE |
	    (1ull << 52) | (5ull << VK_PG_PKEY_SHIFT));
	assert_int_equal(g[0].entries, 4);
	assert_int_equal(g[0].entry[0].where, SCN_ENTRY_AT_GVA);
	assert_int_equal(g[0].entry[0].level, 4);
	assert_int_equal(g[0].entry[0].form, SCN_ENTRY_EXACT);
	assert_int_equal(g[0].entry[1].where, SCN_ENTRY_AT_TABLE);
	assert_int_equal(g[0].entry[1].index, 3);
	assert_int_equal(g[0].entry[1].clear, VK_PG_P);
	assert_int_equal(g[0].entry[2].where, SCN_ENTRY_AT_GPA);
	assert_int_equal(g[0].entry[2].form, SCN_ENTRY_FRAME);
	assert_int_equal(g[0].entry[2].set, VK_PG_P | VK_PG_RW | VK_PG_US);
	assert_int_equal(g[0].entry[3].set, 0x401);
	assert_int_equal(g[1].layout, SCN_LAYOUT_VPTE_OLD);
	assert_int_equal(g[1].levels, 5);
	assert_int_equal(g[1].deferred, 1);
	assert_int_equal(g[1].host_space, 1);
	assert_int_equal(g[1].tables_at, 0x101000);
	assert_int_equal(g[1].tables_size, 16 * 4096);
	assert_int_equal(s->guest.memories, 3);
	assert_content(&m[0].content, "text\0more", 9);
	assert_content(&m[1].content, "\1\0\0\0\0\0\0\0\x11\x22\x33\x44\x55\x66\x77\x88", 16);
	assert_int_equal(m[2].host_space, 1);
	assert_null(m[2].content.data);
	assert_int_equal(m[2].content.size, 4096);
	assert_int_equal(m[2].content.fill, 0x41);
	scenario_free(s);
}

static void
threads_are_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_thread *t = s->thread;

	(void)state;
	assert_int_equal(s->threads, 2);
	assert_string_equal(t[0].name, "master");
	assert_int_equal(t[0].role, SCN_ROLE_MASTER);
	assert_int_equal(t[0].cpu, 1);
	assert_int_equal(t[0].space, 0);
	assert_int_equal(t[0].host_space, 0);
	assert_int_equal(t[0].cpl, 0);
	assert_int_equal(t[0].cr0, VK_CR0_PG);
	assert_int_equal(t[0].cr4, VK_CR4_SMEP);
	assert_int_equal(t[0].efer, VK_EFER_NXE);
	assert_int_equal(t[0].cr3_bits, 0x18);
	assert_int_equal(t[0].vpid, 1);
	assert_int_equal(t[0].user_end, 0x7fffffe00000);
	assert_int_equal(t[1].role, SCN_ROLE_PROCESS);
	assert_int_equal(t[1].space, SCN_NONE);
	assert_int_equal(t[1].host_space, 1);
	assert_int_equal(t[1].user_end, 0x80000000);
	assert_int_equal(t[1].cr0, 0);
	assert_int_equal(t[1].steps, 1);
	assert_int_equal(t[1].step[0].thread, 1);
	assert_int_equal(s->schedule.order, SCN_ORDER_SCRIPT);
	assert_int_equal(s->schedule.scripts, 3);
	assert_int_equal(s->schedule.script[1], 1);
	assert_mark(s->schedule.script_mark[1], 104, 29);
	scenario_free(s);
}

/* The step of the sample's first thread that does this, `skip` of the same kind passed over. */
static const struct scn_step *
step_of(const struct scenario *s, enum scn_op op, unsigned skip)
{
	size_t i;

	for (i = 0; i < s->thread[0].steps; i++) {
		if (s->thread[0].step[i].op == op && skip-- == 0)
			return &s->thread[0].step[i];
	}
	fail_msg("the sample has no such step: %s", scn_op_name(op));
	return NULL;
}

static void
steps_of_the_guest_are_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_step *p;

	(void)state;
	p = step_of(s, SCN_OP_READ, 0);
	assert_string_equal(p->what, "a sentence");
	assert_int_equal(p->at, 0x400000);
	assert_int_equal(p->size, 8);
	assert_int_equal(p->repeat, 3);
	assert_true(scn_has(&p->src, SCN_KEY_AT));
	assert_false(scn_has(&p->src, SCN_KEY_SIZE));
	assert_mark(p->src.mark, 57, 9);
	assert_mark(scn_mark_of(&p->src, SCN_KEY_AT), 57, 15);
	assert_mark(scn_mark_of(&p->src, SCN_KEY_SIZE), 57, 9);
	p = step_of(s, SCN_OP_WRITE, 0);
	assert_int_equal(p->size, 15);
	assert_content(&p->content, "hi there, world", 15);
	assert_int_equal(p->repeat, 1);
	p = step_of(s, SCN_OP_WRITE, 1);
	assert_true(scn_has(&p->src, SCN_KEY_VALUE));
	assert_int_equal(p->size, 2);
	assert_int_equal(p->value, 0x1234);
	assert_int_equal(step_of(s, SCN_OP_XCHG, 0)->size, 8);
	p = step_of(s, SCN_OP_CAS, 0);
	assert_int_equal(p->size, 4);
	assert_int_equal(p->expected, 1);
	assert_int_equal(p->value, 0xffffffff);
	assert_int_equal(step_of(s, SCN_OP_MOV_CR3, 0)->space, 1);
	assert_int_equal(step_of(s, SCN_OP_MOV_CR3, 1)->value, 0x1018);
	assert_int_equal(step_of(s, SCN_OP_MOV_CR3, 1)->space, SCN_NONE);
	p = step_of(s, SCN_OP_MOV_CR4, 0);
	assert_int_equal(p->set, VK_CR4_SMAP | VK_CR4_PCIDE);
	assert_int_equal(p->clear, VK_CR4_SMEP);
	p = step_of(s, SCN_OP_MODE, 0);
	assert_int_equal(p->cpl, 3);
	assert_true(scn_has(&p->src, SCN_KEY_AC));
	assert_false(scn_has(&p->src, SCN_KEY_NXE));
	assert_int_equal(step_of(s, SCN_OP_INVPCID, 0)->type, SCN_INV_ALL);
	assert_int_equal(step_of(s, SCN_OP_VMX, 0)->reason, 20);
	assert_int_equal(step_of(s, SCN_OP_EXCEPTION, 0)->vector, 13);
	assert_int_equal(step_of(s, SCN_OP_EXCEPTION, 0)->error_code, 8);
	p = step_of(s, SCN_OP_SYSCALL, 0);
	assert_int_equal(p->number, 4);
	assert_int_equal(p->arg_count, 3);
	assert_int_equal(p->args[2], 12);
	assert_content(&p->content, "\x0f\x05", 2);
	p = step_of(s, SCN_OP_SYSCALL, 1);
	assert_int_equal(p->number, UINT64_MAX);
	assert_content(&p->content, "\x48\x0f\x05", 3);
	assert_int_equal(step_of(s, SCN_OP_CPUID, 0)->leaf, 0);
	assert_int_equal(step_of(s, SCN_OP_HLT, 0)->src.mark.line, 69);
	scenario_free(s);
}

static void
steps_of_kernel_and_vmm_are_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_step *p;

	(void)state;
	p = step_of(s, SCN_OP_COPYIN, 0);
	assert_int_equal(p->size, UINT64_MAX);
	assert_int_equal(p->thread, 0);
	assert_int_equal(step_of(s, SCN_OP_COPYOUT, 0)->size, 16);
	assert_int_equal(step_of(s, SCN_OP_COPYOUT, 1)->size, 0);
	assert_int_equal(step_of(s, SCN_OP_CASU32, 0)->thread, 1);
	p = step_of(s, SCN_OP_VMINIT, 0);
	assert_int_equal(p->master, 0);
	assert_int_equal(p->ept_root, 0x1000);
	p = step_of(s, SCN_OP_SYNC_ADDR, 0);
	assert_int_equal(p->dst, 0x400000);
	assert_int_equal(p->src_addr, 0x400008);
	assert_int_equal(step_of(s, SCN_OP_INVEPT, 0)->type, SCN_INV_SINGLE);
	p = step_of(s, SCN_OP_INVVPID, 0);
	assert_int_equal(p->type, SCN_INV_ADDRESS);
	assert_int_equal(p->inv_id, 1);
	assert_int_equal(step_of(s, SCN_OP_WAIT, 0)->thread, 1);
	assert_int_equal(step_of(s, SCN_OP_WAIT, 1)->count, 1);
	p = step_of(s, SCN_OP_MMAP, 0);
	assert_int_equal(p->region->at, 0x40000);
	assert_int_equal(p->host_space, 0);
	assert_int_equal(step_of(s, SCN_OP_MPROTECT, 0)->prot, 0);
	assert_int_equal(step_of(s, SCN_OP_MUNMAP, 0)->size, 4096);
	p = step_of(s, SCN_OP_SET_ENTRY, 0);
	assert_int_equal(p->entry->swap, 1);
	assert_int_equal(p->entry->space, 0);
	assert_int_equal(p->entry->clear, VK_PG_RW);
	assert_int_equal(step_of(s, SCN_OP_SET_EPT, 0)->ept->set, EPT_R);
	p = step_of(s, SCN_OP_POKE, 0);
	assert_int_equal(p->kind, SCN_AT_HPA);
	assert_int_equal(p->size, 4);
	assert_int_equal(p->host_space, SCN_NONE);
	p = step_of(s, SCN_OP_PEEK, 0);
	assert_int_equal(p->kind, SCN_AT_GPA);
	assert_int_equal(p->host_space, 1);
	p = step_of(s, SCN_OP_PMAP, 0);
	assert_int_equal(p->pmap, SCN_PMAP_CLEAN);
	assert_int_equal(p->space, 0);
	assert_int_equal(p->at, 0x400000);
	assert_int_equal(step_of(s, SCN_OP_VK_COPYOUT, 0)->size, 1);
	assert_int_equal(step_of(s, SCN_OP_NEW_SPACE, 0)->space, 1);
	assert_int_equal(step_of(s, SCN_OP_EXIT, 0)->value, 3);
	scenario_free(s);
}

static void
expectations_are_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_expect *e = step_of(s, SCN_OP_READ, 0)->expect;

	(void)state;
	assert_int_equal(e->outcome, SCN_OUTCOME_PF);
	assert_int_equal(e->error_code, 4);
	assert_int_equal(e->cr2, 0x400000);
	assert_false(scn_has(&e->src, SCN_KEY_GPA));
	assert_mark(scn_mark_of(&e->src, SCN_KEY_CR2), 59, 51);
	assert_int_equal(e->exits, 2);
	assert_int_equal(e->exit[0].intr_info, 0x80000b0e);
	assert_int_equal(e->exit[0].reason, 0);
	assert_int_equal(e->exit[1].reason, 10);
	e = step_of(s, SCN_OP_COPYIN, 0)->expect;
	assert_int_equal(e->outcome, SCN_OUTCOME_EFAULT);
	assert_true(scn_has(&e->src, SCN_KEY_DONE));
	e = step_of(s, SCN_OP_CASU32, 0)->expect;
	assert_false(scn_has(&e->src, SCN_KEY_OUTCOME));
	assert_int_equal(e->eithers, 2);
	assert_int_equal(e->either[0].value, 1);
	assert_int_equal(e->either[0].memories, 1);
	assert_content(&e->either[0].memory[0].content, "\2\0\0\0", 4);
	assert_int_equal(e->either[1].outcome, SCN_OUTCOME_EFAULT);
	e = step_of(s, SCN_OP_PEEK, 0)->expect;
	assert_int_equal(e->stale, 0);
	assert_int_equal(e->reads, 4);
	assert_int_equal(e->hpa, 0x1000);
	assert_int_equal(e->ept[0].set, EPT_A);
	assert_int_equal(e->ept[0].clear, EPT_D);
	assert_int_equal(e->entry[0].space, 1);
	assert_int_equal(e->entry[0].level, 2);
	assert_int_equal(e->tlbs, 2);
	assert_int_equal(e->tlb[0].cpu, 1);
	assert_int_equal(e->tlb[0].kind, SCN_TLB_COMBINED);
	assert_int_equal(e->tlb[0].gva, 0x1000);
	assert_int_equal(e->tlb[0].hpa, 0x2000);
	assert_int_equal(e->tlb[0].vpid, 3);
	assert_true(scn_has(&e->tlb[0].src, SCN_KEY_GLOBAL));
	assert_true(scn_has(&e->tlb[0].src, SCN_KEY_COUNT));
	assert_false(scn_has(&e->tlb[1].src, SCN_KEY_CPU));
	assert_int_equal(e->tlb[1].kind, SCN_TLB_GUEST_PHYSICAL_STRUCTURE);
	assert_int_equal(e->tlb[1].level, 2);
	assert_int_equal(e->tlb[1].ept_root, 0x3000);
	assert_false(scn_has(&e->tlb[1].src, SCN_KEY_COUNT));
	assert_int_equal(s->expect.tlb[0].count, 7);
	assert_int_equal(s->expect.always, SCN_ALWAYS_NO_REVOKED_USE | SCN_ALWAYS_GATE_BALANCED);
	assert_content(&s->expect.console, "hi\n", 3);
	assert_int_equal(s->expect.memories, 2);
	assert_int_equal(s->expect.memory[1].kind, SCN_AT_HPA);
	assert_int_equal(s->expect.ept[0].host_space, 1);
	assert_int_equal(s->expect.counters, 2);
	assert_int_equal(s->expect.counter[1].counter, SCN_COUNTER_VM_FAULTS);
	assert_int_equal(s->expect.counter[1].value, 16);
	assert_int_equal(s->expect.threads, 2);
	assert_int_equal(s->expect.thread[0].end, SCN_END_EXITED);
	assert_mark(s->expect.thread[1].mark, 112, 37);
	scenario_free(s);
}

static void
outcomes_are_read(void **state)
{
	struct scenario *s = load_sample();
	const struct scn_step *look = &s->thread[1].step[0];

	(void)state;
	assert_string_equal(look->label, "look");
	assert_int_equal(look->conditions, 0x5);
	assert_int_equal(s->thread[0].step[2].conditions, 0x2);
	assert_int_equal(s->thread[0].step[1].conditions, 0);
	assert_null(s->thread[0].step[2].label);
	assert_int_equal(s->conditions, 3);
	assert_int_equal(s->reaches, 3);
	assert_true(s->reach[0].wanted);
	assert_string_equal(s->reach[0].what, "both saw it");
	assert_int_equal(s->reach[0].conditions, 2);
	assert_int_equal(s->reach[0].needs, 0x3);
	assert_ptr_equal(s->condition[1], &s->reach[0].condition[1]);
	assert_int_equal(s->condition[0]->thread, 1);
	assert_int_equal(s->condition[0]->step, 0);
	assert_int_equal(s->condition[0]->expect.value, 1);
	assert_true(scn_has(&s->condition[0]->expect.src, SCN_KEY_VALUE));
	assert_int_equal(s->condition[1]->step, 2);
	assert_mark(s->condition[1]->expect.src.mark, 115, 75);
	assert_int_equal(s->reach[0].final.memories, 1);
	assert_false(s->reach[1].wanted);
	assert_null(s->reach[1].what);
	assert_mark(s->reach[1].final.src.mark, 117, 7);
	assert_int_equal(s->reach[1].needs, 0);
	assert_int_equal(s->reach[1].final.thread[0].end, SCN_END_KILLED);
	assert_int_equal(s->reach[2].needs, 0x4);
	assert_int_equal(s->condition[2]->expect.eithers, 2);
	scenario_free(s);
}

static void
an_exploration_is_read(void **state)
{
	static const char head[] = "scenario: x\n"
	    "threads: [{name: t, role: kernel, steps: []}, {name: u, role: bare, "
	    "mode: {paging: no}, steps: [{hlt: , repeat: forever}]}]\nschedule: ";
	static const struct {
		const char *what, *yaml;
		const char *given; /* preemptions, depth, states: one letter each */
		struct scn_explore explore;
	} row[] = {
		{ "no bounds, in short", "explore", "", { .preemptions = 0 } },
		{ "no bounds, in full", "{explore: {}}", "", { .preemptions = 0 } },
		{ "no preemptions at all", "{explore: {preemptions: 0}}", "p",
		    { .preemptions = 0 } },
		{ "every bound", "{explore: {preemptions: 3, states: 1M, depth: 200}}", "pds",
		    { .preemptions = 3, .depth = 200, .states = 0x100000 } },
		{ "store buffers", "{explore: {memory: tso}}", "", { .memory = SCN_STORES_TSO } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct text text = { NULL, 0, 0 };
		const struct scn_explore *found, *expected = &row[i].explore;
		struct scenario *s;

		print_message("%s\n", row[i].what);
		text_puts(&text, head);
		text_puts(&text, row[i].yaml);
		s = load_one(text.s, text.size);
		found = &s->schedule.explore;
		assert_int_equal(s->schedule.order, SCN_ORDER_EXPLORE);
		assert_int_equal(scn_has(&found->src, SCN_KEY_PREEMPTIONS),
		    strchr(row[i].given, 'p') != NULL);
		assert_int_equal(scn_has(&found->src, SCN_KEY_DEPTH),
		    strchr(row[i].given, 'd') != NULL);
		assert_int_equal(scn_has(&found->src, SCN_KEY_STATES),
		    strchr(row[i].given, 's') != NULL);
		assert_int_equal(found->preemptions, expected->preemptions);
		assert_int_equal(found->depth, expected->depth);
		assert_int_equal(found->states, expected->states);
		assert_int_equal(found->memory, expected->memory);
		assert_false(scn_thread_is_daemon(&s->thread[0]));
		assert_true(scn_thread_is_daemon(&s->thread[1]));
		scenario_free(s);
		free(text.s);
	}
}

static void
what_is_not_written_has_its_default(void **state)
{
	static const char yaml[] = "scenario: x\n"
	    "threads: [{name: t, role: bare, mode: {paging: no}, steps: [hlt]}]\n";
	struct scenario *s = load_one(yaml, sizeof(yaml) - 1);

	(void)state;
	assert_int_equal(s->machine.maxphyaddr, 46);
	assert_int_equal(s->machine.cpus, 1);
	assert_int_equal(s->machine.tlb, SCN_TLB_NONE);
	assert_int_equal(s->machine.tlb_entries, 64);
	assert_int_equal(s->host.memory, 1 << 30);
	assert_int_equal(s->host.spaces, 0);
	assert_null(s->about);
	assert_int_equal(s->schedule.order, SCN_ORDER_IN_ORDER);
	assert_int_equal(s->reaches, 0);
	assert_int_equal(s->thread[0].cpl, 3);
	assert_int_equal(s->thread[0].cr0, VK_CR0_WP);
	assert_int_equal(s->thread[0].vpid, 0);
	assert_int_equal(s->thread[0].space, SCN_NONE);
	assert_int_equal(s->thread[0].host_space, SCN_NONE);
	assert_mark(s->expect.src.mark, 1, 1);
	scenario_free(s);
}

/* --- matrices and aliases --------------------------------------------------------------------- */

static void
a_matrix_makes_every_combination_in_order(void **state)
{
	static const char yaml[] = "scenario: cpus ${n} of $${n}, ${page}\n"
	    "matrix: {n: [1, 2, 3], page: [4K, 2M]}\n"
	    "machine: {cpus: \"${n}\"}\n"
	    "guest:\n"
	    "  spaces:\n"
	    "    main: {root: 0x1000, map: [{gva: 0, gpa: 0, size: 2M, page: \"${page}\"}]}\n"
	    "threads: [{name: \"t${n}\", role: bare, steps: [read: \"0x${n}000\"]}]\n";
	static const char *const variants[] = { "n=1 page=4K", "n=1 page=2M", "n=2 page=4K",
		"n=2 page=2M", "n=3 page=4K", "n=3 page=2M" };
	struct text text = { NULL, 0, 0 };
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *s;
	size_t i;

	(void)state;
	text_puts(&text, yaml);
	assert_int_equal(load(text.s, text.size, &list, &errors), SCENARIO_OK);
	assert_int_equal(list.count, 6);
	for (i = 6; i-- > 0;) {
		s = scenario_list_make(&list, i);
		assert_non_null(s);
		assert_string_equal(s->variant, variants[i]);
		assert_int_equal(s->machine.cpus, i / 2 + 1);
		assert_int_equal(s->thread[0].step[0].at, (i / 2 + 1) * 0x1000);
		assert_int_equal(s->guest.space[0].map[0].page, i % 2 ? 0x200000 : 0x1000);
		scenario_free(s);
	}
	s = scenario_list_make(&list, 5);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	assert_string_equal(s->name, "cpus 3 of ${n}, 2M");
	assert_string_equal(s->thread[0].name, "t3");
	scenario_free(s);
	/* Each combination is checked, and an error that only some have is an error. */
	text_puts(&text, "expect: {threads: {t1: finished}}\n");
	assert_errors(&text, "8:20: found 't1', which is not a thread, did you mean 't2'?\n"
	    "8:20: found 't1', which is not a thread, did you mean 't3'?\n");
	free(text.s);
}

static void
an_alias_stands_for_what_its_anchor_marks(void **state)
{
	static const char yaml[] = "scenario: x\n"
	    "about: &name text\n"
	    "threads:\n"
	    "  - {name: *name, role: kernel, steps: &steps [&wait {wait: b}, *wait]}\n"
	    "  - {name: b, role: process, host-space: main, steps: [peek: {gpa: 0}]}\n"
	    "host: {spaces: {main: []}}\n";
	struct scenario *s = load_one(yaml, sizeof(yaml) - 1);

	(void)state;
	assert_string_equal(s->thread[0].name, "text");
	assert_int_equal(s->thread[0].steps, 2);
	assert_int_equal(s->thread[0].step[1].op, SCN_OP_WAIT);
	assert_mark(s->thread[0].step[1].src.mark, 4, 55);
	scenario_free(s);
}

/* --- errors ----------------------------------------------------------------------------------- */

static int
is_yaml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".yaml") == 0;
}

/* Loads one wrong file and compares its errors; returns whether they agree. */
static int
bad_file_agrees(const char *name)
{
	char yaml[512], expected[512];
	struct scenario_errors errors;
	struct scenario_list list;
	struct text text, found;
	int agrees;

	snprintf(yaml, sizeof(yaml), BAD "/%s", name);
	snprintf(expected, sizeof(expected), BAD "/%.*s.errors", (int)(strlen(name) - 5), name);
	text = file_read(yaml);
	assert_non_null(text.s);
	if (load(text.s, text.size, &list, &errors) != SCENARIO_BAD) {
		print_error("%s: found no error\n", yaml);
		scenario_list_free(&list);
		agrees = 0;
	} else {
		found = errors_text(&errors);
		agrees = file_agrees(expected, &found);
		free(found.s);
	}
	scenario_errors_free(&errors);
	free(text.s);
	return agrees;
}

static void
every_error_is_said_with_its_place(void **state)
{
	struct dirent **entry;
	int count = scandir(BAD, &entry, is_yaml, alphasort), differ = 0, i;

	(void)state;
	assert_true(count > 30);
	for (i = 0; i < count; i++) {
		differ += !bad_file_agrees(entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	assert_int_equal(differ, 0);
}

static void
more_errors_than_are_shown_are_counted(void **state)
{
	struct text text = { NULL, 0, 0 };
	struct scenario_errors errors;
	struct scenario_list list;
	char line[32];
	unsigned i;

	(void)state;
	text_puts(&text, "scenario: x\nthreads: []\n");
	for (i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "k%u: 1\n", i);
		text_puts(&text, line);
	}
	assert_int_equal(load(text.s, text.size, &list, &errors), SCENARIO_BAD);
	assert_int_equal(errors.count, SCN_ERRORS_MAX + 1);
	assert_int_equal(errors.error[0].line, 3);
	assert_int_equal(errors.error[49].line, 52);
	assert_int_equal(errors.error[50].line, 0);
	assert_string_equal(errors.error[50].text, "at least 950 more errors");
	assert_string_equal(errors.file, "file");
	scenario_errors_free(&errors);
	free(text.s);
}

/* --- hostile bytes ---------------------------------------------------------------------------- */

static void
a_file_cut_anywhere_is_loaded_or_refused(void **state)
{
	struct text text = file_read(SAMPLE);
	struct scenario_errors errors;
	struct scenario_list list;
	size_t size, refused = 0;

	(void)state;
	assert_non_null(text.s);
	for (size = 0; size < text.size; size++) {
		if (load(text.s, size, &list, &errors) == SCENARIO_OK)
			scenario_list_free(&list);
		else
			refused++;
		scenario_errors_free(&errors);
	}
	assert_true(refused > text.size / 2);
	free(text.s);
}

static void
a_file_with_any_byte_changed_is_loaded_or_refused(void **state)
{
	static const char bytes[] = "\0 \n\t:-{}[],&*!\"'#$0xK9\xff\x80~";
	struct text text = file_read(SAMPLE);
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *s;
	size_t at;

	(void)state;
	assert_non_null(text.s);
	for (at = 0; at < text.size; at++) {
		char before = text.s[at];

		text.s[at] = bytes[at * 7 % (sizeof(bytes) - 1)];
		if (load(text.s, text.size, &list, &errors) == SCENARIO_OK) {
			s = scenario_list_make(&list, list.count - 1);
			assert_non_null(s);
			scenario_free(s);
			scenario_list_free(&list);
		}
		scenario_errors_free(&errors);
		text.s[at] = before;
	}
	free(text.s);
}

static void
text_that_aliases_multiply_is_refused(void **state)
{
	struct text text = { NULL, 0, 0 };

	(void)state;
	text_puts(&text, "scenario: x\nabout: &t \"");
	text_times(&text, "0123456789abcdef", 4096);
	text_puts(&text, "\"\nx:\n");
	text_times(&text, "  - *t\n", 300);
	assert_errors(&text,
	    "258:5: found more than 16777216 bytes of text (an alias counts as what it "
	    "stands for), expected less\n");
	free(text.s);
}

static void
text_that_variables_multiply_is_refused(void **state)
{
	struct text text = { NULL, 0, 0 };

	(void)state;
	text_puts(&text, "scenario: x\nmatrix:\n  v: [");
	text_times(&text, "0123456789abcdef", 2048);
	text_puts(&text, "]\nguest:\n  memory:\n");
	text_times(&text, "    - {gpa: 0, string: \"${v}${v}${v}${v}${v}${v}${v}${v}\"}\n", 65);
	text_puts(&text, "threads: [{name: t, role: kernel, steps: []}]\n");
	assert_errors(&text, "70:24: found more than 16777216 bytes of text with variables put in, "
	    "expected less\n");
	free(text.s);
}

static void
nesting_is_refused_before_it_costs_memory(void **state)
{
	struct text text = { NULL, 0, 0 };

	(void)state;
	text_puts(&text, "scenario: x\nhost: ");
	text_times(&text, "[", 1000000);
	assert_errors(&text, "2:70: found nesting of more than 64 levels, expected less\n");
	free(text.s);
}

/* `count` outcomes under one key, each with so many steps. */
static void
outcomes_add(struct text *text, const char *key, unsigned count, unsigned steps)
{
	text_puts(text, key);
	for (; count > 0; count--) {
		text_puts(text, "    - {threads: {t: finished}, steps: [");
		text_times(text, "{thread: t, step: 0},", steps);
		text_puts(text, "]}\n");
	}
}

static void
outcomes_and_their_steps_fit_a_word(void **state)
{
	static const char head[] = "scenario: x\n"
	    "threads: [{name: t, role: bare, mode: {paging: no}, steps: [hlt]}]\nexpect:\n";
	struct text text = { NULL, 0, 0 };
	struct scenario *s;

	(void)state;
	text_puts(&text, head);
	outcomes_add(&text, "  reachable:\n", 4, 16);
	outcomes_add(&text, "  unreachable:\n", 60, 0);
	s = load_one(text.s, text.size);
	assert_int_equal(s->reaches, 64);
	assert_int_equal(s->conditions, 64);
	assert_int_equal(s->reach[3].needs, 0xffff000000000000);
	assert_int_equal(s->reach[63].needs, 0);
	assert_int_equal(s->thread[0].step[0].conditions, UINT64_MAX);
	scenario_free(s);
	outcomes_add(&text, "", 2, 0);
	assert_errors(&text, "70:7: found more than 64 outcomes, expected at most that many\n");
	text.size = 0;
	text_puts(&text, head);
	outcomes_add(&text, "  unreachable:\n", 1, 67);
	assert_errors(&text, "5:1384: found more than 64 steps in the outcomes of a scenario, "
	    "expected at most that many\n");
	free(text.s);
}

static void
steps_are_counted_with_their_repetitions(void **state)
{
	struct text text = { NULL, 0, 0 };
	struct scenario *s;

	(void)state;
	text_puts(&text, "scenario: x\nthreads:\n  - {name: u, role: kernel, steps: []}\n"
	    "  - name: t\n    role: bare\n    mode: {paging: no}\n    steps:\n"
	    "      - {hlt: , repeat: 999_999}\n");
	text_puts(&text, "      - {hlt: , repeat: forever}\n");
	s = load_one(text.s, text.size);
	assert_int_equal(s->thread[1].step[1].repeat, SCN_FOREVER);
	scenario_free(s);
	text.size = 0;
	text_puts(&text, "scenario: x\nthreads:\n  - name: t\n    role: bare\n"
	    "    mode: {paging: no}\n    steps:\n      - {hlt: , repeat: 900_000}\n");
	text_times(&text, "      - hlt\n", 100000);
	s = load_one(text.s, text.size);
	assert_int_equal(s->thread[0].steps, 100001);
	assert_int_equal(s->thread[0].step[0].repeat, 900000);
	scenario_free(s);
	text_puts(&text, "      - hlt\n");
	assert_errors(&text,
	    "100008:9: found more than 1000000 steps, repetitions counted, expected "
	    "less\n");
	text_times(&text, "      - hlt\n", 900000);
	assert_errors(&text,
	    "299987:9: found more than 300000 values (an alias counts as what it stands "
	    "for), expected less\n");
	free(text.s);
}

/* --- tables ----------------------------------------------------------------------------------- */

static void
every_name_of_the_tables_is_there_once(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 1; i < SCN_KEYS; i++) {
		assert_non_null(scn_key_name((enum scn_key)i));
		for (j = 1; j < i; j++)
			assert_string_not_equal(scn_key_name((enum scn_key)i),
			    scn_key_name((enum scn_key)j));
	}
	for (i = 0; i < SCN_OPS; i++) {
		assert_non_null(scn_op_name((enum scn_op)i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(scn_op_name((enum scn_op)i),
			    scn_op_name((enum scn_op)j));
	}
	for (i = 0; i < SCN_OUTCOMES; i++)
		assert_string_not_equal(scn_outcome_name((enum scn_outcome)i), "?");
	for (i = 0; i < SCN_COUNTERS; i++)
		assert_string_not_equal(scn_counter_name((enum scn_counter)i), "?");
	assert_string_equal(scn_role_name(SCN_ROLE_KERNEL), "kernel");
	assert_string_equal(scn_end_name(SCN_END_BLOCKED), "blocked");
	assert_string_equal(scn_feature_name(SCN_FEATURE_SPP), "spp");
}

static void
the_schema_is_that_of_the_tables(void **state)
{
	struct text text = { NULL, 0, 0 };
	const struct scn_sink sink = { text_add, &text };

	(void)state;
	scenario_schema_write(&sink);
	assert_true(file_agrees(SCHEMA, &text));
	free(text.s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_is_read),
		cmocka_unit_test(a_host_is_read),
		cmocka_unit_test(an_ept_is_read),
		cmocka_unit_test(a_guest_is_read),
		cmocka_unit_test(threads_are_read),
		cmocka_unit_test(steps_of_the_guest_are_read),
		cmocka_unit_test(steps_of_kernel_and_vmm_are_read),
		cmocka_unit_test(expectations_are_read),
		cmocka_unit_test(outcomes_are_read),
		cmocka_unit_test(an_exploration_is_read),
		cmocka_unit_test(what_is_not_written_has_its_default),
		cmocka_unit_test(a_matrix_makes_every_combination_in_order),
		cmocka_unit_test(an_alias_stands_for_what_its_anchor_marks),
		cmocka_unit_test(every_error_is_said_with_its_place),
		cmocka_unit_test(more_errors_than_are_shown_are_counted),
		cmocka_unit_test(a_file_cut_anywhere_is_loaded_or_refused),
		cmocka_unit_test(a_file_with_any_byte_changed_is_loaded_or_refused),
		cmocka_unit_test(text_that_aliases_multiply_is_refused),
		cmocka_unit_test(text_that_variables_multiply_is_refused),
		cmocka_unit_test(nesting_is_refused_before_it_costs_memory),
		cmocka_unit_test(outcomes_and_their_steps_fit_a_word),
		cmocka_unit_test(steps_are_counted_with_their_repetitions),
		cmocka_unit_test(every_name_of_the_tables_is_there_once),
		cmocka_unit_test(the_schema_is_that_of_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
