/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wrapped calls.  Each counts as one of its kind and either fails without doing anything, or
 * is made.  Only close(2) is made even when it fails, as on systems whose disks are full.
 */
#define _GNU_SOURCE
#include "failing/failing_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT 7u

static struct failing *armed;

void
failing_arm(struct failing *failing)
{
	armed = failing;
}

/* Whether this call, of this kind, is one that fails; sets errno. */
static int
fails(enum failing_kind kind, const char *name, int why)
{
	struct failing *f = armed;
	unsigned long nth;

	if (f == NULL || f->kind != kind || f->how > FAILING_FOR_GOOD)
		return 0;
	nth = __atomic_add_fetch(&f->calls, 1, __ATOMIC_RELAXED);
	if (nth < f->nth || (nth > f->nth && f->how == FAILING_ONCE))
		return 0;
	if (nth == f->nth)
		(void)strncpy(f->name, name, sizeof(f->name) - 1);
	errno = why;
	return 1;
}

/* Whether this read or write is interrupted; otherwise *size becomes what is asked for. */
static int
cut(enum failing_kind kind, size_t *size)
{
	struct failing *f = armed;

	if (f == NULL || f->kind != kind || f->how <= FAILING_FOR_GOOD)
		return 0;
	if (f->how == FAILING_SHORT && *size > SHORT)
		*size = SHORT;
	errno = EINTR;
	return f->how == FAILING_INTERRUPTED &&
	    __atomic_add_fetch(&f->calls, 1, __ATOMIC_RELAXED) % 2 == 1;
}

/*
 * FAILING(KIND, WHY, BAD, TYPE, NAME, PARAMETERS, ARGUMENTS): a call that gives BAD, with errno
 * WHY, when it fails.
 */
#define FAILING(kind, why, bad, type, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type \
	__wrap_##name parameters \
	{ \
		return fails(kind, #name, why) ? (bad) : __real_##name arguments; \
	}

#define MEMORY(type, name, parameters, arguments) \
	FAILING(FAILING_MEMORY, ENOMEM, NULL, type, name, parameters, arguments)
#define OTHER(type, name, parameters, arguments) \
	FAILING(FAILING_OTHER, EIO, -1, type, name, parameters, arguments)

MEMORY(void *, malloc, (size_t size), (size))
MEMORY(void *, calloc, (size_t count, size_t size), (count, size))
MEMORY(void *, realloc, (void *block, size_t size), (block, size))
MEMORY(char *, strdup, (const char *text), (text))
MEMORY(char *, strndup, (const char *text, size_t size), (text, size))
FAILING(FAILING_MEMORY, ENOMEM, MAP_FAILED, void *, mmap,
    (void *at, size_t size, int prot, int flags, int fd, off_t offset),
    (at, size, prot, flags, fd, offset))
FAILING(FAILING_MEMORY, ENOMEM, -1, int, mprotect, (void *at, size_t size, int prot),
    (at, size, prot))
FAILING(FAILING_MEMORY, ENOMEM, EAGAIN, int, pthread_create,
    (pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument),
    (thread, attributes, body, argument))

FAILING(FAILING_OPEN, EMFILE, NULL, DIR *, opendir, (const char *path), (path))
FAILING(FAILING_OPEN, EMFILE, -1, int, pipe, (int fd[2]), (fd))

OTHER(int, stat, (const char *path, struct stat *st), (path, st))
OTHER(int, fstat, (int fd, struct stat *st), (fd, st))
OTHER(int, lstat, (const char *path, struct stat *st), (path, st))
OTHER(int, access, (const char *path, int mode), (path, mode))
OTHER(int, rename, (const char *from, const char *to), (from, to))
OTHER(int, fchmod, (int fd, mode_t mode), (fd, mode))
OTHER(int, dup2, (int from, int to), (from, to))
OTHER(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size))
OTHER(pid_t, fork, (void), ())
OTHER(pid_t, waitpid, (pid_t child, int *status, int options), (child, status, options))
OTHER(long, sysconf, (int name), (name))
FAILING(FAILING_OTHER, EIO, NULL, struct dirent *, readdir, (DIR *dir), (dir))
FAILING(FAILING_OTHER, EIO, NULL, char *, realpath, (const char *path, char *to), (path, to))

int __real_close(int fd);
int __wrap_close(int fd);
int
__wrap_close(int fd)
{
	int failed = __real_close(fd);

	return fails(FAILING_OTHER, "close", EIO) ? -1 : failed;
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int
__wrap_fcntl(int fd, int command, ...)
{
	va_list list;
	long argument;

	va_start(list, command);
	argument = va_arg(list, long);
	va_end(list);
	return fails(FAILING_OTHER, "fcntl", EIO) ? -1 : __real_fcntl(fd, command, argument);
}

/* open(2) goes by two names: programs that are built for large files have the second. */
#define OPEN(name) \
	int __real_##name(const char *path, int flags, ...); \
	int __wrap_##name(const char *path, int flags, ...); \
	int \
	__wrap_##name(const char *path, int flags, ...) \
	{ \
		mode_t mode = 0; \
		va_list list; \
	\
		va_start(list, flags); \
		if (flags & O_CREAT) \
			mode = va_arg(list, mode_t); \
		va_end(list); \
		return fails(FAILING_OPEN, "open", EMFILE) ? -1 : \
		    __real_##name(path, flags, mode); \
	}

OPEN(open)
OPEN(open64)

ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t
__wrap_read(int fd, void *to, size_t size)
{
	if (fails(FAILING_READ, "read", EIO) || cut(FAILING_READ, &size))
		return -1;
	return __real_read(fd, to, size);
}

ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t
__wrap_write(int fd, const void *from, size_t size)
{
	if (fd != STDERR_FILENO && fails(FAILING_WRITE, "write", ENOSPC))
		return -1;
	if (cut(FAILING_WRITE, &size))
		return -1;
	return __real_write(fd, from, size);
}
