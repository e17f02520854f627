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

/* Standard input, terminated; NULL without memory. */
static char *
read_input(void)
{
	size_t room = 65536, used = 0, got;
	char *text = malloc(room);

	while (text != NULL && (got = fread(text + used, 1, room - used - 1, stdin)) != 0) {
		char *grown = text;

		used += got;
		if (used + 1 == room)
			grown = realloc(text, room *= 2);
		if (grown == NULL)
			free(text);
		text = grown;
	}
	if (text != NULL)
		text[used] = '\0';
	return text;
}

static int
draw(const char *format)
{
	char *dot = read_input(), *bytes;
	size_t size = 0;

	(void)signal(SIGALRM, give_up);
	(void)alarm(SECONDS_MOST);
	if (dot == NULL || ferror(stdin))
		return complain(dot == NULL ? "out of memory" : strerror(errno));
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

int
main(int argc, char **argv)
{
	int status = STATUS_BAD;

	if (argc == 2 && (strcmp(argv[1], "svg") == 0 || strcmp(argv[1], "png") == 0 ||
	    strcmp(argv[1], "pdf") == 0))
		status = draw(argv[1]);
	else
		fprintf(stderr, "usage: vkept-draw svg|png|pdf <GRAPH >PICTURE\n");
	/* The libraries keep caches that nobody frees; the process takes them with it. */
	_exit(status);
}
