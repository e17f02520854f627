/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A processor for programs: the integer instructions and vector moves that compilers emit,
 * executed one by one at CPL 3 in 64-bit mode.
 *
 * It knows nothing of tables and caches.  Every fetch, load and store asks its memory where the
 * bytes are; the memory may let it keep the answer for a page, until x86_forget().  An instruction
 * that is refused an access has changed nothing, and is executed from its start when it is tried
 * again.
 */
#ifndef VK_X86_X86_H
#define VK_X86_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Places in x86_cpu.reg: the general registers by their number, then what addresses are made of. */
enum x86_register {
	X86_RAX,
	X86_RCX,
	X86_RDX,
	X86_RBX,
	X86_RSP,
	X86_RBP,
	X86_RSI,
	X86_RDI,
	X86_R8,
	X86_R9,
	X86_R10,
	X86_R11,
	X86_R12,
	X86_R13,
	X86_R14,
	X86_R15,
	X86_RIP,
	X86_FS_BASE,
	X86_GS_BASE,
	X86_ZERO, /* always 0: the part of an address that is not there */
	X86_REGISTERS
};

/* Bits of RFLAGS [X86-FLAGS]. */
#define X86_CF 0x0001u
#define X86_FIXED 0x0002u /* always set */
#define X86_PF 0x0004u
#define X86_AF 0x0010u
#define X86_ZF 0x0040u
#define X86_SF 0x0080u
#define X86_TF 0x0100u
#define X86_IF 0x0200u
#define X86_DF 0x0400u
#define X86_OF 0x0800u
#define X86_NT 0x4000u
#define X86_AC 0x40000u
#define X86_ID 0x200000u
#define X86_STATUS (X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF)

/* The status flags as instructions leave them; x86_rflags() has them in their places. */
struct x86_flags {
	uint64_t result; /* sign-extended: ZF, SF and the parity of its low byte */
	uint64_t carry;  /* bit 63: CF; bits 63 and 62 differ: OF; bit 3: AF */
	uint64_t fix;    /* SF and PF, at their places, are the opposite of the result's */
};

union x86_vector {
	uint8_t b[16];
	uint16_t w[8];
	uint32_t d[4];
	uint64_t q[2];
};

/* How an instruction uses memory. */
enum x86_access {
	X86_READ,
	X86_WRITE,
	X86_MODIFY, /* read and written by one instruction: to the tables a write */
	X86_FETCH
};

/* Where the bytes of an access are: one piece, or two when it goes over a page border. */
struct x86_place {
	unsigned char *at[2];
	unsigned first;   /* bytes of the first piece */
	uint64_t frame;   /* number of the frame that the first piece is in */
	bool keep;        /* the first piece's page may be used without asking again */
};

struct x86_memory {
	/*
	 * Finds `size` (1 to 16) bytes at `address`; false: refused, and the memory knows why.
	 * Nothing is moved yet.  For X86_WRITE and X86_MODIFY both pieces are about to be written:
	 * code that was decoded from their frames is the memory's to drop.
	 */
	bool (*reach)(void *ctx, uint64_t address, unsigned size, enum x86_access access,
	    struct x86_place *place);
	void *ctx;
};

/* What became of an instruction. */
enum x86_step {
	X86_NEXT,  /* executed; RIP is where it goes on */
	X86_AGAIN, /* a part of a repeated instruction was executed: the rest is next */
	X86_STAY   /* not executed: the processor's stop tells why */
};

/* What was decoded, by frame; shared by the processors of one memory. */
struct x86_code;
struct x86_cpu;

/* NULL: out of memory. */
struct x86_code *x86_code_create(void);
void x86_code_destroy(struct x86_code *code);
/* What was decoded from this frame no longer holds. */
void x86_code_drop(struct x86_code *code, uint64_t frame);

