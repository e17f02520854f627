/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios at a step and the memory of real machines, as one kind of thing.
 *
 * Of a real machine each register is what an option says, else what the notes of the file say of
 * the CPU asked for, else what a 64-bit system has: paging with PAE, and no-execute.
 */
#include "cli/cli_view.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "image/image_file.h"

#define NESTED_WORDS "ept|npt|npt5"
enum { NESTED_EPT, NESTED_NPT, NESTED_NPT5 };

#define EFER_LONG_MODE 0xd01ull /* SCE, LME, LMA, NXE */
#define EPTP_BARE (6ull | 3ull << EPTP_WALK_SHIFT) /* write-back, 4 levels */

/* What any EPT may use: the processor that made it is not known. */
#define EPT_CAP_ANY                                                                                \
	(EPT_CAP_EXEC_ONLY | EPT_CAP_WALK4 | EPT_CAP_WALK5 | EPT_CAP_UC | EPT_CAP_WB |             \
	    EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD | EPT_CAP_SSS)

/* --- options ---------------------------------------------------------------------------------- */

struct numeric {
	enum cli_view_id id;
	const char *name;
	uint64_t least, most;
	const char *expected;
};

#define CPU_MOST 65535u
_Static_assert(CPU_MOST == 65535, "the sentences say another number");

static const struct numeric numerics[] = {
	{ CLI_VIEW_STEP, "step", 1, SCN_STEPS_MAX + 1, "a number from 1" },
	{ CLI_VIEW_CPU, "cpu", 0, CPU_MOST, "a number up to 65535" },
	{ CLI_VIEW_CR3, "cr3", 0, UINT64_MAX, "a number" },
	{ CLI_VIEW_CR4, "cr4", 0, UINT64_MAX, "a number" },
	{ CLI_VIEW_EFER, "efer", 0, UINT64_MAX, "a number" },
	{ CLI_VIEW_MAXPHYADDR, "maxphyaddr", 32, 52, "a number from 32 to 52" },
	{ CLI_VIEW_ROOT, "nested-root", 0, UINT64_MAX, "a number" },
	{ CLI_VIEW_AGAINST_CPU, "against-cpu", 0, CPU_MOST, "a number up to 65535" },
	{ CLI_VIEW_AGAINST_CR3, "against-cr3", 0, UINT64_MAX, "a number" },
};

static int
take_number(struct cli *cli, struct cli_view *source, int id, const char *argument)
{
	const struct numeric *numeric = numerics;
	uint64_t *value = &source->value[id - CLI_VIEW];

	while ((int)numeric->id != id)
		numeric++;
	if (cli_number(argument, value) && *value >= numeric->least && *value <= numeric->most)
		return 1;
	return cli_bad_argument(cli, numeric->name, numeric->expected, argument) == CLI_OK;
}

int
cli_view_take(struct cli *cli, struct cli_view *source, int id, const char *argument)
{
	int word;

	source->given |= 1u << (id - CLI_VIEW);
	switch (id) {
	case CLI_VIEW_THREAD:
		source->thread = argument;
		return 1;
	case CLI_VIEW_VARIANT:
		source->variant = argument;
		return 1;
	case CLI_VIEW_CORE:
		source->core = argument;
		return 1;
	case CLI_VIEW_RAW:
		source->raw = argument;
		return 1;
	case CLI_VIEW_AGAINST:
		source->against = argument;
		return 1;
	case CLI_VIEW_NESTED:
		word = cli_word_index(NESTED_WORDS, argument, strlen(argument));
		source->nested = word < 0 ? 0 : (unsigned)word;
		return word >= 0 ||
		    cli_bad_argument(cli, "nested", NESTED_WORDS, argument) == CLI_OK;
	default:
		return take_number(cli, source, id, argument);
	}
}

int
cli_view_is_machine(const struct cli_view *source)
{
	return source->core != NULL || source->raw != NULL;
}

int
cli_view_is_pair(const struct cli_view *source)
{
	return cli_view_has(source, CLI_VIEW_AGAINST) ||
	    cli_view_has(source, CLI_VIEW_AGAINST_CPU) ||
	    cli_view_has(source, CLI_VIEW_AGAINST_CR3);
}

