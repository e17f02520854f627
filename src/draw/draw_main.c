/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept-draw svg|png|pdf: a graph from standard input, the picture to standard output.
 *
 * vkept runs it; by itself it draws any graph.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draw/draw.h"

#define STATUS_BAD 2
#define STATUS_ENVIRONMENT 3
#define SECONDS_MOST 120 /* for a layout; where arrows cross without end it has none */
#define DRAW_BYTES_MAX ((size_t)64 << 20)

_Static_assert(SECONDS_MOST == 120 && DRAW_BYTES_MAX == 64 << 20,
    "the messages and vkept-draw(1) say other numbers");

static int
complain(const char *what)
{
	fprintf(stderr, "vkept-draw: %s\n", what);
	return STATUS_ENVIRONMENT;
}

static void
give_up(int signal_number)
{
	static const char what[] = "vkept-draw: no layout within two minutes; fewer tables or rows "
	    "may have one\n";

	(void)signal_number;
	if (write(STDERR_FILENO, what, sizeof(what) - 1) < 0)
		_exit(STATUS_ENVIRONMENT);
	_exit(STATUS_ENVIRONMENT);
}

/* Standard input, terminated, up to the limit or one byte more; NULL without memory. */
static char *
read_input(size_t *used)
{
	size_t room = 65536, got;
	char *text = malloc(room);

	*used = 0;
	while (text != NULL && *used <= DRAW_BYTES_MAX &&
	    (got = fread(text + *used, 1, room - *used - 1, stdin)) != 0) {
		char *grown = text;

		*used += got;
		if (*used + 1 == room)
			grown = realloc(text, room *= 2);
		if (grown == NULL)
			free(text);
		text = grown;
	}
	if (text != NULL)
		text[*used] = '\0';
	return text;
}

static int
refuse(const char *what)
{
	(void)complain(what);
	return STATUS_BAD;
}

static int
draw(const char *dot, const char *format)
{
	size_t size = 0;
	char *bytes;

	(void)signal(SIGALRM, give_up);
	(void)alarm(SECONDS_MOST);
	bytes = draw_render(dot, format, &size);
	if (bytes == NULL)
		return STATUS_ENVIRONMENT;
	if (strcmp(format, "pdf") == 0)
		draw_settle_pdf(bytes, size);
	if (strcmp(format, "svg") == 0)
		draw_write_svg(bytes, size, stdout);
	else
		(void)fwrite(bytes, 1, size, stdout);
	if (fflush(stdout) != 0 || ferror(stdout))
		return complain(strerror(errno));
	return 0;
}

static int
draw_input(const char *format)
{
	size_t size;
	char *dot = read_input(&size);

	if (dot == NULL)
		return complain("out of memory");
	if (ferror(stdin))
		return complain(strerror(errno));
	if (size > DRAW_BYTES_MAX)
		return refuse("a graph of more than 64 MiB found, a smaller one expected");
	if (memchr(dot, '\0', size) != NULL)
		return refuse("a byte of zero found, a graph expected");
	return draw(dot, format);
}

int
main(int argc, char **argv)
{
	int status = STATUS_BAD;

	if (argc == 2 && (strcmp(argv[1], "svg") == 0 || strcmp(argv[1], "png") == 0 ||
	    strcmp(argv[1], "pdf") == 0))
		status = draw_input(argv[1]);
	else
		fprintf(stderr, "usage: vkept-draw svg|png|pdf <GRAPH >PICTURE\n");
	/* The libraries keep caches that nobody frees; the process takes them with it. */
	_exit(status);
}
