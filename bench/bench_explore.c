/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench explore: every schedule of a shootdown, against SPIN with a model of the same steps.
 *
 * For each size the scenario is written and explored in a process of its own, and
 * bench/shootdown.pml is compiled for the same size (-DSAFETY, partial-order reduction) and run, in
 * turn; processor time is that of the process.  Neither looks for livelocks.  Beside the times:
 * states, and the bytes that vkept keeps of one.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common_measure.h"
#include "explore/explore.h"

#define ROUNDS 3
#define TEXT_SIZE 65536

struct size {
	unsigned vcpus, ptes, loops, accesses, syncs;
	unsigned pan_slots; /* of its hash table, as a power of 2: about as many as states */
};

static const struct size sizes[] = {
	{ 2, 1, 1, 1, 1, 18 },
	{ 2, 1, 2, 1, 1, 20 },
	{ 2, 1, 2, 2, 2, 24 },
	{ 2, 2, 2, 2, 2, 25 },
	{ 3, 1, 1, 1, 1, 24 },
};

/* --- the scenario ----------------------------------------------------------------------------- */

struct writer {
	char text[TEXT_SIZE];
	size_t used;
};

#define WRITE(writer, ...)                                                                         \
	((writer)->used += (size_t)snprintf((writer)->text + (writer)->used,                       \
	    TEXT_SIZE - (writer)->used, __VA_ARGS__))

static const char head[] =
    "scenario: a shootdown\n"
    "host:\n"
    "  spaces:\n"
    "    main:\n"
    "      - {at: 0x1000, size: 32K, prot: rw}\n"
    "      - {at: 0x100000, size: 1M, prot: rw}\n"
    "guest:\n"
    "  spaces:\n"
    "    main:\n"
    "      root: 0x1000\n"
    "      map:\n"
    "        - {gva: 0x400000, gpa: 0x100000, size: 64K}\n"
    "        - {gva: 0x500000, gpa: 0x110000, size: 64K}\n"
    "        - {gva: 0x600000, gpa: 0x180000, size: 4K}\n";

/* What comes before: every frame is in the EPT, the new entries lie ready, every vCPU has run. */
static void
write_schedule(struct writer *w, const struct size *size)
{
	unsigned i;

	WRITE(w, "machine: {cpus: %u, tlb: caching}\n", size->vcpus + 1);
	WRITE(w, "schedule: {explore: {after: [");
	for (i = 0; i < 2 * size->syncs; i++)
		WRITE(w, "v0, ");
	for (i = 0; i < size->vcpus * size->ptes; i++)
		WRITE(w, "v%u, ", i / size->ptes);
	WRITE(w, "inv]}}\nthreads:\n");
}

static void
write_vcpu(struct writer *w, const struct size *size, unsigned vcpu)
{
	unsigned i, j;

	WRITE(w, "  - name: v%u\n    role: %s\n    cpu: %u\n    steps:\n", vcpu,
	    vcpu == 0 ? "master" : "slave", vcpu);
	for (i = 0; vcpu == 0 && i < size->syncs; i++)
		WRITE(w, "      - read: %#x\n      - write: {at: %#x, value: %#x}\n",
		    0x500000 + 0x1000 * i, 0x600000 + 8 * i, 0x110067 + 0x1000 * i);
	for (i = 0; i < size->ptes; i++)
		WRITE(w, "      - write: {at: %#x, value: 0}\n", 0x400000 + 0x1000 * i);
	for (i = 0; i < size->loops; i++) {
		for (j = 0; j < size->accesses; j++)
			WRITE(w, "      - {read: %#x, expect: {value: 0}}\n",
			    0x400000 + 0x1000 * (j % size->ptes));
		WRITE(w, "      - flush: {}\n");
	}
	WRITE(w, "      - wait: {thread: inv, step: %u}\n", 2 * size->syncs + 1);
}

static void
write_scenario(struct writer *w, const struct size *size)
{
	unsigned i;

	w->used = 0;
	WRITE(w, "%s", head);
	write_schedule(w, size);
	for (i = 0; i < size->vcpus; i++)
		write_vcpu(w, size, i);
	WRITE(w, "  - name: inv\n    role: process\n    cpu: %u\n    steps:\n", size->vcpus);
	WRITE(w, "      - fubyte: {at: 0x180000}\n");
	for (i = 0; i < size->syncs; i++)
		WRITE(w, "      - sync-addr: {dst: %#x, src: %#x}\n"
		    "      - poke: {gpa: %#x, value: 1}\n", 0x4000 + 8 * (i % size->ptes),
		    0x180000 + 8 * i, i < size->ptes ? 0x100000 + 0x1000 * i :
		    0x110000 + 0x1000 * (i - size->ptes));
}

/* --- processes -------------------------------------------------------------------------------- */

struct outcome {
	double seconds;
	double states;
	double state_bytes;
};