#define BIT(id) (1u << ((id) - CLI_VIEW))
#define OF_A_SCENARIO (BIT(CLI_VIEW_THREAD) | BIT(CLI_VIEW_STEP) | BIT(CLI_VIEW_VARIANT))
#define OF_A_MACHINE                                                                               \
	(BIT(CLI_VIEW_CPU) | BIT(CLI_VIEW_CR3) | BIT(CLI_VIEW_CR4) | BIT(CLI_VIEW_EFER) |          \
	    BIT(CLI_VIEW_MAXPHYADDR) | BIT(CLI_VIEW_NESTED) | BIT(CLI_VIEW_ROOT) |                 \
	    BIT(CLI_VIEW_AGAINST_CPU) | BIT(CLI_VIEW_AGAINST_CR3))

enum cli_status
cli_view_check(struct cli *cli, const struct cli_view *source)
{
	int operands = cli->argc - cli->operand;

	if (!cli_view_is_machine(source)) {
		if (operands != 1)
			return cli_usage(cli, "expected one scenario, --core or --raw");
		if (source->given & OF_A_MACHINE)
			return cli_usage(cli, "registers and --nested belong to --core or --raw");
		return CLI_OK;
	}
	if (operands != 0)
		return cli_usage(cli, "expected one of a scenario, --core and --raw");
	if (source->core != NULL && source->raw != NULL)
		return cli_usage(cli, "expected one of --core and --raw");
	if (source->given & OF_A_SCENARIO)
		return cli_usage(cli, "--thread, --step and --variant belong to a scenario");
	if (cli_view_has(source, CLI_VIEW_NESTED) != cli_view_has(source, CLI_VIEW_ROOT))
		return cli_usage(cli, "--nested and --nested-root go together");
	return CLI_OK;
}

/* --- a scenario ------------------------------------------------------------------------------- */

static const char *
thread_name_at(const void *ctx, size_t index)
{
	const struct scenario *scenario = ctx;

	return index < scenario->threads ? scenario->thread[index].name : NULL;
}

/* Whether this thread is the one that was asked for, or would do where none was. */
static int
is_wanted(const struct cli_view *source, const struct scn_thread *thread)
{
	if (source->thread != NULL)
		return strcmp(source->thread, thread->name) == 0;
	return (thread->role & SCN_ROLE_VCPUS) != 0;
}

static enum cli_status
find_thread(const struct cli_view *source, struct cli_scenario *opened)
{
	const struct scenario *scenario = opened->scenario;
	struct text *text;
	unsigned i = 0;

	while (i < scenario->threads && !is_wanted(source, &scenario->thread[i]))
		i++;
	opened->thread = i;
	if (i < scenario->threads && (scenario->thread[i].role & SCN_ROLE_VCPUS))
		return CLI_OK;
	if (i < scenario->threads || source->thread == NULL) {
		cli_complain_of(scenario->file, source->thread == NULL ?
		    "no thread of this scenario is a vCPU" : "this thread is no vCPU");
		return CLI_BAD;
	}
	text = cli_error();
	text_str(text, "vkept: ");
	text_safe(text, scenario->file);
	text_str(text, ": no thread '");
	text_safe(text, source->thread);
	text_str(text, "'");
	cli_suggest(text, source->thread, thread_name_at, scenario);
	text_str(text, "\n");
	return CLI_BAD;
}

/* The scenario of a list that was asked for. */
static enum cli_status
find_variant(struct cli *cli, const char *variant, struct cli_scenario *opened)
{
	struct scenario_list *list = &opened->list;
	uint64_t number = 1;
	size_t i = 0;

	if (variant == NULL || cli_number(variant, &number))
		i = number - 1 < list->count ? (size_t)number - 1 : list->count;
	for (; i < list->count; i++) {
		opened->scenario = scenario_list_make(list, i);
		if (opened->scenario == NULL) {
			cli_complain("out of memory");
			return CLI_ENVIRONMENT;
		}
		if (variant == NULL || cli_number(variant, &number) ||
		    strcmp(variant, opened->scenario->variant) == 0)
			return CLI_OK;
		scenario_free(opened->scenario);
		opened->scenario = NULL;
	}
	(void)cli_bad_argument(cli, "variant", "one that 'vkept run' lists", variant);
	return CLI_BAD;
}

enum cli_status
cli_scenario_load(struct cli *cli, const char *variant, struct cli_scenario *opened)
{
	struct scenario_errors errors;
	enum cli_status status;

	memset(opened, 0, sizeof(*opened));
	status = cli_scenarios_load(cli->argv[cli->operand], &opened->list, &errors);
	if (status != CLI_OK && errors.count != 0)
		cli_scenario_errors(&errors);
	scenario_errors_free(&errors);
	if (status != CLI_OK)
		return status;
	status = find_variant(cli, variant, opened);
	if (status != CLI_OK)
		cli_scenario_close(opened);
	return status;
}

