/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate, the generation and the shootdown of vkept's VMM as a model, to measure against: the
 * same steps in the same grain as an exploration finds in the code, a statement or a d_step for each
 * touch of what threads share and all that follows from it in private.
 *
 * VCPUS loop LOOPS times over: pass the gate, flush if the generation has moved, make ACCESSES to
 * PTES pages by turns, leave.  One more thread makes SYNCS shootdowns, each of which gives one of
 * the entries a new frame and then reuses the old one.  Checked: no access goes to a frame that is
 * used for something else, and nobody is left waiting at an invalid end.
 */
#ifndef VCPUS
#define VCPUS 2
#endif
#ifndef PTES
#define PTES 1
#endif
#ifndef LOOPS
#define LOOPS 2
#endif
#ifndef ACCESSES
#define ACCESSES 2
#endif
#ifndef SYNCS
#define SYNCS 2
#endif

#define EXCL 1
#define STEP 2
#define FRAMES (PTES + SYNCS)

byte lock;           /* EXCL and the count */
byte mask;           /* CPUs that may be in guest mode */
byte gen;            /* generation */
bool irq[VCPUS];     /* an interrupt is pending */
byte pte[PTES];      /* the frame that an entry names */
bool reused[FRAMES]; /* what is in a frame is no longer the page's */
bool done;           /* all shootdowns are made */

proctype vcpu(byte me)
{
	byte tlb[PTES];  /* 0: nothing cached, else frame + 1 */
	byte loops, accesses, seen, eptgen, page;
	bool out;

	do
	:: loops == LOOPS -> break
	:: else ->
		/* The gate: mask bit, then count. */
		mask = mask | (1 << me);
		seen = lock;
retry:
		if
		:: seen & EXCL ->
			mask = mask & (255 - (1 << me));
			d_step { irq[me] = false; out = false }
		:: else ->
			d_step {
				if
				:: lock == seen -> lock = lock + STEP; out = true
				:: else -> seen = lock; out = false
				fi
			};
			if
			:: out -> skip
			:: else -> goto retry
			fi
		fi;
		if
		:: !out -> skip
		:: else ->
			/* The generation; VM entry drops what was cached without VPIDs. */
			if
			:: d_step { eptgen == gen -> page = 0 }
			:: d_step { eptgen != gen -> page = 0 }; eptgen = gen
			fi;
			d_step {
				do
				:: page < PTES -> tlb[page] = 0; page++
				:: else -> break
				od;
				page = 0
			};
			/* Guest mode; an interrupt may be on its way for one more instruction. */
			do
			:: d_step { irq[me] -> page = 0 }; break
			:: accesses < ACCESSES ->
				page = accesses % PTES;
				if
				:: tlb[page] != 0 -> skip
				:: else -> tlb[page] = pte[page] + 1
				fi;
				d_step {
					assert(!reused[tlb[page] - 1]);
					accesses++
				}
			:: d_step { accesses == ACCESSES -> loops++; accesses = 0 }; break
			od;
			mask = mask & (255 - (1 << me));
			lock = lock - STEP;
			irq[me] = false
		fi
	od;
	done
}

proctype invalidator()
{
	byte made, seen, page, cpu, cpus, old;

	do
	:: made == SYNCS -> break
	:: else ->
		seen = lock;
retry:
		if
		:: seen & EXCL -> seen = lock; goto retry
		:: else ->
			d_step {
				if
				:: lock == seen -> lock = lock | EXCL; cpus = 1
				:: else -> seen = lock; cpus = 0
				fi
			};
			if
			:: cpus == 1 -> skip
			:: else -> goto retry
			fi
		fi;
		if
		:: seen == 0 -> skip
		:: else ->
			d_step { cpus = mask; cpu = 0 };
			do
			:: cpu == VCPUS -> break
			:: cpu < VCPUS && (cpus & (1 << cpu)) -> d_step { irq[cpu] = true; cpu++ }
			:: cpu < VCPUS && !(cpus & (1 << cpu)) -> cpu++
			od
		fi;
		lock == EXCL;
		gen++;
		d_step {
			page = made % PTES;
			old = pte[page];
			pte[page] = PTES + made
		};
		lock = lock - EXCL;
		d_step { reused[old] = true; made++ }
	od;
	done = true
}

init
{
	byte i;

	atomic {
		i = 0;
		do
		:: i < PTES -> pte[i] = i; i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < VCPUS -> run vcpu(i); i++
		:: else -> break
		od;
		run invalidator()
	}
}
