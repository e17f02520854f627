/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program with one call of its own failing: each allocation in turn, each open, read, write and
 * whatever else can fail.
 *
 * It runs in a child process, so each time from the beginning.  What is asked of it is that it says
 * so, ends with status 3, and leaves the output file as it was; or that nothing is different at
 * all, where it can do without.  A crash, a leak (with a sanitizer that tells of it), a run without
 * an end, half a file, a file that nobody asked for, and another result are failures.
 *
 * With VKEPT_FULL in the environment each call of a row fails in turn; without it, those far from
 * the beginning are sampled.  Arguments choose rows by a part of their command line; -v tells what
 * was tolerated, -n N begins with the Nth call.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing/failing_calls.h"

#define BEFORE   "before\n"
#define SECONDS  20u  /* of processor time, however busy the machine is */
#define PATIENCE 600u /* in seconds by the clock: threads that wait for each other use none */
#define WORDS    24u
#define LINE_ROOM 512u

/*
 * Calls of which each one fails, the part of the way from there to the next (1 / STRIDE), and where
 * the output goes.
 */
#if defined(__SANITIZE_ADDRESS__)
#define UNSAMPLED 3ul
#define STRIDE    2ul
#define PLACES    (1u << TO_OLD)
#else
#define UNSAMPLED 48ul
#define STRIDE    8ul
#define PLACES    ((1u << WHERES) - 1)
#endif

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

enum where {
	TO_STDOUT,
	TO_NEW,     /* -o a file that is not there */
	TO_OLD,     /* -o one that is */
	WHERES
};

/*
 * In a line, @ is the directory that the test has for itself.  One that begins with + takes long:
 * it is left out without VKEPT_FULL, and sampled with it.
 */
static const char *const lines[] = {
	"run tests/data/cli/failing.yaml",
	"run -v -f json scenarios/copyio/printf.yaml",
	"run -f junit tests/data/cli",
	"run -q -f tap --seed 3 scenarios/vmm/l02-master-and-slave.yaml",
	"run --trace-format perfetto tests/data/cli/matrix.yaml",
	"run --trace-format perfetto tests/data/explore/lost.yaml",
	"+run -v scenarios/shootdown/ept-entry.yaml scenarios/shootdown/d39-nobody-ept.yaml",
	"run tests/data/cli_bad.yaml",
	"check tests/data/cli",
	"check -f json tests/data/cli_bad.yaml",
	"check --schema",
	"explore --jobs 1 tests/data/explore/lost.yaml",
	"explore --jobs 1 -v -f json tests/data/explore/message.yaml",
	"explore --jobs 1 --save @/saved tests/data/explore/stale.yaml",
	"explore --jobs 2 -q tests/data/explore/message.yaml tests/data/explore/lost.yaml",
	"explore --jobs 1 -k -f junit tests/data/explore/stuck.yaml",
	"explore --jobs 1 --runs 3 tests/data/explore/matrix.yaml",
	"explore --replay tests/data/explore/lost.replay tests/data/explore/lost.yaml",
	"report -o - tests/data/cli/failing.yaml",
	"report -o - --variant 2 tests/data/cli/matrix.yaml",
	"report -o - tests/data/explore/lost.yaml",
	"report -o - --replay tests/data/explore/lost.replay tests/data/explore/lost.yaml",
	"walk --step 2 tests/data/cli/bare.yaml",
	"walk -f json tests/data/cli/matrix.yaml",
	"walk --core tests/data/linux-guest/l5-la57/pt.elf.gz --gva 0x400000",
	"maps --step 1 --against 3 scenarios/copyio/printf.yaml",
	"+maps -f json --core tests/data/linux-guest/l4-basic/pt.elf.gz --against-cpu 1",
	"+maps --core tests/data/linux-guest/l4-basic/paging-core.elf.xz",
	"maps --summary --core tests/data/linux-guest/l5-la57/pt.elf.gz",
	"graph scenarios/copyio/printf.yaml",
	"+graph -T svg scenarios/copyio/printf.yaml",
	"graph -T json --step 1 --against 2 scenarios/copyio/printf.yaml",
	"graph --walk 0x600000 scenarios/copyio/printf.yaml",
	"bits --as ept R W memtype=WB frame=0x1000",
	"bits -f json --as qualification 0x182 0x83",
	"bits --list",
	"+conform tests/data/vectors/ept.jsonl tests/data/vectors/pku-few.jsonl.gz",
	"conform -f json tests/data/vectors/guest-paging.jsonl",
	"conform tests/data/cli/escapes.jsonl", /* Jansson needs more at each of its escapes */
	"run --trace-format perfetto tests/data/cli/bare.yaml",
	"report tests/data/cli/failing.yaml",
	"report --replay tests/data/explore/lost.replay tests/data/explore/lost.yaml",
	"exec tests/fuzz/seeds/elf/static",
	"exec --trace-format perfetto -o @/saved tests/fuzz/seeds/elf/static",
	"--help",
	"--version",
};

