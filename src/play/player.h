/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The player's own state, shared by the files of this room.
 *
 * A player owns the machine that it builds from a scenario; a play thread interprets one thread's
 * steps on it.  Each step leaves a result, which the expectations are held against.
 */
#ifndef VK_PLAY_PLAYER_H
#define VK_PLAY_PLAYER_H

#include "defect/defect.h"
#include "exec/exec_process.h"
#include "play/play.h"
#include "play/play_sight.h"

#define PLAYER_EXITS_MAX 32     /* exits of one step that are kept for comparison */
#define PLAYER_BYTES_MAX 65536u /* of one step */

/* The kernel's buffer of a copy: so many bytes from any place of their first page. */
#define PLAY_BUFFER_BYTES (PLAYER_BYTES_MAX + VK_PAGE_BYTES)

/* What one step came to.  A field counts when its bit in `has` is set (enum scn_key). */
struct step_result {
	uint64_t has[SCN_SRC_WORDS];
	enum scn_outcome outcome;
	uint32_t reason, intr_info, idt_info, instruction_error, vector, error_code, memtype;
	uint64_t cr2, qualification, gpa, gla, hpa, value, done, reads, rip;
	bool stale;           /* some access was, the last of them: */
	struct stale history;
	unsigned char *bytes; /* `room` of them, `size` of which are the result */
	size_t size, room;
	struct vmx_exit exit[PLAYER_EXITS_MAX];
	size_t exits;         /* all of them, also those not kept */
	bool accessed;        /* `access` was made */
	struct vcpu_request access;
};

struct player;

struct play_thread {
	struct player *player;
	const struct scn_thread *scn;
	unsigned index;
	struct machine_thread machine;
	struct vcpu_stores stores; /* where the scenario has store buffers */
	size_t at;            /* step that is next or under way */
	uint32_t round;       /* of a repeated step; of one that is repeated for ever 0 */
	bool yields;          /* made a round of a step that is repeated for ever */
	uint64_t changes;     /* of tables, when the step began */
	uint64_t held;        /* bit n: the step of scenario.condition[n] came to that, the last
	                       * time it was made; all that is kept of steps past */
	bool begun;
	bool ended;
	bool wants_exit;      /* an exit step, or the end of the steps */
	bool exited;          /* by an exit step or exit(2) */
	bool entry_checked;   /* bare: VM entry was tried */
	bool in_user;         /* a process of the vkernel runs, not the vkernel */
	bool sent;            /* the step's exit is on its way: go on when it was handled */
	enum scn_end end;
	struct step_result result;
	struct vmx_exit last_exit;
	unsigned same_exits;  /* in a row, of one step, without progress */
	bool livelock;
	struct exec_thread *program; /* the thread of the program that runs here; NULL: none */
	uint64_t run_from;    /* instructions that it had executed before the run step */
	bool rests;           /* between two slices of it */
};

struct player {
	const struct scenario *scenario;
	struct machine machine;
	struct defects defects;
	struct machine_process *process; /* one a host space */
	struct vm_object **object;
	struct exec_process *program;    /* one a program */
	struct exec_memory exec;         /* what they share */
	struct ept bare_ept;             /* of host.ept */
	bool has_bare_ept;
	bool watched;                    /* by an explorer, who chooses when stores are seen */
	bool migrates;                   /* some thread may change its CPU */
	bool judges;                     /* it matters whether a translation is stale */
	bool history;                    /* how translations became stale is wanted ... */
	bool advises;                    /* ... for the outcome */
	hpa_t spptp;                     /* root of the sub-page permission tables; 0: none */
	struct play_thread *thread;
	struct machine_thread **machine_thread;
	uint64_t *tables_next;           /* a guest space: the next table page */
	struct play_outcome *outcome;
	enum play_status status;
	uint32_t rounds;      /* of steps repeated for ever, since another step was made */
	size_t console_room;
	const struct play_question *question; /* NULL: a plain run */
	enum play_answer answer;
	struct explanation *why;
	struct view *view;               /* to be made instead of an explanation; NULL: not */
	const struct play_observer *observer; /* was told that the run begins; NULL: nobody */
};

/* --- play_sight.c: the player as those see it who follow its run ------------------------------ */

const struct play_sight *player_sight(const struct player *player);

/* --- play_view.c: what is kept to be looked at ------------------------------------------------ */

