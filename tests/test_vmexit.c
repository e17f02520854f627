/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to what is done about it: the dispatch table, and the decoding of SYSCALL.
 *
 * The host under the dispatch is a recorder: it writes down what it is asked, in order, and answers
 * as the row wants.  Whoever can raise an exit at CPL 3 gets it back or goes on; only what no guest
 * can raise ends the process.
 *
 * [DF-DISPATCH] [VMX-SYSCALL] [VMX-REASON] [VMX-INTR-INFO] [EPT-QUALIFICATION]
 */
#include <stdio.h>
#include <string.h>

#include "ept/ept_exit.h"
#include "support/support_rows.h"
#include "vmm/vmm.h"

#define HARDWARE(vector)  (0x80000300u | (vector))
#define WITH_CODE(vector) (0x80000b00u | (vector))
#define SOFTWARE(vector)  (0x80000600u | (vector))
#define NMI               0x80000202u

/* --- the recorder -------------------------------------------------------------------------- */

struct recorder {
	char log[256];
	const char *code; /* bytes at RIP, as text */
	unsigned code_size;
	int allow;        /* what fault() answers */
	int flush;        /* what is_flush_call() answers */
	int stuck;        /* what advance() refuses */
	enum vmm_end end; /* what syscall() and reflect() answer */
	const struct vmx_exit *exit; /* the row's */
};

static struct recorder *
say(void *ctx, const char *what)
{
	struct recorder *r = ctx;
	size_t used = strlen(r->log);

	snprintf(r->log + used, sizeof(r->log) - used, "%s%s", used == 0 ? "" : " ", what);
	return r;
}

static int
record_fault(void *ctx, gpa_t gpa, unsigned acc)
{
	char text[40];

	snprintf(text, sizeof(text), "fault(%llx,%s)", (unsigned long long)gpa.v,
	    acc == VK_ACC_R     ? "r" :
		acc == VK_ACC_W ? "w" :
		acc == VK_ACC_X ? "x" :
				  "?");
	return say(ctx, text)->allow;
}

static unsigned
record_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	struct recorder *r = say(ctx, "fetch");
	unsigned count = r->code_size < size ? r->code_size : size;

	assert_int_equal(size, 15); /* no instruction is longer */
	memset(bytes, 0x05, size);  /* whoever looks further than the count sees SYSCALL */
	memcpy(bytes, r->code, count);
	fault->intr_info = WITH_CODE(14);
	return count;
}

static int
record_advance(void *ctx, unsigned bytes)
{
	char text[24];

	snprintf(text, sizeof(text), "advance(%u)", bytes);
	return !say(ctx, text)->stuck;
}

static int
record_is_flush_call(void *ctx)
{
	return say(ctx, "flush?")->flush;
}

static enum vmm_end
record_syscall(void *ctx)
{
	return say(ctx, "syscall")->end;
}

/* Another exit than the row's is named by its vector. */
static enum vmm_end
record_reflect(void *ctx, const struct vmx_exit *exit)
{
	const struct recorder *r = ctx;
	char text[24];

	assert_non_null(exit);
	if (exit == r->exit)
		return say(ctx, "reflect")->end;
	assert_int_equal(exit->reason, VMX_EXIT_EXCEPTION);
	assert_int_equal(exit->intr_info & ~VMX_INTR_VECTOR, WITH_CODE(0));
	snprintf(text, sizeof(text), "reflect(%u)", exit->intr_info & VMX_INTR_VECTOR);
	return say(ctx, text)->end;
}

static void
record_emulate_cpuid(void *ctx)
{
	(void)say(ctx, "cpuid");
}

static const struct vmm_host_ops record_ops = {
    .fault = record_fault,
    .fetch = record_fetch,
    .advance = record_advance,
    .is_flush_call = record_is_flush_call,
    .syscall = record_syscall,
    .reflect = record_reflect,
    .emulate_cpuid = record_emulate_cpuid,
};

/* --- the dispatch table -------------------------------------------------------------------- */

struct exit_row {
	const char *what;
	struct vmx_exit exit;
	const char *log;
	enum vmm_end end; /* of the dispatch */
	const char *code; /* NULL: SYSCALL */
	unsigned code_size;
	int deny; /* the map does not allow the access */
	int flush;
	int stuck;            /* the next address is not canonical */
	enum vmm_end handler; /* what the handler answers */
};