static const struct {
	enum failing_kind kind;
	enum failing_how how;
	const char *what;
	unsigned where; /* a bit for each enum where */
} ways[] = {
	{ FAILING_MEMORY, FAILING_ONCE, "an allocation fails", 1u << TO_OLD },
	{ FAILING_MEMORY, FAILING_FOR_GOOD, "memory is used up", 1u << TO_OLD },
	{ FAILING_OPEN, FAILING_ONCE, "a file cannot be opened", 7 },
	{ FAILING_READ, FAILING_ONCE, "a read fails", 1u << TO_OLD },
	{ FAILING_READ, FAILING_SHORT, "reads are short", 1u << TO_OLD },
	{ FAILING_READ, FAILING_INTERRUPTED, "reads are interrupted", 1u << TO_OLD },
	{ FAILING_WRITE, FAILING_ONCE, "a write fails", 7 },
	{ FAILING_WRITE, FAILING_FOR_GOOD, "the disk is full", 7 },
	{ FAILING_WRITE, FAILING_SHORT, "writes are short", 7 },
	{ FAILING_WRITE, FAILING_INTERRUPTED, "writes are interrupted", 7 },
	{ FAILING_OTHER, FAILING_ONCE, "another call fails", 7 },
};

struct bytes {
	char *at; /* NULL: there is no such file */
	size_t size;
};

enum stream { OUT, ERR, FILE_, SAVED, STREAMS };

static const char *const stream_name[STREAMS] = {
	"standard output", "standard error", "the output file", "the saved file"
};

struct run {
	int status; /* as of waitpid(2) */
	int strays; /* files that nobody asked for */
	struct bytes bytes[STREAMS];
};

static char directory[] = "/tmp/vkept-failing.XXXXXX";
static int captured[2]; /* standard output and standard error of the child */
static struct failing *failing;
static int verbose, sampled;
static unsigned long first = 1; /* call that fails */
static unsigned passed, failed;
static unsigned long runs, tolerated;

static void
need(int condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(3);
}

static const char *
path_of(const char *name)
{
	static char path[LINE_ROOM];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

/* --- one run ---------------------------------------------------------------------------------- */

static void
read_all(struct bytes *bytes, int fd)
{
	struct stat st;

	bytes->at = NULL;
	bytes->size = 0;
	if (fd < 0)
		return;
	need(fstat(fd, &st) == 0, "fstat");
	bytes->size = (size_t)st.st_size;
	bytes->at = malloc(bytes->size + 1);
	need(bytes->at != NULL, "malloc");
	need(pread(fd, bytes->at, bytes->size, 0) == st.st_size, "pread");
	bytes->at[bytes->size] = '\0';
}

static void
read_file(struct bytes *bytes, const char *name)
{
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);

	read_all(bytes, fd);
	if (fd >= 0)
		(void)close(fd);
}

static void
run_free(struct run *run)
{
	unsigned i;

	for (i = 0; i < STREAMS; i++)
		free(run->bytes[i].at);
}

/* Empties the directory; the number of files in it that nobody asked for. */
static int
tidy(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int strays = 0;

	need(dir != NULL, directory);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		strays += strcmp(entry->d_name, "out") != 0 && strcmp(entry->d_name, "saved") != 0;
		need(unlink(path_of(entry->d_name)) == 0, entry->d_name);
	}
	(void)closedir(dir);
	return strays;
}

