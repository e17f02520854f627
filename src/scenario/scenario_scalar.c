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

/* 16 for what is no digit. */
static unsigned
digit_of(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Log2 of what a suffix multiplies by; 0 for anything else. */
static unsigned
suffix_shift(char c)
{
	static const char suffixes[] = "KMGT";
	const char *found = c != '\0' ? strchr(suffixes, c) : NULL;

	return found != NULL ? 10 * ((unsigned)(found - suffixes) + 1) : 0;
}

/* Digits of one base with underscores between them. */
static enum scn_number
digits_parse(const char *s, size_t size, unsigned base, uint64_t *number)
{
	uint64_t n = 0;
	unsigned digit;
	int too_big = 0;
	size_t i;

	if (size == 0 || s[0] == '_' || s[size - 1] == '_')
		return SCN_NUMBER_NONE;
	for (i = 0; i < size; i++) {
		if (s[i] == '_' && s[i - 1] != '_')
			continue;
		digit = digit_of(s[i]);
		if (digit >= base)
			return SCN_NUMBER_NONE;
		too_big |= __builtin_mul_overflow(n, (uint64_t)base, &n);
		too_big |= __builtin_add_overflow(n, (uint64_t)digit, &n);
	}
	*number = n;
	return too_big ? SCN_NUMBER_TOO_BIG : SCN_NUMBER_OK;
}

enum scn_number
scn_number_parse(const char *s, size_t size, uint64_t *number)
{
	enum scn_number status;
	unsigned base = 10, shift;

	if (size > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
		size -= 2;
	}
	shift = size > 1 ? suffix_shift(s[size - 1]) : 0;
	if (shift != 0)
		size--;
	if (base == 10 && size > 1 && s[0] == '0')
		return SCN_NUMBER_NONE;
	status = digits_parse(s, size, base, number);
	if (status != SCN_NUMBER_OK)
		return status;
	if (*number > UINT64_MAX >> shift)
		return SCN_NUMBER_TOO_BIG;
	*number <<= shift;
	return SCN_NUMBER_OK;
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
		if (i + 1 >= size || digit_of(s[i]) == 16 || digit_of(s[i + 1]) == 16)
			return SIZE_MAX;
		if (bytes != NULL)
			bytes[count] = (unsigned char)(digit_of(s[i]) * 16 + digit_of(s[i + 1]));
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