#define EXIT(...)       .exit = {__VA_ARGS__}
#define EXCEPTION(info) EXIT(.reason = VMX_EXIT_EXCEPTION, .intr_info = (info))
#define VIOLATION(qual) EXIT(.reason = 48, .qualification = (qual), .gpa = {0x4008})
#define CODE(text)      .code = text, .code_size = sizeof(text) - 1

/* clang-format off */
static const struct exit_row exit_rows[] = {
	/* #UD: V01-V05. */
	{ .what = "SYSCALL is a system call, two bytes on",
	    EXCEPTION(HARDWARE(6)), .log = "fetch advance(2) flush? syscall" },
	{ .what = "the length that a #UD exit reports is not believed",
	    EXIT(.intr_info = HARDWARE(6), .instruction_length = 7),
	    .log = "fetch advance(2) flush? syscall" },
	{ .what = "SYSCALL with REX.W is a system call, three bytes on",
	    EXCEPTION(HARDWARE(6)), CODE("\x48\x0f\x05"),
	    .log = "fetch advance(3) flush? syscall" },
	{ .what = "a system call may end the process",
	    EXCEPTION(HARDWARE(6)), .handler = VMM_END_EXIT, .end = VMM_END_EXIT,
	    .log = "fetch advance(2) flush? syscall" },
	{ .what = "the flush call is not a system call",
	    EXCEPTION(HARDWARE(6)), .flush = 1, .log = "fetch advance(2) flush?" },
	{ .what = "UD2 is not a system call",
	    EXCEPTION(HARDWARE(6)), CODE("\x0f\x0b"), .log = "fetch reflect" },
	{ .what = "UD2 with RAX -1 is not a flush call",
	    EXCEPTION(HARDWARE(6)), CODE("\x0f\x0b"), .flush = 1, .log = "fetch reflect" },
	{ .what = "SYSCALL whose second byte cannot be fetched is a fetch fault",
	    EXCEPTION(HARDWARE(6)), .code = "\x0f\x05", .code_size = 1,
	    .log = "fetch reflect(14)" },
	{ .what = "an instruction that cannot be fetched is a fetch fault",
	    EXCEPTION(HARDWARE(6)), .code = "\x0f\x05", .code_size = 0,
	    .log = "fetch reflect(14)" },
	{ .what = "a prefix at the end of what can be fetched is a fetch fault",
	    EXCEPTION(HARDWARE(6)), .code = "\x48\x0f\x05", .code_size = 1,
	    .log = "fetch reflect(14)" },
	{ .what = "what is no SYSCALL so far does not need the bytes that cannot be fetched",
	    EXCEPTION(HARDWARE(6)), CODE("\xf0"), .log = "fetch reflect" },
	{ .what = "SYSCALL at the end of the lower half is a fault, not a call",
	    EXCEPTION(HARDWARE(6)), .stuck = 1, .log = "fetch advance(2) reflect(13)" },
	{ .what = "a fault at the end of the lower half may end the process",
	    EXCEPTION(HARDWARE(6)), .stuck = 1, .handler = VMM_END_KILLED,
	    .end = VMM_END_KILLED, .log = "fetch advance(2) reflect(13)" },
	{ .what = "LOCK SYSCALL is not a system call",
	    EXCEPTION(HARDWARE(6)), CODE("\xf0\x0f\x05"), .log = "fetch reflect" },

	/* Other exceptions: V06, V07, V12, V13. */
	{ .what = "#PF goes to the guest context",
	    EXIT(.intr_info = WITH_CODE(14), .intr_error = 4, .qualification = 0x1234),
	    .log = "reflect" },
	{ .what = "INT3 goes to the guest context, one byte on",
	    EXIT(.intr_info = SOFTWARE(3), .instruction_length = 1),
	    .log = "advance(1) reflect" },
	{ .what = "INT3 with a prefix goes to the guest context, two bytes on",
	    EXIT(.intr_info = SOFTWARE(3), .instruction_length = 2),
	    .log = "advance(2) reflect" },
	{ .what = "INT3 at the end of the lower half is another fault",
	    EXIT(.intr_info = SOFTWARE(3), .instruction_length = 1), .stuck = 1,
	    .log = "advance(1) reflect(13)" },
	{ .what = "a hardware #BP has no length to advance by",
	    EXIT(.intr_info = HARDWARE(3), .instruction_length = 9), .log = "reflect" },
	{ .what = "#NM only restores the FPU state", EXCEPTION(HARDWARE(7)), .log = "" },
	{ .what = "#DE goes to the guest context", EXCEPTION(HARDWARE(0)), .log = "reflect" },
	{ .what = "#DB goes to the guest context", EXCEPTION(HARDWARE(1)), .log = "reflect" },
	{ .what = "#OF goes to the guest context", EXCEPTION(SOFTWARE(4)), .log = "reflect" },
	{ .what = "#BR goes to the guest context", EXCEPTION(HARDWARE(5)), .log = "reflect" },
	{ .what = "#DF goes to the guest context", EXCEPTION(WITH_CODE(8)), .log = "reflect" },
	{ .what = "#TS goes to the guest context", EXCEPTION(WITH_CODE(10)), .log = "reflect" },
	{ .what = "#NP goes to the guest context", EXCEPTION(WITH_CODE(11)), .log = "reflect" },
	{ .what = "#SS goes to the guest context", EXCEPTION(WITH_CODE(12)), .log = "reflect" },
	{ .what = "#GP goes to the guest context, as after INT 80H",
	    EXCEPTION(WITH_CODE(13)), .log = "reflect" },
	{ .what = "#MF goes to the guest context", EXCEPTION(HARDWARE(16)), .log = "reflect" },
	{ .what = "#AC goes to the guest context", EXCEPTION(WITH_CODE(17)), .log = "reflect" },
	{ .what = "#XM goes to the guest context", EXCEPTION(HARDWARE(19)), .log = "reflect" },
	{ .what = "#VE goes to the guest context", EXCEPTION(HARDWARE(20)), .log = "reflect" },
	{ .what = "an exception that the guest context does not survive ends the process",
	    EXCEPTION(WITH_CODE(13)), .handler = VMM_END_KILLED, .end = VMM_END_KILLED,
	    .log = "reflect" },
	{ .what = "so does the first vector that is no exception",
	    EXCEPTION(HARDWARE(32)), .log = "reflect" },
	{ .what = "a vector above all exceptions goes to the guest context",
	    EXCEPTION(HARDWARE(255)), .log = "reflect" },
	{ .what = "an NMI is the host's; the guest goes on", EXCEPTION(NMI), .log = "" },
	{ .what = "a machine check is the host's; the guest goes on",
	    EXCEPTION(HARDWARE(18)), .log = "" },

	/* EPT: V10, V11, V19, V20. */
	{ .what = "a read violation is a read fault", VIOLATION(0x181), .log = "fault(4008,r)" },
	{ .what = "a write violation is a write fault",
	    VIOLATION(0x182), .log = "fault(4008,w)" },
	{ .what = "a fetch violation is an execute fault",
	    VIOLATION(0x184), .log = "fault(4008,x)" },
	{ .what = "a table access, which reads and writes, is a write fault",
	    VIOLATION(0x083), .log = "fault(4008,w)" },
	{ .what = "a violation without an access bit is a read fault",
	    VIOLATION(0x180), .log = "fault(4008,r)" },
	{ .what = "a violation whose page allows what was missing is faulted all the same",
	    VIOLATION(0x1ba), .log = "fault(4008,w)" },
	{ .what = "a violation that the map denies goes to the guest context",
	    VIOLATION(0x182), .deny = 1, .log = "fault(4008,w) reflect" },
	{ .what = "a denied violation that the guest does not survive ends the process",
	    VIOLATION(0x182), .deny = 1, .handler = VMM_END_KILLED, .end = VMM_END_KILLED,
	    .log = "fault(4008,w) reflect" },
	{ .what = "a misconfiguration ends the process, as the host's error",
	    EXIT(.reason = 49), .end = VMM_END_HOST_BUG, .log = "" },

	/* Instructions: V08, V09. */
	{ .what = "CPUID is emulated and stepped over",
	    EXIT(.reason = 10, .instruction_length = 2), .log = "cpuid advance(2)" },
	{ .what = "CPUID at the end of the lower half is emulated, and then a fault",
	    EXIT(.reason = 10, .instruction_length = 2), .stuck = 1,
	    .log = "cpuid advance(2) reflect(13)" },
	{ .what = "CPUID with a prefix is stepped over whole",
	    EXIT(.reason = 10, .instruction_length = 3), .log = "cpuid advance(3)" },
	{ .what = "VMCALL goes to the guest context", EXIT(.reason = 18), .log = "reflect" },
	{ .what = "VMCLEAR goes to the guest context", EXIT(.reason = 19), .log = "reflect" },
	{ .what = "VMLAUNCH goes to the guest context", EXIT(.reason = 20), .log = "reflect" },
	{ .what = "VMPTRLD goes to the guest context", EXIT(.reason = 21), .log = "reflect" },
	{ .what = "VMPTRST goes to the guest context", EXIT(.reason = 22), .log = "reflect" },
	{ .what = "VMREAD goes to the guest context", EXIT(.reason = 23), .log = "reflect" },
	{ .what = "VMRESUME goes to the guest context", EXIT(.reason = 24), .log = "reflect" },
	{ .what = "VMWRITE goes to the guest context", EXIT(.reason = 25), .log = "reflect" },
	{ .what = "VMXOFF goes to the guest context", EXIT(.reason = 26), .log = "reflect" },
	{ .what = "VMXON goes to the guest context", EXIT(.reason = 27), .log = "reflect" },
	{ .what = "INVEPT goes to the guest context", EXIT(.reason = 50), .log = "reflect" },
	{ .what = "INVVPID goes to the guest context", EXIT(.reason = 53), .log = "reflect" },
	{ .what = "VMFUNC goes to the guest context", EXIT(.reason = 59), .log = "reflect" },
	{ .what = "PAUSE yields and goes on", EXIT(.reason = 40), .log = "" },

	/* Events of the host: V15. */
	{ .what = "an external interrupt is taken by the host; the guest goes on",
	    EXIT(.reason = 1), .log = "" },
	{ .what = "the preemption timer yields; the guest goes on",
	    EXIT(.reason = 52), .log = "" },

	/* What no guest at CPL 3 can raise. */
	{ .what = "a triple fault ends the process",
	    EXIT(.reason = 2), .end = VMM_END_KILLED, .log = "" },
	{ .what = "HLT, which faults at CPL 3, ends the process",
	    EXIT(.reason = 12), .end = VMM_END_KILLED, .log = "" },
	{ .what = "a control-register exit ends the process",
	    EXIT(.reason = 28), .end = VMM_END_KILLED, .log = "" },
	{ .what = "invalid guest state at entry ends the process",
	    EXIT(.reason = 0x80000021), .end = VMM_END_KILLED, .log = "" },
	{ .what = "a failed entry is not an exit of its basic reason",
	    EXIT(.reason = 0x80000001), .end = VMM_END_KILLED, .log = "" },
	{ .what = "a reason beyond the table ends the process",
	    EXIT(.reason = 60), .end = VMM_END_KILLED, .log = "" },
	{ .what = "the highest reason ends the process",
	    EXIT(.reason = 0xffff), .end = VMM_END_KILLED, .log = "" },
	{ .what = "the flags above the basic reason do not hide it",
	    EXIT(.reason = 0x28000001), .log = "" },
};
/* clang-format on */