/* Runs work(ctx) in a process of its own; what it writes comes back as numbers. */
static struct outcome
in_process(void (*work)(const void *ctx, int out), const void *ctx)
{
	struct outcome outcome = { 0, 0, 0 };
	struct rusage usage;
	double numbers[2] = { 0, 0 };
	int ends[2], status;
	pid_t child;

	if (pipe(ends) != 0)
		exit(3);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		work(ctx, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], numbers, sizeof(numbers)) != (ssize_t)sizeof(numbers) || child < 0 ||
	    wait4(child, &status, 0, &usage) != child || status != 0) {
		fprintf(stderr, "bench explore: a run failed\n");
		exit(1);
	}
	close(ends[0]);
	outcome.seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	    1e-6 * ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec);
	outcome.states = numbers[0];
	outcome.state_bytes = numbers[1];
	return outcome;
}

static void
answer(int out, double states, double state_bytes)
{
	double numbers[2] = { states, state_bytes };

	if (write(out, numbers, sizeof(numbers)) != (ssize_t)sizeof(numbers))
		_exit(3);
}

static void
explore_work(const void *ctx, int out)
{
	const struct size *size = ctx;
	struct explore_options options = { .safety_only = true, .end_at_violation = true };
	struct explore_result result;
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *scenario;
	static struct writer w;

	write_scenario(&w, size);
	if (scenario_load("shootdown", w.text, w.used, &list, &errors) != SCENARIO_OK) {
		fprintf(stderr, "line %u: %s\n", errors.error[0].line, errors.error[0].text);
		_exit(2);
	}
	scenario = scenario_list_make(&list, 0);
	if (scenario == NULL)
		_exit(3);
	explore_run(scenario, &options, &result);
	if (result.end != EXPLORE_COMPLETE || result.violation != EXPLORE_NONE) {
		fprintf(stderr, "end %d, violation %d\n", result.end, result.violation);
		_exit(1);
	}
	answer(out, (double)result.stats.states, (double)result.stats.state_bytes);
}

/* pan tells of its states in a line of its own. */
static void
spin_work(const void *ctx, int out)
{
	FILE *pan = popen(ctx, "r");
	char line[256];
	double states = 0;

	while (pan != NULL && fgets(line, sizeof(line), pan) != NULL) {
		if (strstr(line, " states, stored") != NULL)
			states = atof(line);
		if (strstr(line, "errors: ") != NULL && strstr(line, "errors: 0") == NULL)
			_exit(1);
	}
	if (pan == NULL || pclose(pan) != 0 || states == 0)
		_exit(1);
	answer(out, states, 0);
}

/* --- sizes ------------------------------------------------------------------------------------ */

static void
compile_model(const struct size *size, const char *directory)
{
	const char *source = getenv("SRC");
	char command[2048];

	snprintf(command, sizeof(command), "cd '%s' && spin -a -DVCPUS=%u -DPTES=%u -DLOOPS=%u "
	    "-DACCESSES=%u -DSYNCS=%u '%s/bench/shootdown.pml' >/dev/null && "
	    "cc -O2 -w -DSAFETY -DMEMLIM=12000 -o pan pan.c", directory, size->vcpus, size->ptes,
	    size->loops, size->accesses, size->syncs, source != NULL ? source : ".");
	if (system(command) != 0) {
		fprintf(stderr, "bench explore: SPIN cannot be run\n");
		exit(3);
	}
}

static void
report(const struct size *size, const char *what, double value, double baseline, double ratio)
{
	printf("{\"bench\": \"explore\", \"case\": \"%u/%u/%u/%u/%u\", \"unit\": \"%s\", "
	    "\"value\": %.6g, \"baseline\": \"spin\", \"baseline_value\": %.6g, "
	    "\"ratio\": %.4f, \"runs\": %d}\n", size->vcpus, size->ptes, size->loops,
	    size->accesses, size->syncs, what, value, baseline, ratio, ROUNDS);
	fflush(stdout);
}

static void
measure(const struct size *size, const char *directory)
{
	double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS];
	struct outcome explored, spun;
	char command[1024];
	int i;

	compile_model(size, directory);
	snprintf(command, sizeof(command), "cd '%s' && ./pan -m1000000 -w%u", directory,
	    size->pan_slots);
	for (i = 0; i < ROUNDS; i++) {
		explored = in_process(explore_work, size);
		spun = in_process(spin_work, command);
		ours[i] = explored.seconds;
		theirs[i] = spun.seconds;
		ratio[i] = explored.seconds / spun.seconds;
	}
	report(size, "s", measure_median(ours, ROUNDS), measure_median(theirs, ROUNDS),
	    measure_median(ratio, ROUNDS));
	report(size, "states", explored.states, spun.states, explored.states / spun.states);
	report(size, "bytes a state", explored.state_bytes, 0, 0);
}

int
main(void)
{
	char directory[] = "/tmp/vkept-explore-XXXXXX", command[64];
	size_t i;

	if (mkdtemp(directory) == NULL)
		return 3;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		measure(&sizes[i], directory);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command) != 0;
}