static void
put_before(void)
{
	int fd = open(path_of("out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	need(fd >= 0 && write(fd, BEFORE, sizeof(BEFORE) - 1) == sizeof(BEFORE) - 1, "out");
	(void)close(fd);
}

/* The words of a line, in text; the last one is NULL. */
static int
split(const char *line, enum where where, char *text, char *word[WORDS])
{
	char *at = text, *end = text + 4 * LINE_ROOM;
	int words = 0;

	at += snprintf(at, (size_t)(end - at), "vkept ");
	for (; *line != '\0'; line++) {
		if (*line == '@')
			at += snprintf(at, (size_t)(end - at), "%s", directory);
		else
			*at++ = *line;
	}
	*at = '\0';
	if (where != TO_STDOUT)
		snprintf(at, (size_t)(end - at), " -o %s/out", directory);
	for (at = strtok(text, " "); at != NULL; at = strtok(NULL, " "))
		word[words++] = at;
	word[words] = NULL;
	return words;
}

static void
disarm(void)
{
	failing_arm(NULL);
}

static void
child(const char *line, enum where where)
{
	static char text[4 * LINE_ROOM];
	char *word[WORDS];
	int words = split(line, where, text, word);
	const struct itimerval busy = { .it_value = { .tv_sec = SECONDS } };

	(void)alarm(PATIENCE);
	/* What was there before the program, such as counters, ends after it and unharmed. */
	if (atexit(disarm) != 0 || setitimer(ITIMER_PROF, &busy, NULL) != 0)
		_exit(99);
	if (dup2(captured[0], STDOUT_FILENO) < 0 || dup2(captured[1], STDERR_FILENO) < 0)
		_exit(99);
	failing_arm(failing);
	exit(__real_main(words, word));
}

static void
run_once(const char *line, enum where where, enum failing_kind kind, enum failing_how how,
    unsigned long nth, struct run *run)
{
	unsigned i;
	pid_t pid;

	runs++;
	(void)tidy();
	if (where == TO_OLD)
		put_before();
	memset(failing, 0, sizeof(*failing));
	failing->kind = kind;
	failing->how = how;
	failing->nth = nth;
	for (i = 0; i < 2; i++)
		need(ftruncate(captured[i], 0) == 0 && lseek(captured[i], 0, SEEK_SET) == 0,
		    "truncate");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(line, where);
	need(pid > 0 && waitpid(pid, &run->status, 0) == pid, "fork");
	for (i = 0; i < 2; i++)
		read_all(&run->bytes[i], captured[i]);
	read_file(&run->bytes[FILE_], "out");
	read_file(&run->bytes[SAVED], "saved");
	run->strays = tidy();
}

/* --- judgement -------------------------------------------------------------------------------- */

static int
same(const struct bytes *a, const struct bytes *b)
{
	if (a->at == NULL || b->at == NULL)
		return a->at == b->at;
	return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

static int
is_message(const struct bytes *bytes)
{
	return bytes->size > 1 && bytes->at[bytes->size - 1] == '\n' &&
	    strstr(bytes->at, ": ") != NULL;
}

/* What is wrong with status 3; NULL: nothing. */
static const char *
judge_refusal(const struct run *usual, const struct run *run, enum where where)
{
	const struct bytes *file = &run->bytes[FILE_];

	if (!is_message(&run->bytes[ERR]))
		return "no message";
	if (where != TO_OLD && file->at != NULL)
		return "an output file";
	if (where == TO_OLD && (file->at == NULL || strcmp(file->at, BEFORE) != 0))
		return "the output file is not what it was";
	if (run->bytes[SAVED].at != NULL && !same(&run->bytes[SAVED], &usual->bytes[SAVED]))
		return "half a saved file";
	return NULL;
}

static const char *
judge(const struct run *usual, const struct run *run, enum where where, int may_refuse)
{
	static char why[128];
	unsigned i;

	if (WIFSIGNALED(run->status)) {
		snprintf(why, sizeof(why), "ended by signal %d", WTERMSIG(run->status));
		return why;
	}
	if (run->strays != 0)
		return "a file that nobody asked for";
	if (may_refuse && WEXITSTATUS(run->status) == 3)
		return judge_refusal(usual, run, where);
	if (run->status != usual->status) {
		snprintf(why, sizeof(why), "status %d", WEXITSTATUS(run->status));
		return why;
	}
	for (i = 0; i < STREAMS; i++) {
		if (same(&usual->bytes[i], &run->bytes[i]))
			continue;
		snprintf(why, sizeof(why), "%s is another", stream_name[i]);
		return why;
	}
	return NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
complain(const char *line, enum where where, const char *what, const char *why,
    const struct run *run)
{
	printf("FAILED: %s%s: %s, call %lu (%s): %s\n", line, where == TO_STDOUT ? "" :
	    where == TO_NEW ? " -o NEW" : " -o OLD", what, failing->nth, failing->name, why);
	printf("%.2000s", run->bytes[ERR].at);
}

/* The next call to fail: all of them, or further apart the further from the beginning. */
static unsigned long
next(unsigned long nth)
{
	return !sampled || nth < UNSAMPLED ? nth + 1 : nth + nth / STRIDE;
}

/* One row in one way; the first thing wrong ends it. */
static int
sweep(const char *line, enum where where, size_t way, const struct run *usual)
{
	enum failing_how how = ways[way].how;
	/* zlib takes an interruption for an error; a file of a disk knows none. */
	int may_refuse = how == FAILING_INTERRUPTED && ways[way].kind == FAILING_READ;
	unsigned long nth, survived = 0;
	const char *why = NULL;
	struct run run;
	int reached = 1;

	for (nth = first; reached && why == NULL; nth = next(nth)) {
		run_once(line, where, ways[way].kind, how, nth, &run);
		why = judge(usual, &run, where, how <= FAILING_FOR_GOOD || may_refuse);
		if (why != NULL)
			complain(line, where, ways[way].what, why, &run);
		reached = failing->name[0] != '\0';
		if (reached && why == NULL && run.status == usual->status) {
			survived++;
			if (verbose)
				printf("tolerated: %s: %s %lu (%s)\n", line, ways[way].what, nth,
				    failing->name);
		}
		run_free(&run);
	}
	tolerated += survived;
	return why == NULL;
}

static void
try_line(const char *line)
{
	/* --help and --version have no -o. */
	unsigned where, places = line[0] == '-' ? 1u << TO_STDOUT : sampled ? PLACES : 7;
	const char *why;
	struct run usual;
	size_t way;

	for (where = 0; where < WHERES; where++) {
		if ((places >> where & 1) == 0)
			continue;
		run_once(line, where, FAILING_NOTHING, FAILING_ONCE, 0, &usual);
		why = judge(&usual, &usual, where, 0);
		if (why != NULL) {
			complain(line, where, "no call fails", why, &usual);
			failed++;
		}
		for (way = 0; why == NULL && way < sizeof(ways) / sizeof(ways[0]); way++) {
			if ((ways[way].where >> where & 1) == 0)
				continue;
			if (sweep(line, where, way, &usual))
				passed++;
			else
				failed++;
		}
		run_free(&usual);
	}
}

static int
is_chosen(int argc, char **argv, const char *line)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strstr(line, argv[i]) != NULL)
			return 1;
	}
	return argc < 2;
}

int
__wrap_main(int argc, char **argv)
{
	int full = getenv("VKEPT_FULL") != NULL;
	size_t i;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = 1;
		argc--;
		argv++;
	}
	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		first = strtoul(argv[2], NULL, 0);
		argc -= 2;
		argv += 2;
	}
	need(mkdtemp(directory) != NULL, directory);
	failing = mmap(NULL, sizeof(*failing), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	    -1, 0);
	need(failing != MAP_FAILED, "mmap");
	for (i = 0; i < 2; i++) {
		captured[i] = memfd_create(stream_name[i], MFD_CLOEXEC);
		need(captured[i] >= 0, "memfd_create");
	}
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *line = lines[i] + (lines[i][0] == '+');

		sampled = !full || line != lines[i];
		if ((full || line == lines[i]) && is_chosen(argc, argv, line))
			try_line(line);
	}
	(void)tidy();
	(void)rmdir(directory);
	printf("%lu runs, %lu failures that made no difference\n", runs, tolerated);
	printf("# cases: %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
