/* SPDX-License-Identifier: BSD-2-Clause */
/* What the subcommands share: how they say errors, find their policy, and end. */
#ifndef MANTLET_CLI_H
#define MANTLET_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "policy/policy.h"

enum exit_code {
	EXIT_USAGE = 2,
	EXIT_MANTLET = 125,   /* Mantlet failed before the command ran */
	EXIT_REFUSED = 126,   /* the command was refused, or is not executable */
	EXIT_NOT_FOUND = 127, /* there is no such command */
	EXIT_SIGNAL = 128,    /* + the signal that ended it */
};

#define DEFAULT_POLICY "/etc/mantlet/policy.json"
#define DEFAULT_POLICIES "/etc/mantlet/policies"
#define MANTLET_VERSION "0.1.0"

/* A policy as the command line, or MANTLET_POLICY, gives it. */
struct policy_source {
	char *label; /* the file's name, or "MANTLET_POLICY" */
	char *text;
	size_t len;
	struct policy *policy;
	struct image_cell *image;
};

/* Reads, parses, compiles. where: a path, the JSON itself (it begins with '{'), or NULL: MANTLET_POLICY, else
 * DEFAULT_POLICY. On failure the fault is one whole line, "FILE:LINE:COLUMN: what". */
int policy_load(const char *where, struct policy_source *out, struct fault *fault);
void policy_unload(struct policy_source *source);

/* The two halves of policy_load(), of which the first only reads. */
int policy_read(const char *where, struct policy_source *out, struct fault *fault);
int policy_make(struct policy_source *source, struct fault *fault);

/* Gives back the memory of all but the image and the label: what a guard lives with. */
void policy_settle(struct policy_source *source);

/* "mantlet: …" and a newline to standard error, always one line; returns code. */
__attribute__((format(printf, 2, 3))) int say(int code, const char *format, ...);

/* The subcommands: each is given its own arguments, argv[0] being its name, and returns the exit code. */
int command_run(int argc, char **argv);
int command_microenforcer(int argc, char **argv);
int command_check(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_import(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_daemon(int argc, char **argv);
int command_status(int argc, char **argv);
int command_events(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_unload(int argc, char **argv);

#endif