static void
run_exit_row(void **state)
{
	const struct exit_row *row = *state;
	struct recorder recorder = {.code = row->code == NULL ? "\x0f\x05" : row->code,
	    .code_size = row->code == NULL ? 2 : row->code_size,
	    .allow = !row->deny,
	    .flush = row->flush,
	    .stuck = row->stuck,
	    .end = row->handler,
	    .exit = &row->exit};
	struct vmm_vcpu vcpu = {.ops = &record_ops, .ctx = &recorder};

	assert_int_equal(vmm_exit_dispatch(&vcpu, &row->exit), row->end);
	assert_string_equal(recorder.log, row->log);
}

/* --- decoding ------------------------------------------------------------------------------ */

struct decode_row {
	const char *what;
	const char *code;
	unsigned size, length;
};

#define DECODE(text) text, sizeof(text) - 1

/* clang-format off */
static const struct decode_row decode_rows[] = {
	{ "0F 05 is SYSCALL", DECODE("\x0f\x05"), 2 },
	{ "what follows SYSCALL does not matter", DECODE("\x0f\x05\x0f\x0b\xcc"), 2 },
	{ "REX.W SYSCALL", DECODE("\x48\x0f\x05"), 3 },
	{ "every REX prefix will do", DECODE("\x40\x0f\x05"), 3 },
	{ "REX.WRXB SYSCALL", DECODE("\x4f\x0f\x05"), 3 },
	{ "of several REX prefixes the last one counts", DECODE("\x41\x48\x0f\x05"), 4 },
	{ "an operand-size prefix is legal", DECODE("\x66\x0f\x05"), 3 },
	{ "an address-size prefix is legal", DECODE("\x67\x0f\x05"), 3 },
	{ "REPNE is legal", DECODE("\xf2\x0f\x05"), 3 },
	{ "REP is legal", DECODE("\xf3\x0f\x05"), 3 },
	{ "segment prefixes are legal", DECODE("\x26\x2e\x36\x3e\x64\x65\x0f\x05"), 8 },
	{ "a prefix before REX is legal", DECODE("\x66\x48\x0f\x05"), 4 },
	{ "a REX prefix before another prefix is ignored, and legal",
	    DECODE("\x48\x66\x0f\x05"), 4 },
	{ "REX on both sides of a prefix is legal", DECODE("\x48\xf3\x49\x0f\x05"), 5 },
	{ "fifteen bytes are an instruction",
	    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x05"), 15 },
	{ "sixteen bytes are none",
	    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\x05"), 0 },
	{ "LOCK makes it another fault", DECODE("\xf0\x0f\x05"), 0 },
	{ "LOCK among other prefixes does as well", DECODE("\x66\xf0\x48\x0f\x05"), 0 },
	{ "UD2", DECODE("\x0f\x0b"), 0 },
	{ "SYSENTER", DECODE("\x0f\x34"), 0 },
	{ "SYSRET", DECODE("\x0f\x07"), 0 },
	{ "05 alone is ADD", DECODE("\x05\x0f"), 0 },
	{ "a prefix between the two bytes", DECODE("\x0f\x48\x05"), 0 },
	{ "bytes that are not prefixes in 64-bit mode", DECODE("\x06\x0f\x05"), 0 },
	{ "a VEX prefix", DECODE("\xc5\xf8\x05"), 0 },
	{ "no byte at all", "", 0, VMM_CUT_SHORT },
	{ "the first byte alone", "\x0f\x05", 1, VMM_CUT_SHORT },
	{ "a prefix alone", "\x48\x0f\x05", 1, VMM_CUT_SHORT },
	{ "a prefix and the first byte", "\x48\x0f\x05", 2, VMM_CUT_SHORT },
	{ "a prefix that counts before one that does not", "\x48\x48", 1, VMM_CUT_SHORT },
	{ "fourteen prefixes and the first byte",
	    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f"), 0 },
	{ "thirteen prefixes and the first byte",
	    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f"), VMM_CUT_SHORT },
	{ "prefixes to the end",
	    DECODE("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"), 0 },
};
/* clang-format on */

/* Behind the bytes that count stands what would make a SYSCALL of an incomplete one, or go on. */
static void
run_decode_row(void **state)
{
	static const unsigned char behind[] = {0x05, 0x66};
	const struct decode_row *row = *state;
	unsigned char *bytes = test_malloc(row->size + 1);
	unsigned i;

	for (i = 0; i < sizeof(behind); i++) {
		memcpy(bytes, row->code, row->size);
		bytes[row->size] = behind[i];
		assert_int_equal(vmm_decode_syscall(bytes, row->size), row->length);
	}
	test_free(bytes);
}

/* Every two and every three bytes before a NOP: SYSCALL is found exactly where it stands. */
static void
no_other_two_or_three_bytes_are_syscall(void **state)
{
	static const unsigned char prefixes[] = {
	    0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3};
	unsigned a, b, c, i;

	(void)state;
	for (a = 0; a < 256; a++) {
		int is_prefix = a >= 0x40 && a <= 0x4f;

		for (i = 0; i < sizeof(prefixes); i++)
			is_prefix |= a == prefixes[i];
		for (b = 0; b < 256; b++) {
			unsigned char two[3] = {(unsigned char)a, (unsigned char)b, 0x90};

			assert_int_equal(vmm_decode_syscall(two, 3), a == 0x0f && b == 5 ? 2 : 0);
			for (c = 0; c < 256; c++) {
				unsigned char three[4] = {two[0], two[1], (unsigned char)c, 0x90};
				unsigned expected = a == 0x0f && b == 5 ? 2 :
				    is_prefix && b == 0x0f && c == 5    ? 3 :
									  0;

				assert_int_equal(vmm_decode_syscall(three, 4), expected);
			}
		}
	}
}

int
main(void)
{
	struct rows rows = {0};
	size_t i;

	for (i = 0; i < ROWS_COUNT(exit_rows); i++)
		rows_add(&rows, NULL, exit_rows[i].what, run_exit_row, &exit_rows[i]);
	for (i = 0; i < ROWS_COUNT(decode_rows); i++)
		rows_add(&rows, "decode", decode_rows[i].what, run_decode_row, &decode_rows[i]);
	ROWS_ADD_TEST(&rows, no_other_two_or_three_bytes_are_syscall);
	return rows_run(&rows, "vmexit") != 0;
}
