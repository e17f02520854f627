/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: files and directories.
 *
 * A file is read whole and may not be larger than a limit, whatever it is: a pipe or a device is
 * read until the limit at most, and a named pipe that nobody writes to is empty.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

_Static_assert(CLI_SCENARIO_MAX == 16 << 20, "the messages say another number");

/* A file is opened without waiting for a writer. */
static int
open_to_read(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static enum cli_status
failed(const char *name)
{
	cli_complain_of(name, errno == ENOMEM ? "out of memory" : strerror(errno));
	return CLI_ENVIRONMENT;
}

/* --- one file --------------------------------------------------------------------------------- */

/* Bytes to the end of the file or beyond the limit by one. */
static enum cli_status
read_all(int fd, const char *name, size_t limit, size_t expected, char **bytes, size_t *size)
{
	size_t room = expected + 1;

	*size = 0;
	*bytes = malloc(room);
	if (*bytes == NULL)
		return failed(name);
	for (;;) {
		ssize_t got = read(fd, *bytes + *size, room - *size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(name);
		if (got == 0)
			return CLI_OK;
		*size += (size_t)got;
		if (*size > limit) {
			cli_complain_of(name, "larger than the 16 MiB that a file may have");
			return CLI_BAD;
		}
		if (*size == room) {
			char *grown = realloc(*bytes, 2 * room);

			if (grown == NULL)
				return failed(name);
			*bytes = grown;
			room *= 2;
		}
	}
}

/* What was opened so is read with waiting. */
static void
let_reads_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

enum cli_status
cli_file_read(const char *path, size_t limit, char **bytes, size_t *size)
{
	int standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open_to_read(path);
	enum cli_status status;
	struct stat st;

	*bytes = NULL;
	*size = 0;
	if (fd < 0 || fstat(fd, &st) != 0) {
		status = failed(path);
	} else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > limit) {
		cli_complain_of(path, "larger than the 16 MiB that a file may have");
		status = CLI_BAD;
	} else if (S_ISREG(st.st_mode)) {
		status = read_all(fd, path, limit, (size_t)st.st_size, bytes, size);
	} else {
		if (!standard)
			let_reads_wait(fd);
		status = read_all(fd, path, limit, 4096, bytes, size);
	}
	if (fd >= 0 && !standard)
		(void)close(fd);
	if (status != CLI_OK) {
		free(*bytes);
		*bytes = NULL;
	}
	return status;
}

/* --- files that scenarios name ---------------------------------------------------------------- */

/* Where a file is that is named as seen from another one; to be freed. */
static char *
path_from(const char *from, const char *name)
{
	const char *slash = name[0] == '/' ? NULL : strrchr(from, '/');
	size_t directory = slash != NULL ? (size_t)(slash + 1 - from) : 0;
	size_t size = directory + strlen(name) + 1;
	char *path = malloc(size);

	if (path != NULL) {
		memcpy(path, from, directory);
		memcpy(path + directory, name, size - directory);
	}
	return path;
}

/* The bytes of an open file that is no larger than the limit, or NULL and why. */
static unsigned char *
read_small(int fd, size_t limit, size_t *size, const char **why)
{
	unsigned char *bytes;
	struct stat st;
	ssize_t got = 1;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		*why = "no plain file";
		return NULL;
	}
	bytes = malloc(limit + 1);
	*size = 0;
	while (bytes != NULL && got != 0 && *size <= limit) {
		got = read(fd, bytes + *size, limit + 1 - *size);
		if (got < 0)
			break;
		*size += (size_t)got;
	}
	if (bytes != NULL && got >= 0 && *size <= limit)
		return bytes;
	*why = bytes == NULL || got < 0 ? strerror(errno) : "larger than such a file may be";
	free(bytes);
	return NULL;
}

static unsigned char *
named_file_read(const char *from, const char *name, size_t limit, size_t *size, const char **why)
{
	char *path = path_from(from, name);
	int fd = path == NULL ? -1 : open_to_read(path);
	unsigned char *bytes = NULL;

	if (fd < 0)
		*why = strerror(errno);
	else
		bytes = read_small(fd, limit, size, why);
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return bytes;
}

static const struct scenario_files named_files = { named_file_read };

/* --- scenarios -------------------------------------------------------------------------------- */