/* A view of what the thread's guest has now; false: out of memory. */
bool play_view_make(const struct play_thread *thread, struct view *view);

/* --- play.c: a run ---------------------------------------------------------------------------- */

/* Builds machine and threads; false: see player->status and the outcome's mismatches. */
bool player_start(struct player *player, const struct play_options *options);

/* How the threads ended, and what the scenario expects of the end. */
void player_finish(struct player *player);

/* What became of the run so far. */
enum play_status player_status(const struct player *player);

/* Frees the machine; what became of the run. */
enum play_status player_end(struct player *player);

/* --- play_build.c: the machine of a scenario ------------------------------------------------ */

/* false: see player->status and the outcome's mismatches. */
bool player_build(struct player *player);
void player_free(struct player *player);

enum player_mapped { PLAYER_MAPPED, PLAYER_MAP_OVERLAPS, PLAYER_MAP_NO_MEMORY };

/* Adds a region to a host space's map, at the start or by an mmap step. */
enum player_mapped player_map_region(struct player *player, uint32_t host_space,
    const struct scn_region *region);

/* Builds the tables of one guest space. */
bool player_build_space(struct player *player, unsigned space);

/*
 * Guest-physical memory of a host space (SCN_NONE: through host.ept, or host memory itself where
 * there is none), for building and for looking: no rights, no flags.
 */
struct gpm player_raw_memory(struct player *player, uint32_t host_space);

/*
 * The same as copyio sees it: rights of the memory map, or of host.ept, are checked.  *user is
 * filled where there is a map, and has to last as long as the memory.
 */
struct gpm player_user_memory(struct player *player, uint32_t host_space,
    struct machine_user *user);

/*
 * Where a guest-physical address of a host space is, whatever its rights; a page that nothing has
 * touched is brought in.
 */
bool player_locate(struct player *player, uint32_t host_space, gpa_t gpa, hpa_t *hpa);

/* Reads or writes bytes of guest-physical memory; false when something is not there. */
bool player_read(struct player *player, uint32_t host_space, uint64_t gpa, void *bytes,
    size_t size);
bool player_write(struct player *player, uint32_t host_space, uint64_t gpa, const void *bytes,
    size_t size);

/* Where an entry of guest tables is; false when a table on its path is missing. */
bool player_entry_slot(struct player *player, const struct scn_entry *entry, gpa_t *slot,
    uint32_t *host_space);
/* Where an EPT entry is. */
bool player_ept_slot(struct player *player, const struct scn_ept_entry *entry, hpa_t *slot);

/* The value of an entry after a change that a scenario describes. */
uint64_t player_changed_entry(const struct scn_entry *entry, enum scn_layout layout,
    uint64_t before);
uint64_t player_changed_ept(const struct scn_ept_entry *entry, uint64_t before);

/* The byte at `i` of a content. */
static inline unsigned char
content_byte(const struct scn_content *content, uint64_t i)
{
	return content->data != NULL ? content->data[i] : content->fill;
}

/* Tells what could not be built, and where the scenario asks for it; false. */
bool player_build_failed(struct player *player, struct scn_mark mark, const char *expected,
    const char *found);

/* --- play_tables.c: frames that hold guest tables -------------------------------------------- */

/* Names all of them; from now on their changes are changes. */
void player_name_tables(struct player *player);

/* Names those of a space that was built meanwhile. */
void player_name_space(struct player *player, unsigned index);

/* --- play_thread.c: a thread's life ----------------------------------------------------------- */

void play_thread_init(struct play_thread *thread, struct player *player, unsigned index);
void play_thread_free(struct play_thread *thread);

/* The coroutine's body. */
void play_thread_body(void *arg);

/* VM entry of a bare vCPU; false: it failed, and the result says how. */
bool play_bare_entry(struct play_thread *thread, bool resume);

/* --- play_loop.c: the guest as the run loop sees it ------------------------------------------- */

extern const struct machine_guest_ops play_guest_ops;

/* An exit becomes one of the step under way. */
void play_record_exit(struct play_thread *thread, const struct vmx_exit *exit);

/* --- play_state.c: a thread for who watches --------------------------------------------------- */

/* A thread looks at what others see of another. */
void play_touch_thread(const struct play_thread *thread);