enum cli_status
cli_scenario_open(struct cli *cli, const struct cli_view *source, struct cli_scenario *opened)
{
	enum cli_status status = cli_scenario_load(cli, source->variant, opened);

	if (status != CLI_OK)
		return status;
	status = find_thread(source, opened);
	if (status != CLI_OK)
		cli_scenario_close(opened);
	return status;
}

void
cli_scenario_close(struct cli_scenario *opened)
{
	scenario_free(opened->scenario);
	scenario_list_free(&opened->list);
}

enum cli_status
cli_scenario_answer(const struct cli_scenario *opened, enum play_answer answer)
{
	static const char *const why_not[] = {
		[PLAY_NOT_REACHED] = "the run ended before that step",
		[PLAY_NO_ACCESS] = "that step makes no access; give an address with --gva",
		[PLAY_NO_TABLES] = "the thread has no guest mode at that point",
		[PLAY_ANSWER_NO_MEMORY] = "out of memory",
	};

	if (answer == PLAY_ANSWERED)
		return CLI_OK;
	cli_complain_of(opened->scenario->file, why_not[answer]);
	return answer == PLAY_ANSWER_NO_MEMORY ? CLI_ENVIRONMENT : CLI_BAD;
}

static enum cli_status
open_scenario(struct cli *cli, const struct cli_view *source, enum cli_state state,
    struct view *view)
{
	struct play_question question = { .step = SIZE_MAX };
	struct cli_scenario opened;
	enum cli_status status;
	uint64_t step = source->value[CLI_VIEW_STEP - CLI_VIEW];

	if (state == CLI_STATE_AGAINST && (!cli_number(source->against, &step) || step == 0))
		return cli_bad_argument(cli, "against", "the number of a step", source->against);
	status = cli_scenario_open(cli, source, &opened);
	if (status != CLI_OK)
		return status;
	question.thread = opened.thread;
	question.step = step != 0 ? (size_t)step - 1 :
	    opened.scenario->thread[opened.thread].steps;
	status = cli_scenario_answer(&opened, play_view(opened.scenario, &question, view));
	cli_scenario_close(&opened);
	return status;
}

/* --- a real machine --------------------------------------------------------------------------- */

static enum cli_status
complain_of_image(const char *path, enum image_status status, const struct image_error *error)
{
	struct text *text;

	if (status == IMAGE_OK)
		return CLI_OK;
	text = cli_error();
	text_str(text, "vkept: ");
	text_safe(text, path);
	if (error->at_offset)
		text_add(text, ": offset 0x%" PRIx64, error->offset);
	text_str(text, ": ");
	text_safe(text, error->text);
	text_str(text, "\n");
	return status == IMAGE_BAD ? CLI_BAD : CLI_ENVIRONMENT;
}

/*
 * A mapped file has become shorter, or its disk cannot be read.  The signal comes from a load in
 * this program's own reading, so what the message is made with is not in use.
 */
static void
complain_of_loss(int signal_number, siginfo_t *info, void *context)
{
	const char *path;
	struct text *text;
	uint64_t offset;

	(void)context;
	if (info->si_code <= 0 || !image_find_mapped(info->si_addr, &path, &offset)) {
		(void)signal(signal_number, SIG_DFL);
		(void)raise(signal_number);
		return;
	}
	text = cli_error();
	text_str(text, "vkept: ");
	text_safe(text, path);
	text_add(text, ": offset 0x%" PRIx64 ": it can no longer be read there; was it cut while "
	    "it was looked at?\n", offset);
	cli_output_abandon(CLI_ENVIRONMENT);
}

static void
guard_mapped(void)
{
	struct sigaction action = { .sa_sigaction = complain_of_loss, .sa_flags = SA_SIGINFO };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGBUS, &action, NULL);
}

static void
note_unpacked(void *ctx, uint64_t bytes)
{
	(void)ctx;
	cli_progress_count(bytes >> 20, "MiB unpacked");
}

/* FILE@ADDRESS, where the file's name may have an @ of its own. */
static enum cli_status
open_raw(struct cli *cli, const char *option, const char *raw, struct image_core *core)
{
	const char *at = strrchr(raw, '@');
	struct image_error error;
	enum cli_status status;
	uint64_t address;
	char *path;

	if (at == NULL || at == raw || !cli_number(at + 1, &address))
		return cli_bad_argument(cli, option, "FILE@ADDRESS", raw);
	path = strndup(raw, (size_t)(at - raw));
	if (path == NULL) {
		cli_complain("out of memory");
		return CLI_ENVIRONMENT;
	}
	status = complain_of_image(path, image_raw_open(path, address, core, &error), &error);
	free(path);
	return status;
}

