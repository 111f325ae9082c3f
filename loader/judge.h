/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * May this task execute that? From the call's arguments to the verdict: resolve the path as the task means
 * it, give the file its name in the container, ask the policy; and again for each interpreter of a script.
 */
#ifndef MANTLET_JUDGE_H
#define MANTLET_JUDGE_H

#include "origin.h"
#include "policy/verdict.h"
#include "task.h"

/* A file that was found to be a 64-bit program when it was like this. */
struct judge_seen {
	struct file_id id;
	bool gives_nothing; /* no capabilities either */
};

struct judge {
	image_ref image;
	/* Its root is held from the start: a pivot_root by the application changes "/". */
	struct origin origin;
	/* Paths may lead some task elsewhere than us. Until then a task's root need not be asked for: what an unseen
	 * difference leads to is found out when it executes, only that it then is killed and not refused. */
	bool apart;
	bool identity;           /* the policy has a say on what a program gives */
	struct judge_seen *seen; /* JUDGE_SEEN of them */
};

#define JUDGE_SEEN 128

/* The arguments of execve and execveat that say which file. */
struct exec_call {
	int dirfd;
	int flags;
	char path[PATH_MAX];
};

/* The verdict on one file. */
struct exec_finding {
	struct verdict verdict;
	const char *reason;  /* why, if the rule's name does not tell; else NULL */
	bool interpreter;    /* it is an interpreter and not what the call names */
	char path[PATH_MAX]; /* the file, or as it was named if it has no name */
};

#define EXEC_CHAIN_MAX 6 /* a file and the five rewrites that the kernel allows */

struct judgement {
	/* < 0: no verdict was needed, the call fails with this by itself */
	int error;
	char reason_text[128]; /* what reason may point to */
	/* what the program would give the task, if the policy says no to that */
	struct verdict identity;
	enum identity_kind kind;
	uint32_t from, to;

	bool script;        /* what will run is its interpreter */
	int named, program; /* O_PATH, or -1; owned. What the call names; what will run in the end */
	struct file_id named_id, program_id;
	bool unjudged;   /* the kernel is going to refuse it, so the policy was not asked */
	bool remembered; /* that the program gives nothing: the kernel has to say the same */
	bool foreign;    /* neither a script nor of this machine: the kernel might know a helper */
	bool elf32;      /* of 32-bit class */

	unsigned int told_count;
	/* of a script and its interpreters: the one that is refused, else the first to be reported, else the last */
	struct exec_finding file;
	struct exec_finding told[EXEC_CHAIN_MAX + 1]; /* those that are to be reported, in order */
};

/* Both outlive the judge. no_new_privs: programs give nothing. -errno; judge_close() then, too. */
int judge_open(struct judge *judge, image_ref image, int root, bool no_new_privs);

/* Has the policy a say on execs at all? */
bool judge_asked(const struct judge *judge);
void judge_close(struct judge *judge);

/* An empty one. judgement_drop() takes it. */
void judgement_begin(struct judgement *judgement);

/* Into one that was begun. */
void judge_exec(const struct judge *judge, const struct task *task, const struct exec_call *call,
		struct judgement *out);
void judgement_drop(struct judgement *judgement);

/* The file gives something after all: the next exec of it is refused before it begins. */
void judge_forget(const struct judge *judge, const struct file_id *id);

/* Has the finding reported, if its verdict is to be. */
void judgement_tell(struct judgement *judgement, const struct exec_finding *finding);

/* Does the policy refuse anything of it, and mean it? */
bool judgement_refuses(const struct judgement *judgement);

/* The verdict on one open file by its own name, which is put in path (PATH_MAX). NULL, or why it has none. */
const char *judge_file(const struct judge *judge, const struct task *task, int fd, char *path,
		       struct verdict *verdict);

#endif