/* What others see of a thread, and all that is its own between two touches, as canonical bytes. */
void play_thread_seen(const struct play_thread *thread, const struct watch_sink *sink);
void play_thread_state(const struct play_thread *thread, const struct watch_sink *sink);

/* --- play_step.c: from step to step ----------------------------------------------------------- */

/* Where a thread stands between two steps, for who watches: its stack follows from that. */
enum play_place {
	PLACE_STEPS,  /* it lives by its steps */
	PLACE_BECOME, /* before it is a vCPU */
	PLACE_HOST,   /* in the run loop, out of guest mode */
	PLACE_TURN,   /* there, when it has seen that others share its CPU */
	PLACE_GUEST,  /* in the run loop, in guest mode */
	PLACE_NEXT,   /* there, before it looks for an interrupt */
	PLACE_RUN     /* there, between two instructions of a program */
};

/* The step under way, or NULL past the last. */
const struct scn_step *play_step(const struct play_thread *thread);

/* Whether the step is an instruction that stands at an address of its own. */
bool play_has_rip(const struct scn_step *step);

/* What runs in guest mode, as opposed to in the host; edits are made in place. */
bool play_is_guest_op(enum scn_op op);

/*
 * Waits for the thread's turn and begins the next step.  false: let go on out of turn, or done.
 */
bool play_take_turn(struct play_thread *thread, enum play_place place);

/* Ends the step under way: compares its result and goes on to the next. */
void play_step_finish(struct play_thread *thread);

/* Whether the thread repeats a step for ever, and every thread that ends by itself has ended. */
bool play_is_taken_down(const struct play_thread *thread);

/* --- play_question.c: questions about the state before a step --------------------------------- */

/* Whether the step to come is the one that the question is about, and it has no answer yet. */
bool play_is_asked_for(const struct play_thread *thread);

void play_answer(struct play_thread *thread);

/* --- play_result.c: what a step comes to ------------------------------------------------------ */

/* Whether the step has such a result. */
static inline bool
result_has(const struct step_result *result, enum scn_key key)
{
	return (result->has[(unsigned)key / 64] >> ((unsigned)key % 64) & 1) != 0;
}

void result_clear(struct step_result *result);

/* Sets a field of the result. */
void result_set(struct step_result *result, enum scn_key key);
void result_outcome(struct step_result *result, enum scn_outcome outcome);
void result_value(struct step_result *result, uint64_t value);
/* Room for bytes of a step, and for a word at least; false: out of memory. */
bool result_room(struct play_thread *thread, size_t room);
/* The same, and so many bytes are the result. */
bool result_bytes(struct play_thread *thread, size_t size);
/* The exit becomes the outcome. */
void result_exit(struct step_result *result, const struct vmx_exit *exit);

/* --- play_program.c: programs ----------------------------------------------------------------- */

/* Loads the programs into the machine, whose threads exist; false as player_build(). */
bool player_build_programs(struct player *player);
void player_free_programs(struct player *player);

/* The program's thread while a run step is under way, which is whose exits there are; or NULL. */
struct exec_thread *play_running(const struct play_thread *thread);

void play_run_begin(struct play_thread *thread);

/* Whether nothing can be executed before somebody else has done something. */
bool play_run_waits(const struct play_thread *thread);

/* The program's thread, and how far the run step is where that matters, as canonical bytes. */
void play_program_state(const struct play_thread *thread, const struct watch_sink *sink);

/* Ends the run step if an exit of the program was its last. */
void play_run_over(struct play_thread *thread);

/* Whether the vkernel of the thread's program has resolved a page fault of another step. */
bool play_serve_fault(struct play_thread *thread, const struct vmx_exit *exit);

/* --- play_guest.c: instructions of the guest -------------------------------------------------- */

enum guest_progress {
	GUEST_COMPLETED, /* the instruction is done */
	GUEST_EXITED,    /* *exit says why */
	GUEST_TURN       /* others may go first, then there is more of it */
};

/* A slice of a run step. */
enum guest_progress play_slice(struct play_thread *thread, const struct scn_step *step,
    struct vmx_exit *exit);

/* Runs the instruction of the step under way. */
enum guest_progress play_guest_step(struct play_thread *thread, const struct scn_step *step,
    struct vmx_exit *exit);

/* The exit of SYSCALL at CPL 3: #UD. */
void play_syscall_exit(struct vmx_exit *exit);

