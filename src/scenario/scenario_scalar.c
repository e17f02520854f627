/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers, truth values, names, bytes and sets of words, as texts.  Whether a scalar was quoted
 * makes no difference, because "${name}" has to be quoted in places where a number belongs.
 */
#include "scenario/scenario_scalar.h"

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum bits_number
scn_number_parse(const char *s, size_t size, uint64_t *number)
{
	if (size > 1 && s[0] == '0' && (is_digit(s[1]) || s[1] == '_'))
		return BITS_NUMBER_NONE;
	return bits_number_read(s, size, number);
}

int
scn_bool_parse(const char *s, size_t size)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "No", "Yes",
		"False", "True", "Off", "On", "NO", "YES", "FALSE", "TRUE", "OFF", "ON" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (scn_text_is(s, size, words[i]))
			return (int)(i & 1);
	}
	return -1;
}

int
scn_is_name(const char *s, size_t size)
{
	size_t i;

	if (size == 0 || size > 64 || !is_letter(s[0]))
		return 0;
	for (i = 1; i < size; i++) {
		if (!is_letter(s[i]) && !is_digit(s[i]) && (s[i] == '\0' || !strchr("-_.", s[i])))
			return 0;
	}
	return 1;
}

size_t
scn_bytes_parse(const char *s, size_t size, unsigned char *bytes)
{
	size_t count = 0, i = 0;

	while (i < size) {
		if (is_blank(s[i])) {
			i++;
			continue;
		}
		if (i + 1 >= size || bits_digit(s[i]) == 16 || bits_digit(s[i + 1]) == 16)
			return SIZE_MAX;
		if (bytes != NULL)
			bytes[count] =
			    (unsigned char)(bits_digit(s[i]) * 16 + bits_digit(s[i + 1]));
		count++;
		i += 2;
	}
	return count;
}

static int
is_separator(char c)
{
	return is_blank(c) || c == ',' || c == '|';
}

size_t
scn_word_next(const char **s, const char *end, const char **word)
{
	while (*s < end && is_separator(**s))
		(*s)++;
	*word = *s;
	while (*s < end && !is_separator(**s))
		(*s)++;
	return (size_t)(*s - *word);
}
