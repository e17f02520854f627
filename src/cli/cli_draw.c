/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other program is given the whole graph before it answers, so that neither waits for the
 * other.  What it says on standard error is seen as it is.
 */
#include "cli/cli_draw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "vkept-draw"
#define PATH_SIZE 4096

/* --- the other program ------------------------------------------------------------------------ */

static enum cli_status
failed(const char *what)
{
	cli_complain_of(PROGRAM, what);
	return CLI_ENVIRONMENT;
}

/* Beside this program; 0 with a complaint when it is not there. */
static int
find_program(char path[PATH_SIZE])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_SIZE - sizeof(PROGRAM));
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
	if (slash != NULL && access(path, X_OK) == 0)
		return 1;
	(void)failed("not found beside this program; it is built where Graphviz is "
	    "(libgraphviz-dev).  Formats that do without it: -T dot, -T json");
	return 0;
}

static void
become(const char *path, const char *format, int from, int to)
{
	char program[] = PROGRAM, argument[8];
	char *argv[] = { program, argument, NULL };

	(void)strncpy(argument, format, sizeof(argument) - 1);
	argument[sizeof(argument) - 1] = '\0';
	if (dup2(from, STDIN_FILENO) >= 0 && dup2(to, STDOUT_FILENO) >= 0)
		(void)execv(path, argv);
	_exit(127);
}

static int
send_all(int fd, const char *bytes, size_t size)
{
	while (size != 0) {
		ssize_t sent = write(fd, bytes, size);

		if (sent < 0 && errno != EINTR)
			return 0;
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		}
	}
	return 1;
}

static int
receive_all(struct cli *cli, int fd)
{
	struct scn_sink sink = cli_output_sink(cli->output);
	char part[16384];
	ssize_t got;

	while ((got = read(fd, part, sizeof(part))) != 0) {
		if (got > 0)
			sink.write(sink.ctx, part, (size_t)got);
		else if (errno != EINTR)
			return 0;
	}
	return 1;
}

static enum cli_status
wait_for(pid_t child, int exchanged)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return failed(strerror(errno));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return failed("no picture was made");
	return exchanged ? CLI_OK : failed("cannot talk to it");
}

enum cli_status
cli_draw(struct cli *cli, const struct report_bytes *dot, const char *format)
{
	char path[PATH_SIZE];
	int to[2], from[2], exchanged;
	pid_t child;

	if (!find_program(path))
		return CLI_ENVIRONMENT;
	if (pipe(to) != 0)
		return failed(strerror(errno));
	if (pipe(from) != 0) {
		(void)close(to[0]);
		(void)close(to[1]);
		return failed(strerror(errno));
	}
	child = fork();
	if (child == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		become(path, format, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	exchanged = child > 0 && send_all(to[1], dot->bytes, dot->size);
	(void)close(to[1]);
	exchanged = exchanged && receive_all(cli, from[0]);
	(void)close(from[0]);
	return child > 0 ? wait_for(child, exchanged) : failed(strerror(errno));
}