/* --- play_stale.c: invalidations that were missing -------------------------------------------- */

/* Whether the scenario says anywhere that an access is stale, or not. */
bool play_expects_stale(const struct scenario *scenario);

/* An access of the step under way used a stale translation. */
void play_note_stale(struct play_thread *thread, const struct vcpu_piece *piece);

/* The run is over: what is cached that should not be? */
void play_advise_end(struct player *player);

/* --- play_always.c: properties of the whole run ----------------------------------------------- */

/* Whether the scenario asks for it: SCN_ALWAYS_*. */
static inline bool
play_is_always(const struct player *player, uint64_t property)
{
	return (player->scenario->expect.always & property) != 0;
}

/* The step under way is done: what a shootdown has taken away is not to be used from now on. */
void play_always_done(struct play_thread *thread);

/* An access of the step under way used what had been taken away. */
void play_always_used(struct play_thread *thread, const struct vcpu_piece *piece);

/* The thread's guest is entered by its VMM. */
void play_always_entered(struct play_thread *thread);

/* The run is over. */
void play_always_end(struct player *player);

/* --- play_kernel.c: what the host does -------------------------------------------------------- */

/* Adds to what was written to the console; false: there is no room for it. */
bool player_console(struct player *player, const unsigned char *bytes, size_t size);

/* Operations that need no guest mode, on any thread. */
void play_kernel_step(struct play_thread *thread, const struct scn_step *step);

/* A system call of the guest, whose exit was decoded. */
enum vmm_end play_syscall(struct play_thread *thread, const struct scn_step *step);

/* Becomes a vCPU; the outcome tells how it went. */
bool play_vminit(struct play_thread *thread, const struct scn_step *step);

/* The vkernel's own routines over its page tables. */
void play_pmap(struct play_thread *thread, const struct scn_step *step);

/* --- play_copyio.c: calls of the copyio family ------------------------------------------------ */

/* A user space, its memory watched; `us` points into this, so it stays where it is. */
struct play_user {
	struct vk_us us;
	struct gpm under;           /* the memory itself, and */
	struct machine_user memory; /* what it is of; without process: host.ept */
	struct vk_guard guard;      /* the process' own */
	size_t piece;               /* bytes of the page that is held, or was last */
	struct step_result *result; /* counts the entries that walks read, unless NULL */
	size_t room;                /* bytes of held pages that the kernel's buffer has room for */
	bool no_room;               /* a page was refused for that */
};

/* The user space of thread `of`, as the kernel's function table has it, for a step. */
void play_user_init(struct play_user *user, struct play_thread *of, struct step_result *result);

/* Gives it the guard of the process' VMM, for calls that are not made with the gate shut. */
void play_user_guard(struct play_user *user, const struct defects *defects);

/* Makes the call of a step, on behalf of the thread that it names. */
void play_copy(struct play_thread *thread, const struct scn_step *step);

/* The step's result and its event, after a call that was made otherwise. */
void play_copy_ended(struct play_thread *thread, const struct scn_step *step,
    const struct play_user *user, int error, size_t asked, size_t done);

/* The vkernel's copies from and to the memory of its processes. */
enum guest_progress play_vk_copy(struct play_thread *thread, const struct scn_step *step,
    struct vmx_exit *exit);

/* --- expect.c --------------------------------------------------------------------------------- */

/*
 * Holds the result of the step under way against its expectation, and against what outcomes of the
 * scenario say about the step: thread->held.
 */
void expect_step(struct play_thread *thread, const struct scn_step *step);

/* Told by the machine of what the architecture leaves undefined; ctx is the player. */
void expect_defined(void *ctx, const struct machine_thread *thread, const char *what);

/* Holds the end of the run against the scenario's, and tells which outcomes it came to. */
void expect_final(struct player *player);

/*
 * Which outcomes of the scenario the run has come to: bit n for scenario.reach[n].  It only looks.
 * The ends of threads are those in the play_outcome.
 */
uint64_t expect_reached(struct player *player);

/* What is known of why a step came to something else; either may be NULL. */
struct expect_reason {
	const struct explanation *why;
	const struct stale *stale;
};

/* Records one mismatch; the texts are copied. */
void expect_failed(struct player *player, struct scn_mark mark, int thread, int step,
    const char *field, const char *expected, const char *found,
    const struct expect_reason *reason);

#endif