static enum cli_status
open_memory(struct cli *cli, const struct cli_view *source, enum cli_state state,
    struct image_core *core)
{
	int other = state == CLI_STATE_AGAINST && source->against != NULL;
	const char *path = other ? source->against : source->core;
	struct image_error error;

	guard_mapped();
	image_watch_unpacking(note_unpacked, NULL);
	if (source->raw != NULL)
		return open_raw(cli, other ? "against" : "raw", other ? source->against :
		    source->raw, core);
	return complain_of_image(path, image_core_open(path, core, &error), &error);
}

/* The option that holds for this state: its own where there is one and it was given. */
static enum cli_view_id
option_of(const struct cli_view *source, enum cli_state state, enum cli_view_id id,
    enum cli_view_id against)
{
	return state == CLI_STATE_AGAINST && cli_view_has(source, against) ? against : id;
}

/* What the notes say of the CPU asked for, NULL where they say nothing of any. */
static enum cli_status
find_cpu(const struct cli *cli, const struct cli_view *source, enum cli_state state,
    const struct image_core *core, const struct image_cpu **cpu)
{
	enum cli_view_id id = option_of(source, state, CLI_VIEW_CPU, CLI_VIEW_AGAINST_CPU);
	uint64_t number = source->value[id - CLI_VIEW];
	struct text *text;

	*cpu = NULL;
	if (number < core->cpus)
		*cpu = &core->cpu[number];
	else if (!cli_view_has(source, id) && core->has_kernel)
		*cpu = &core->kernel;
	if (*cpu != NULL || !cli_view_has(source, id))
		return CLI_OK;
	text = cli_error();
	text_add(text, "vkept %s: --%s: expected one of the %zu CPUs in the file, found %" PRIu64
	    "\n", cli->command->name, id == CLI_VIEW_CPU ? "cpu" : "against-cpu", core->cpus,
	    number);
	return CLI_BAD;
}

static enum cli_status
complain_of_mode(const struct cli *cli)
{
	text_add(cli_error(), "vkept %s: the CPU has 32-bit paging (CR4.PAE is 0); expected "
	    "one with 4 or 5 levels\n", cli->command->name);
	return CLI_BAD;
}

/* The registers: paging stays off where nothing says where its tables are. */
static enum cli_status
choose_mode(const struct cli *cli, const struct cli_view *source, enum cli_state state,
    const struct image_core *core, struct guestpt_mode *mode)
{
	enum cli_view_id cr3 = option_of(source, state, CLI_VIEW_CR3, CLI_VIEW_AGAINST_CR3);
	const struct image_cpu *cpu;
	enum cli_status status = find_cpu(cli, source, state, core, &cpu);

	memset(mode, 0, sizeof(*mode));
	mode->cr4 = VK_CR4_PAE;
	mode->efer = EFER_LONG_MODE;
	mode->page1g = 1;
	mode->maxphyaddr = 52;
	if (cpu != NULL && (cpu->cr0 & VK_CR0_PG) && !(cpu->cr4 & VK_CR4_PAE) &&
	    !cli_view_has(source, CLI_VIEW_CR4))
		return complain_of_mode(cli);
	if (cpu != NULL) {
		mode->cr0 = cpu->cr0;
		mode->cr3 = cpu->cr3;
		mode->cr4 = cpu->cr4;
	}
	if (cli_view_has(source, cr3)) {
		mode->cr0 |= VK_CR0_PG | VK_CR0_WP;
		mode->cr3 = source->value[cr3 - CLI_VIEW];
	}
	if (cli_view_has(source, CLI_VIEW_CR4))
		mode->cr4 = source->value[CLI_VIEW_CR4 - CLI_VIEW];
	if (cli_view_has(source, CLI_VIEW_EFER))
		mode->efer = source->value[CLI_VIEW_EFER - CLI_VIEW];
	if (cli_view_has(source, CLI_VIEW_MAXPHYADDR))
		mode->maxphyaddr = (unsigned)source->value[CLI_VIEW_MAXPHYADDR - CLI_VIEW];
	return status;
}

