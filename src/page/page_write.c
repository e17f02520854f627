/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the page: its template with the title and the data in their places.
 *
 * Both hold foreign text.  In the title each character that means something to HTML is written as
 * what stands for it.  In the data, which is JSON in an element of its own, such a character can
 * only be inside a string, where JSON has an escape: no text can end the element.
 */
#include <string.h>

#include "page/page_record.h"
#include "page/page_template.h"

/* What stands for a byte on its way out; NULL: itself. */
typedef const char *escape(char byte);

struct escaping {
	struct scn_sink sink;
	escape *escape;
};

static const char *
escape_html(char byte)
{
	return byte == '&' ? "&amp;" : byte == '<' ? "&lt;" : byte == '>' ? "&gt;" :
	    byte == '"' ? "&quot;" : NULL;
}

static const char *
escape_json(char byte)
{
	return byte == '&' ? "\\u0026" : byte == '<' ? "\\u003c" : byte == '>' ? "\\u003e" : NULL;
}

static void
put(const struct scn_sink *sink, const char *bytes, size_t size)
{
	if (size != 0)
		sink->write(sink->ctx, bytes, size);
}

static void
write_escaped(void *ctx, const char *bytes, size_t size)
{
	const struct escaping *escaping = ctx;
	size_t i, plain = 0;

	for (i = 0; i < size; i++) {
		const char *instead = escaping->escape(bytes[i]);

		if (instead == NULL)
			continue;
		put(&escaping->sink, bytes + plain, i - plain);
		put(&escaping->sink, instead, strlen(instead));
		plain = i + 1;
	}
	put(&escaping->sink, bytes + plain, size - plain);
}

void
page_write(struct page *page, const struct page_facts *facts, const struct scn_sink *sink)
{
	struct escaping title = { *sink, escape_html }, data = { *sink, escape_json };
	const struct scn_sink to_title = { write_escaped, &title };
	const struct scn_sink to_data = { write_escaped, &data };
	struct text text;

	put(sink, page_template[0], strlen(page_template[0]));
	text_init(&text, &to_title, 0);
	decode_name(&text, page->scenario);
	put(sink, page_template[1], strlen(page_template[1]));
	page_write_data(page, facts, &to_data);
	put(sink, page_template[2], strlen(page_template[2]));
}
