/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Histories of stale translations in words and as objects.
 */
#include <jansson.h>
#include <string.h>

#include "report/report_stale.h"
#include "scenario/scenario.h"
#include "support/support_rows.h"

static struct scn_thread threads[2] = { { .name = "guest" }, { .name = "ho\033st" } };
static const struct scenario scenario = { .thread = threads, .threads = 2 };

static const struct {
	const char *what;
	struct stale stale;
	const char *text;
	const char *json;
} rows[] = {
	{ "an entry of the guest",
	    { STALE_ENTRY, 2, 0, 0, EVENT_GUEST, 1, 0x4008, 0x10027, 0x11007, 0, 1, 5, STALE_INVLPG,
	    0x400000 },
	    "PTE[1] at GPA 0x4008, read by guest in step 1, was changed by guest in step 2"
	    " from 0x10027 to 0x11007; INVLPG 0x400000 on CPU 2 after that would have dropped it",
	    "{\"reader\":{\"thread\":\"guest\",\"step\":1},"
	    "\"changer\":{\"thread\":\"guest\",\"step\":2},"
	    "\"entry\":{\"side\":\"guest\",\"level\":1,\"name\":\"PTE\",\"slot\":\"0x4008\","
	    "\"before\":\"0x10027\",\"after\":\"0x11007\"},"
	    "\"missing\":{\"name\":\"INVLPG\",\"gva\":\"0x400000\",\"cpu\":2}}" },
	{ "one of an EPT, and nobody in particular has read it",
	    { STALE_ENTRY, 0, -1, -1, EVENT_EPT, 2, 0x7010, 0x9007, 0, 1, -1, 5, STALE_INVEPT,
	    0x5000 },
	    "EPT L2[2] at HPA 0x7010 was changed by ho\\x1bst from 0x9007 to 0x0;"
	    " INVEPT single-context of root 0x5000 on CPU 0 after that would have dropped it",
	    "{\"changer\":{\"thread\":\"ho\\u001bst\"},"
	    "\"entry\":{\"side\":\"ept\",\"level\":2,\"name\":\"EPT L2\",\"slot\":\"0x7010\","
	    "\"before\":\"0x9007\",\"after\":\"0x0\"},"
	    "\"missing\":{\"name\":\"INVEPT single-context of root\",\"root\":\"0x5000\","
	    "\"cpu\":0}}" },
	{ "a change that is not known any more",
	    { STALE_ENTRY, 0, 0, 3, EVENT_GUEST, 4, 0x1008, 0x2007, 0x3007, -1, -1, 0, STALE_EXIT,
	    0x400000 },
	    "PML4E[1] at GPA 0x1008, read by guest in step 4, was changed from 0x2007 to 0x3007;"
	    " a VM exit on CPU 0 after that would have dropped it",
	    "{\"reader\":{\"thread\":\"guest\",\"step\":4},"
	    "\"entry\":{\"side\":\"guest\",\"level\":4,\"name\":\"PML4E\",\"slot\":\"0x1008\","
	    "\"before\":\"0x2007\",\"after\":\"0x3007\"},"
	    "\"missing\":{\"name\":\"a VM exit\",\"cpu\":0}}" },
	{ "a host's change",
	    { STALE_ENTRY, 0, -1, -1, EVENT_GUEST, 1, 0x4008, 1, 0, -1, -1, 0, STALE_INVVPID,
	    0x400000 },
	    "PTE[1] at GPA 0x4008 was changed from 0x1 to 0x0;"
	    " INVVPID of the address 0x400000 on CPU 0 after that would have dropped it",
	    "{\"entry\":{\"side\":\"guest\",\"level\":1,\"name\":\"PTE\",\"slot\":\"0x4008\","
	    "\"before\":\"0x1\",\"after\":\"0x0\"},"
	    "\"missing\":{\"name\":\"INVVPID of the address\",\"gva\":\"0x400000\",\"cpu\":0}}" },
	{ "another root",
	    { .what = STALE_ROOT, .reader = -1, .changer = -1, .remedy = STALE_MOV_CR3 },
	    "the same tags were in use with another root;"
	    " MOV to CR3 with bit 63 clear on CPU 0 after that would have dropped it",
	    "{\"missing\":{\"name\":\"MOV to CR3 with bit 63 clear\",\"cpu\":0}}" },
	{ "another vCPU's VPID",
	    { .what = STALE_ROOT, .reader = 1, .reader_step = 2, .changer = -1,
	    .remedy = STALE_INVVPID_SINGLE, .operand = 3 },
	    "the same tags were in use with another root, read by ho\\x1bst in step 3;"
	    " INVVPID single-context of VPID 0x3 on CPU 0 after that would have dropped it",
	    "{\"reader\":{\"thread\":\"ho\\u001bst\",\"step\":3},"
	    "\"missing\":{\"name\":\"INVVPID single-context of VPID\",\"vpid\":\"0x3\","
	    "\"cpu\":0}}" },
	{ "nothing is known",
	    { .what = STALE_UNKNOWN, .reader = -1, .changer = -1 },
	    "its history is not known", "{}" },
};

static void
run_text(void **state)
{
	size_t i = (size_t)*state;
	char out[512];
	struct text_buffer buffer = { out, sizeof(out), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	stale_write(&text, &scenario, &rows[i].stale);
	assert_string_equal(out, rows[i].text);
}

static void
run_json(void **state)
{
	size_t i = (size_t)*state;
	char out[1024];
	struct text_buffer buffer = { out, sizeof(out), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	json_t *made, *wanted;
	struct json json;

	json_put_init(&json, &sink);
	json_put_object(&json, NULL);
	stale_write_json(&json, &scenario, &rows[i].stale);
	json_put_end(&json);
	made = json_loads(out, 0, NULL);
	wanted = json_loads(rows[i].json, 0, NULL);
	assert_non_null(made);
	assert_non_null(wanted);
	assert_true(json_equal(made, wanted));
	json_decref(made);
	json_decref(wanted);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++) {
		rows_add(&list, NULL, rows[i].what, run_text, (const void *)i);
		rows_add(&list, NULL, rows[i].what, run_json, (const void *)i);
	}
	return rows_run(&list, "report_stale");
}
