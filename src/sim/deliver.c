/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event delivery: the gate is read from the IDT, the frame is pushed on the handler's stack, and
 * what goes wrong on the way is a second event or an exit that names the first.
 *
 * Modelled: the memory accesses of delivery in 64-bit mode to a handler at CPL 0, and the classes
 * of exceptions that make a double fault.  Not modelled: the contents of gates, TSS stacks, task
 * gates.
 */
#include "sim/deliver.h"

#include <string.h>

#define GATE_BYTES 16u
#define FRAME_WORDS 5u /* SS, RSP, RFLAGS, CS, RIP; an error code below them */

enum exception_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT };

static enum exception_class
class_of(unsigned vector, uint32_t type)
{
	static const unsigned char classes[32] = {
		[VMX_VECTOR_DE] = CLASS_CONTRIBUTORY,
		[10] = CLASS_CONTRIBUTORY, /* #TS */
		[11] = CLASS_CONTRIBUTORY, /* #NP */
		[VMX_VECTOR_SS] = CLASS_CONTRIBUTORY,
		[VMX_VECTOR_GP] = CLASS_CONTRIBUTORY,
		[VMX_VECTOR_PF] = CLASS_PAGE_FAULT,
		[VMX_VECTOR_VE] = CLASS_PAGE_FAULT,
	};

	if (type != VMX_INTR_HARDWARE)
		return CLASS_BENIGN;
	return (enum exception_class)classes[vector & 31];
}

/* What a second exception during the delivery of a first one makes [VMX-DOUBLE-FAULT]. */
static enum deliver_outcome
second_exception(const struct deliver_event *first, struct deliver_event *second)
{
	enum exception_class a = class_of(first->vector, first->type);
	enum exception_class b = class_of(second->vector, second->type);

	if (first->vector == VMX_VECTOR_DF && first->type == VMX_INTR_HARDWARE &&
	    b != CLASS_BENIGN)
		return DELIVER_TRIPLE_FAULT;
	if ((a == CLASS_CONTRIBUTORY && b == CLASS_CONTRIBUTORY) ||
	    (a == CLASS_PAGE_FAULT && b != CLASS_BENIGN)) {
		second->vector = VMX_VECTOR_DF;
		second->has_code = true;
		second->code = 0;
		return DELIVER_DOUBLE_FAULT;
	}
	return DELIVER_FAULT;
}

static enum deliver_outcome
access_failed(const struct deliver_event *event, const struct vcpu_result *access, bool push,
    struct vmx_exit *exit, struct deliver_event *second)
{
	*second = *event;
	second->type = VMX_INTR_HARDWARE;
	second->has_code = true;
	second->code = 0;
	switch (access->outcome) {
	case VCPU_PF:
		second->vector = VMX_VECTOR_PF;
		second->code = access->error_code;
		return second_exception(event, second);
	case VCPU_EXIT:
		vcpu_exit_fields(access, exit);
		return DELIVER_EXIT;
	default:
		/* A stack that is not canonical is #SS, a gate #GP. */
		second->vector = push ? VMX_VECTOR_SS : VMX_VECTOR_GP;
		return second_exception(event, second);
	}
}

enum deliver_outcome
deliver_event(struct vcpu *vcpu, const struct deliver_event *event, struct vcpu_result *access,
    struct vmx_exit *exit, struct deliver_event *second)
{
	struct vcpu_request gate = { .gva = { event->idt.v + GATE_BYTES * event->vector },
		.size = GATE_BYTES, .acc = VK_ACC_R, .implicit = true, .delivering = true };
	unsigned words = FRAME_WORDS + (event->has_code ? 1 : 0), cpl = vcpu->cpl, i;
	uint64_t top = event->stack.v & ~0xfull, word = 0;
	enum deliver_outcome outcome = DELIVER_DONE;

	memset(exit, 0, sizeof(*exit));
	if (vcpu_translate(vcpu, &gate, access) != VCPU_DONE)
		outcome = access_failed(event, access, false, exit, second);
	vcpu->cpl = 0;
	for (i = 1; outcome == DELIVER_DONE && i <= words; i++) {
		struct vcpu_request push = { .gva = { top - 8 * i }, .size = 8, .acc = VK_ACC_W,
			.delivering = true };

		if (vcpu_translate(vcpu, &push, access) != VCPU_DONE)
			outcome = access_failed(event, access, true, exit, second);
		else
			vcpu_store_pieces(vcpu, access, &word);
	}
	if (outcome != DELIVER_DONE)
		vcpu->cpl = cpl;
	if (outcome == DELIVER_TRIPLE_FAULT) {
		exit->reason = VMX_EXIT_TRIPLE_FAULT;
	} else if (outcome != DELIVER_DONE && outcome != DELIVER_DOUBLE_FAULT) {
		exit->idt_info = vmx_intr_info(event->vector, event->type, event->has_code);
		exit->idt_error = event->has_code ? event->code : 0;
	}
	return outcome;
}

bool
deliver_exits(const struct vcpu *vcpu, unsigned vector, uint32_t code)
{
	bool bit = (vcpu->exception_bitmap >> (vector & 31) & 1) != 0;

	if (vector != VMX_VECTOR_PF)
		return bit;
	return bit == ((code & vcpu->pf_mask) == vcpu->pf_match);
}