enum cli_status
cli_scenarios_load(const char *path, struct scenario_list *list, struct scenario_errors *errors)
{
	enum cli_status status;
	size_t size;
	char *bytes;

	memset(list, 0, sizeof(*list));
	memset(errors, 0, sizeof(*errors));
	status = cli_file_read(path, CLI_SCENARIO_MAX, &bytes, &size);
	if (status != CLI_OK)
		return status;
	switch (scenario_load_from(path, bytes, size, &named_files, list, errors)) {
	case SCENARIO_OK:
		break;
	case SCENARIO_BAD:
		status = CLI_BAD;
		break;
	case SCENARIO_NO_MEMORY:
		scenario_errors_free(errors);
		cli_complain_of(path, "out of memory");
		status = CLI_ENVIRONMENT;
		break;
	}
	free(bytes);
	return status;
}

void
cli_scenario_errors(const struct scenario_errors *errors)
{
	struct text *text = cli_error();
	size_t i;

	for (i = 0; i < errors->count; i++) {
		const struct scenario_error *error = &errors->error[i];

		if (error->line == 0) {
			cli_complain_of(errors->file, error->text);
			continue;
		}
		text_safe(text, errors->file);
		text_add(text, ":%u:%u: ", (unsigned)error->line, (unsigned)error->column);
		text_safe(text, error->text);
		text_str(text, "\n");
	}
}

/* --- directories ------------------------------------------------------------------------------ */

static enum cli_status
paths_append(struct cli_paths *paths, char *path)
{
	if (path != NULL && paths->count == paths->room) {
		size_t room = paths->room != 0 ? 2 * paths->room : 16;
		char **grown = realloc(paths->path, room * sizeof(*grown));

		if (grown == NULL) {
			free(path);
			path = NULL;
		} else {
			paths->path = grown;
			paths->room = room;
		}
	}
	if (path == NULL) {
		cli_complain("out of memory");
		return CLI_ENVIRONMENT;
	}
	paths->path[paths->count++] = path;
	return CLI_OK;
}

void
cli_paths_free(struct cli_paths *paths)
{
	size_t i;

	for (i = 0; i < paths->count; i++)
		free(paths->path[i]);
	free(paths->path);
	memset(paths, 0, sizeof(*paths));
}

static char *
path_join(const char *directory, const char *name)
{
	size_t length = strlen(directory), size = length + strlen(name) + 2;
	int slash = length != 0 && directory[length - 1] == '/';
	char *path = malloc(size);

	if (path != NULL)
		snprintf(path, size, "%s%s%s", directory, slash ? "" : "/", name);
	return path;
}

static int
is_scenario_name(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

/*
 * Sorts an entry of a directory: a scenario is found, a directory is still to be read.  Links to
 * directories are not followed, so that none is met twice.
 */
static enum cli_status
entry_take(const char *directory, const char *name, struct cli_paths *found, struct cli_paths *left)
{
	char *path;
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return CLI_OK;
	path = path_join(directory, name);
	if (path == NULL || lstat(path, &st) != 0) {
		enum cli_status status = failed(path != NULL ? path : directory);

		free(path);
		return status;
	}
	if (S_ISDIR(st.st_mode))
		return paths_append(left, path);
	if (is_scenario_name(name) &&
	    (S_ISREG(st.st_mode) || (stat(path, &st) == 0 && S_ISREG(st.st_mode))))
		return paths_append(found, path);
	free(path);
	return CLI_OK;
}

static enum cli_status
directory_read(const char *directory, struct cli_paths *found, struct cli_paths *left)
{
	enum cli_status status = CLI_OK;
	const struct dirent *entry;
	DIR *dir = opendir(directory);

	if (dir == NULL)
		return failed(directory);
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL && errno != 0)
			status = failed(directory);
		if (entry == NULL || status != CLI_OK)
			break;
		status = entry_take(directory, entry->d_name, found, left);
	}
	(void)closedir(dir);
	return status;
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum cli_status
directory_add(struct cli_paths *paths, const char *directory)
{
	struct cli_paths left = { 0 };
	size_t first = paths->count;
	enum cli_status status = directory_read(directory, paths, &left);

	while (left.count != 0) {
		char *next = left.path[--left.count];

		status = cli_worse(status, directory_read(next, paths, &left));
		free(next);
	}
	cli_paths_free(&left);
	if (paths->count - first > 1)
		qsort(paths->path + first, paths->count - first, sizeof(*paths->path),
		    compare_paths);
	if (status == CLI_OK && paths->count == first) {
		cli_complain_of(directory, "no scenario (*.yaml) in this directory");
		status = CLI_BAD;
	}
	return status;
}

enum cli_status
cli_paths_add(struct cli_paths *paths, const char *operand)
{
	struct stat st;

	if (stat(operand, &st) == 0 && S_ISDIR(st.st_mode))
		return directory_add(paths, operand);
	/* What is not there is complained about when it is read. */
	return paths_append(paths, strdup(operand));
}