/* One decoded instruction. */
struct x86_op {
	enum x86_step (*run)(struct x86_cpu *cpu, const struct x86_op *op);
	uint64_t imm;    /* immediate, sign-extended; displacement of a branch */
	int32_t disp;
	uint8_t length;
	uint8_t size;    /* bytes of the operation */
	uint8_t dst;     /* byte offset in x86_cpu.reg, or number of a vector register */
	uint8_t src;
	uint8_t base, index, shift, segment; /* places in x86_cpu.reg */
	uint8_t form;    /* enum x86_form */
	uint8_t address32; /* addresses are cut to 32 bits */
	uint8_t detail;  /* condition, kind of shift, ...: the handler's own */
	uint8_t repeat;  /* enum x86_repeat */
};

struct x86_frame;

/* A page whose bytes may be used without asking. */
struct x86_window {
	uint64_t page;          /* linear address / 4 KiB; X86_NO_PAGE: none */
	unsigned char *bytes;
	struct x86_frame *code; /* for fetches: what was decoded from it */
};

#define X86_NO_PAGE (~0ull)
#define X86_WINDOWS 64u /* of each kind; a power of two */

/* Why x86_run() came back. */
enum x86_stop {
	X86_BUDGET,    /* all instructions that it was to execute */
	X86_REFUSED,   /* memory refused an access of the instruction at RIP */
	X86_EXCEPTION, /* the instruction at RIP raises `vector` */
	X86_INTERCEPT, /* the instruction at RIP always leaves guest mode: `intercept` */
	X86_UNKNOWN    /* the instruction at RIP is none that this processor executes */
};

/* Instructions that leave guest mode at any privilege level [X86-INTERCEPT]. */
enum x86_intercept {
	X86_CPUID,
	X86_VMCALL, /* from here on by ModRM.rm */
	X86_VMLAUNCH,
	X86_VMRESUME,
	X86_VMXOFF,
	X86_VMREAD,
	X86_VMWRITE,
	X86_VMPTRLD,
	X86_VMCLEAR,
	X86_VMXON,
	X86_VMPTRST,
	X86_INVEPT,
	X86_INVVPID
};

struct x86_cpu {
	uint64_t reg[X86_REGISTERS];
	struct x86_flags flags;
	uint64_t other_flags; /* RFLAGS without the status flags */
	uint32_t mxcsr;
	_Alignas(16) union x86_vector xmm[16];
	struct x86_memory memory;
	struct x86_code *code;
	uint64_t retired;     /* instructions executed */
	uint64_t repeated;    /* elements of repeated string instructions */
	uint64_t kept;        /* accesses answered by a window */
	/* Of the last stop. */
	enum x86_stop stop;
	unsigned vector;
	bool has_code;
	uint32_t error_code;
	bool trap;            /* raised after its instruction: RIP is the next one */
	enum x86_intercept intercept;
	unsigned length;      /* of the instruction that was intercepted or breaks */
	/* The processor's own. */
	uint64_t generation;      /* of the code that the windows know */
	const struct x86_op *end; /* of the operations under way; NULL: look again first */
	struct x86_op alone;      /* an operation that is not kept */
	struct x86_window read[X86_WINDOWS];
	struct x86_window write[X86_WINDOWS];
	struct x86_window fetch[X86_WINDOWS];
};

/* All registers zero, RFLAGS and MXCSR as a program starts with; `code` is the caller's. */
void x86_init(struct x86_cpu *cpu, const struct x86_memory *memory, struct x86_code *code);

/*
 * Executes up to `budget` instructions.  Of a repeated string instruction each element counts, but
 * for what is begun: one instruction is always executed, or a part of it that counts as one.
 */
enum x86_stop x86_run(struct x86_cpu *cpu, uint64_t budget);

/* What was kept of memory is to be asked for again; also from within reach(). */
void x86_forget(struct x86_cpu *cpu);

uint64_t x86_rflags(const struct x86_cpu *cpu);
/* Sets what a program may set of them. */
void x86_set_rflags(struct x86_cpu *cpu, uint64_t value);

#define X86_LENGTH_MAX 15 /* bytes of an instruction */
#define X86_NAME_SIZE 24

/*
 * The name of the instruction at the start of `bytes`, whether it can be executed here or not, and
 * its length; 0 when there is none, or it is longer than `size`.
 */
unsigned x86_name(const unsigned char *bytes, size_t size, char name[X86_NAME_SIZE]);

#endif