static enum cli_status
set_ept(const struct cli *cli, struct view *view, uint64_t eptp)
{
	static const char *const wrong[] = {
		[EPTP_BAD_MEMTYPE] = "an EPTP of memory type 0 or 6 (bits 2:0)",
		[EPTP_BAD_WALK_LENGTH] = "an EPTP of walk length 4 or 5 (bits 5:3, minus 1)",
		[EPTP_BAD_AD] = "an EPTP",
		[EPTP_BAD_RESERVED] = "an EPTP without reserved bits (11:8, and above MAXPHYADDR)",
	};
	struct hpm memory = image_hpm(view->image);
	enum eptp_why why;
	char found[32];
	struct text_buffer buffer = { found, sizeof(found), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;
	struct ept ept;

	/* The bare address of a table will do for the commonest form. */
	why = ept_init(&ept, memory, (eptp & VK_PAGE_OFFSET_MASK) == 0 ? eptp | EPTP_BARE : eptp,
	    EPT_CAP_ANY, 0, view->mode.maxphyaddr);
	if (why == EPTP_VALID) {
		view_set_ept(view, &ept);
		return CLI_OK;
	}
	text_init(&text, &sink, 0);
	text_add(&text, "0x%" PRIx64, eptp);
	return cli_bad_argument(cli, "nested-root", wrong[why], found);
}

static enum cli_status
set_outer(const struct cli *cli, const struct cli_view *source, struct view *view)
{
	uint64_t root = source->value[CLI_VIEW_ROOT - CLI_VIEW];
	struct guestpt_mode host = { .cr3 = root, .page1g = 1,
		.maxphyaddr = view->mode.maxphyaddr };

	if (!cli_view_has(source, CLI_VIEW_NESTED))
		return CLI_OK;
	if (source->nested == NESTED_EPT)
		return set_ept(cli, view, root);
	host.cr4 = source->nested == NESTED_NPT5 ? VK_CR4_LA57 : 0;
	view_set_npt(view, &host);
	return CLI_OK;
}

static enum cli_status
open_machine(struct cli *cli, const struct cli_view *source, enum cli_state state,
    struct view *view)
{
	struct guestpt_mode mode;
	struct image_core core = { .image = NULL };
	enum cli_status status = open_memory(cli, source, state, &core);

	if (status != CLI_OK)
		return status;
	status = choose_mode(cli, source, state, &core, &mode);
	view_init(view, core.image, &mode, 0);
	core.image = NULL;
	image_core_free(&core);
	if (status == CLI_OK)
		status = set_outer(cli, source, view);
	if (status != CLI_OK)
		view_free(view);
	return status;
}

static enum cli_status
complain_of_root(const struct view *view, const char *name, const char *whose, uint64_t root)
{
	const struct image *image = view->image;
	struct text *text = cli_error();

	text_str(text, "vkept: ");
	text_safe(text, name);
	text_add(text, ": the root table of the %s at 0x%" PRIx64 " is not in this memory", whose,
	    root);
	if (image->runs != 0)
		text_add(text, "; expected an address from 0x%" PRIx64 " to 0x%" PRIx64,
		    image->run[0].start, image->run[image->runs - 1].end - 1);
	text_str(text, "\n");
	return CLI_BAD;
}

enum cli_status
cli_view_check_roots(const struct view *view, const char *name, int guest, int outer)
{
	static unsigned char scratch[VK_PAGE_BYTES];
	const unsigned char *bytes;
	hpa_t hpa;

	if (outer && image_page(view->image, view_outer_root(view), scratch) == NULL)
		return complain_of_root(view, name, "outer tables", view_outer_root(view).v);
	if (guest && view_guest_page(view, view_guest_root(view), &hpa, scratch, &bytes) ==
	    VIEW_ABSENT)
		return complain_of_root(view, name, "guest", view_guest_root(view).v);
	return CLI_OK;
}

const char *
cli_view_no_tables(const struct cli_view *source)
{
	if (!cli_view_is_machine(source))
		return "the guest has paging off at that point";
	if (cli_view_has(source, CLI_VIEW_CPU))
		return "this CPU has paging off; another may do, or --cr3";
	return "no registers found in this file, or paging is off; expected --cr3, and --cr4 for "
	    "5 levels";
}

enum cli_status
cli_view_open(struct cli *cli, const struct cli_view *source, enum cli_state state,
    struct view *view)
{
	if (cli_view_is_machine(source))
		return open_machine(cli, source, state, view);
	return open_scenario(cli, source, state, view);
}
