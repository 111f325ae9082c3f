/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF programs of bpf/ and their maps, as one Enforcer holds them: loaded, attached, given policies and
 * domains. bpf/event.h says what stands in the maps.
 */
#ifndef MANTLET_PROGRAMS_H
#define MANTLET_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/event.h"
#include "fault.h"
#include "policy/verdict.h"

struct programs;

/* Opens, sizes, loads; nothing is enforced yet. host: also what makes domains of containers, see host.h. */
int programs_load(struct programs **out, bool host, struct fault *fault);

/* Before programs_attach(): no policy looks at drift, so nobody is to pay for it at each mapping. */
void programs_without_drift(struct programs *programs);

/* From here on every exec and fork on the machine passes the programs. */
int programs_attach(struct programs *programs, struct fault *fault);

/* After programs_attach(): the programs stay attached if this process is killed. They go with programs_close(). What a
 * killed process leaves stands in PROGRAMS_PINS, as PID-TASKS-PROGRAM (TASKS: the number of that map): see leftovers.h. */
#define PROGRAMS_PINS "/sys/fs/bpf/mantlet-run"
int programs_pin(struct programs *programs, struct fault *fault);

/* Proves that they are asked, and that what they say counts: a child in a domain of its own is refused an
 * exec. Only a verdict proves a verdict: without `bpf` in lsm= programs attach, and never run. */
int programs_prove(struct programs *programs, struct fault *fault);

/* Gives a policy its image, in one step for all domains that are under it. */
int programs_set_image(struct programs *programs, uint32_t policy, image_ref image, uint32_t generation,
		       struct fault *fault);

/* Says what the domain in domain->slot is. */
int programs_set_domain(struct programs *programs, const struct domain *domain, struct fault *fault);

/* Puts the calling process, which has no other thread and no children yet, into a domain. */
int programs_enter(struct programs *programs, uint32_t slot, struct fault *fault);

/* The calling process guards: tasks in domains can neither end nor hinder it, and send it no signals but those of the set
 * (1 << (number - 1)). There is one who guards. */
int programs_guard(struct programs *programs, uint64_t signals, struct fault *fault);

/* Of a slot, in memory shared with the kernel: read and change it atomically. */
struct domain_counts *programs_counts(const struct programs *programs, uint32_t slot);

/* The map of events, for ring_buffer__new(). */
int programs_events(const struct programs *programs);

/* How often the kernel did not run a program that it should have run. */
uint64_t programs_skipped(const struct programs *programs);

/* "exec_check 4718, fork_inherit 69": the instructions that the kernel's verifier went through, which is what limits how
 * much a program may do. Empty before 5.16. Returns buf. */
const char *programs_verified(const struct programs *programs, char *buf, size_t size);

/* NULL is allowed. */
void programs_close(struct programs *programs);

/* The slot that programs_prove() uses, the policy, and the domain; `mantlet run` has slot 0, and in it policy 0. */
#define PROOF_SLOT (DOMAIN_SLOTS - 1)
#define PROOF_POLICY (POLICY_SLOTS - 1)
#define PROOF_DOMAIN UINT64_MAX

#endif
