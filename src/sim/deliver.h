/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery of an event through the guest's IDT, as far as it touches memory.
 */
#ifndef VK_SIM_DELIVER_H
#define VK_SIM_DELIVER_H

#include "sim/vcpu.h"
#include "vmm/vmx.h"

/* An event that is being delivered to the guest. */
struct deliver_event {
	unsigned vector;
	uint32_t type;  /* VMX_INTR_* */
	bool has_code;
	uint32_t code;
	gva_t idt;      /* base of the IDT: 16 bytes a vector */
	gva_t stack;    /* RSP of the handler, before anything is pushed */
};

enum deliver_outcome {
	DELIVER_DONE,         /* the handler would run now */
	DELIVER_EXIT,         /* an EPT event: *exit, with IDT-vectoring information */
	DELIVER_FAULT,        /* a second exception, delivered serially: *second */
	DELIVER_DOUBLE_FAULT, /* it became #DF: *second */
	DELIVER_TRIPLE_FAULT  /* a fault while #DF was delivered: exit 2 */
};

/*
 * Reads the gate (an implicit supervisor access) and pushes the frame (a supervisor access), with
 * no #VE raised meanwhile.  *exit is filled where an exit follows directly; its IDT-vectoring
 * fields tell the event that was under way [VMX-IDT-VECTORING].  *second is the exception that
 * results.
 */
enum deliver_outcome deliver_event(struct vcpu *vcpu, const struct deliver_event *event,
    struct vcpu_result *access, struct vmx_exit *exit, struct deliver_event *second);

/*
 * Whether an exception exits rather than being delivered to the guest: by its bit of the exception
 * bitmap, which for #PF is turned over where the error code does not match [VMX-EXCEPTION].
 */
bool deliver_exits(const struct vcpu *vcpu, unsigned vector, uint32_t code);

#endif
