/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where results and messages go.
 *
 * A file named by -o appears with its whole content or not at all: it is written under another name
 * in the same directory and renamed at the end.  A signal that ends the program removes it.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum cli_status
cli_worse(enum cli_status a, enum cli_status b)
{
	return a > b ? a : b;
}

/* All of the bytes, whatever it takes; 0 or errno. */
static int
write_all(int fd, const char *bytes, size_t size)
{
	while (size != 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

/* --- messages --------------------------------------------------------------------------------- */

static struct {
	struct text text;
	size_t used;
	char line[1024];
} messages;

static void
messages_write(void *ctx, const char *bytes, size_t size)
{
	(void)ctx;
	while (size != 0) {
		size_t room = sizeof(messages.line) - messages.used;
		size_t part = size < room ? size : room;

		memcpy(messages.line + messages.used, bytes, part);
		messages.used += part;
		bytes += part;
		size -= part;
		if (messages.used < sizeof(messages.line) && bytes[-1] != '\n')
			continue;
		/* There is nobody to tell when this fails. */
		(void)write_all(STDERR_FILENO, messages.line, messages.used);
		messages.used = 0;
	}
}

struct text *
cli_error(void)
{
	static const struct scn_sink sink = { messages_write, NULL };

	if (messages.text.sink.write == NULL)
		text_init(&messages.text, &sink, 0);
	cli_progress_end();
	return &messages.text;
}

void
cli_complain(const char *what)
{
	struct text *text = cli_error();

	text_str(text, "vkept: ");
	text_safe(text, what);
	text_str(text, "\n");
}

void
cli_complain_of(const char *name, const char *what)
{
	struct text *text = cli_error();

	text_str(text, "vkept: ");
	text_safe(text, name);
	text_str(text, ": ");
	text_safe(text, what);
	text_str(text, "\n");
}

/* --- a file in the making --------------------------------------------------------------------- */

#define FILES_AT_ONCE 2u

static const char *volatile unfinished[FILES_AT_ONCE];

static void
remove_unfinished(void)
{
	unsigned i;

	for (i = 0; i < FILES_AT_ONCE; i++) {
		const char *path = unfinished[i];

		if (path != NULL)
			(void)unlink(path);
	}
}

static void
end_unfinished(int signal_number)
{
	remove_unfinished();
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

_Noreturn void
cli_output_abandon(enum cli_status status)
{
	remove_unfinished();
	_exit((int)status);
}

static void
guard_unfinished(const char *path)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU };
	size_t i;

	for (i = 0; i < FILES_AT_ONCE - 1 && unfinished[i] != NULL; i++)
		continue;
	unfinished[i] = path;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* What the caller ignores stays ignored. */
		if (signal(signals[i], end_unfinished) == SIG_IGN)
			(void)signal(signals[i], SIG_IGN);
	}
}

/* Where the path of a file is kept; NULL: it was never made. */
static const char *volatile *
find_unfinished(const char *path)
{
	unsigned i;

	for (i = 0; i < FILES_AT_ONCE; i++) {
		if (path != NULL && unfinished[i] == path)
			return &unfinished[i];
	}
	return NULL;
}

static enum cli_status
no_memory(void)
{
	cli_complain("out of memory");
	return CLI_ENVIRONMENT;
}

/* The path behind links, when there is a file already; *mode becomes its mode. */
static enum cli_status
find_target(struct cli_output *output, const char *path, mode_t *mode)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		output->target = strdup(path);
		return output->target != NULL ? CLI_OK : no_memory();
	}
	if (!S_ISREG(st.st_mode)) {
		cli_complain_of(path, "not a regular file, which could be replaced as a whole");
		return CLI_BAD;
	}
	*mode = st.st_mode & 0777;
	output->target = realpath(path, NULL);
	if (output->target == NULL || access(output->target, W_OK) != 0) {
		cli_complain_of(path, strerror(errno));
		return CLI_ENVIRONMENT;
	}
	return CLI_OK;
}

#define NAMES_TRIED 100u

/* A file of a new name in the target's directory. */
static int
create_beside(struct cli_output *output)
{
	size_t size = strlen(output->target) + 48;
	unsigned i;
	int fd = -1;

	output->temporary = malloc(size);
	if (output->temporary == NULL)
		return -1;
	for (i = 0; i < NAMES_TRIED && fd < 0; i++) {
		snprintf(output->temporary, size, "%s.%ld-%u.part", output->target, (long)getpid(),
		    i);
		fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

static enum cli_status
open_file(struct cli_output *output, const char *path)
{
	mode_t mode = 0;
	enum cli_status status = find_target(output, path, &mode);

	if (status != CLI_OK)
		return status;
	output->fd = create_beside(output);
	if (output->fd < 0) {
		cli_complain_of(path, strerror(errno));
		return CLI_ENVIRONMENT;
	}
	guard_unfinished(output->temporary);
	/* Where a standard stream is closed, its number must not come to mean this file. */
	if (output->fd <= STDERR_FILENO) {
		int fd = fcntl(output->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		(void)close(output->fd);
		output->fd = fd;
	}
	if (output->fd < 0 || (mode != 0 && fchmod(output->fd, mode) != 0)) {
		cli_complain_of(path, strerror(errno));
		return CLI_ENVIRONMENT;
	}
	return CLI_OK;
}

enum cli_status
cli_output_open(struct cli_output *output, const char *path)
{
	enum cli_status status;

	/* All but the buffer. */
	memset(output, 0, offsetof(struct cli_output, buf));
	if (path == NULL || strcmp(path, "-") == 0) {
		output->fd = STDOUT_FILENO;
		output->name = "standard output";
		output->terminal = isatty(STDOUT_FILENO);
		return CLI_OK;
	}
	output->fd = -1;
	output->name = path;
	status = open_file(output, path);
	if (status != CLI_OK)
		(void)cli_output_close(output, status);
	return status;
}

int
cli_wants_color(const struct cli *cli)
{
	const char *no_color, *terminal;

	if (cli->color != 0)
		return cli->color == 1;
	if (!cli->output->terminal)
		return 0;
	no_color = getenv("NO_COLOR");
	terminal = getenv("TERM");
	return (no_color == NULL || no_color[0] == '\0') && terminal != NULL &&
	    strcmp(terminal, "dumb") != 0;
}

/* How long the program has been at it, and what it said of that; see below. */
static struct {
	int64_t began, shown; /* in milliseconds */
	int started, silent, visible;
} progress;

/* --- gathering -------------------------------------------------------------------------------- */

/* Before results are written: where they may be seen, the line of progress must not be in them. */
static void
make_way(const struct cli_output *output)
{
	struct stat st;

	if (progress.visible && (fstat(output->fd, &st) != 0 || !S_ISREG(st.st_mode)))
		cli_progress_end();
}

void
cli_output_flush(struct cli_output *output)
{
	if (output->used != 0 && output->failed == 0) {
		make_way(output);
		output->failed = write_all(output->fd, output->buf, output->used);
	}
	output->used = 0;
}

static void
output_write(void *ctx, const char *bytes, size_t size)
{
	struct cli_output *output = ctx;

	/* What would fill the buffer need not go through it. */
	if (size >= sizeof(output->buf) && output->failed == 0) {
		cli_output_flush(output);
		make_way(output);
		if (output->failed == 0)
			output->failed = write_all(output->fd, bytes, size);
		return;
	}
	while (size != 0) {
		size_t room = sizeof(output->buf) - output->used;
		size_t part = size < room ? size : room;

		memcpy(output->buf + output->used, bytes, part);
		output->used += part;
		bytes += part;
		size -= part;
		if (output->used == sizeof(output->buf))
			cli_output_flush(output);
	}
}

struct scn_sink
cli_output_sink(struct cli_output *output)
{
	struct scn_sink sink = { output_write, output };

	return sink;
}

/* --- the end ---------------------------------------------------------------------------------- */

static enum cli_status
finish_file(struct cli_output *output, enum cli_status status)
{
	int keep = status <= CLI_FAILED && output->failed == 0;
	const char *volatile *guarded = find_unfinished(output->temporary);

	if (output->fd >= 0 && close(output->fd) != 0 && output->failed == 0)
		output->failed = errno;
	if (keep && output->failed == 0 && rename(output->temporary, output->target) != 0)
		output->failed = errno;
	if (guarded != NULL) {
		if (!keep || output->failed != 0)
			(void)unlink(output->temporary);
		*guarded = NULL;
	}
	free(output->temporary);
	free(output->target);
	output->temporary = output->target = NULL;
	return status;
}

enum cli_status
cli_output_close(struct cli_output *output, enum cli_status status)
{
	int to_file = output->fd != STDOUT_FILENO;

	if (!to_file || status <= CLI_FAILED)
		cli_output_flush(output);
	cli_progress_end();
	if (to_file)
		(void)finish_file(output, status);
	if (output->failed != 0) {
		cli_complain_of(output->name, strerror(output->failed));
		status = CLI_ENVIRONMENT;
	}
	return status;
}

/* --- patience --------------------------------------------------------------------------------- */

static int64_t
milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
cli_progress_due(double *seconds)
{
	int64_t now;

	if (progress.silent)
		return 0;
	now = milliseconds();
	if (!progress.started) {
		progress.started = 1;
		progress.began = progress.shown = now;
	}
	*seconds = (double)(now - progress.began) / 1000;
	if (now - progress.began < 1000 || now - progress.shown < 200)
		return 0;
	progress.silent = !isatty(STDERR_FILENO);
	progress.shown = now;
	return !progress.silent;
}

void
cli_progress_say(const char *words)
{
	progress.visible = 1;
	(void)write_all(STDERR_FILENO, "\r", 1);
	(void)write_all(STDERR_FILENO, words, strlen(words));
	(void)write_all(STDERR_FILENO, "\033[K", 3);
}

void
cli_progress(struct cli_output *output, size_t done, size_t total)
{
	char line[64];
	double seconds;

	/* Where results scroll by, they are progress enough. */
	if (!cli_progress_due(&seconds) || output->terminal)
		return;
	snprintf(line, sizeof(line), "%zu of %zu", done, total);
	cli_progress_say(line);
}

void
cli_progress_count(uint64_t done, const char *what)
{
	char line[64];
	double seconds;

	if (!cli_progress_due(&seconds))
		return;
	snprintf(line, sizeof(line), "%llu %s", (unsigned long long)done, what);
	cli_progress_say(line);
}

void
cli_progress_end(void)
{
	if (progress.visible)
		(void)write_all(STDERR_FILENO, "\r\033[K", 4);
	progress.visible = 0;
}
