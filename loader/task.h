/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the supervisor can see of a task through /proc. A task is named by its thread id, and that id is only
 * good while its notification is pending or while it is held by ptrace: whoever reads here asks afterwards
 * whether the notification still stands, before using what was read.
 */
#ifndef MANTLET_TASK_H
#define MANTLET_TASK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "audit.h"
#include "fault.h"

struct task {
	int proc;  /* the supervisor's /proc, from proc_open() */
	pid_t tid; /* as the supervisor counts */
};

/* Which file it is, and as what it is there now. */
struct file_id {
	uint64_t dev, ino, mount;
	uint64_t changed; /* its inode's change time, in ns */
	uint32_t links;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* What a record says of a task. */
struct task_text {
	char comm[64], exe[PATH_MAX];
	pid_t pid, ppid, tracer;
	uid_t uid;
	gid_t gid;
};

/* A descriptor for /proc that no mount of the application can cover, where the kernel lets us have one. */
int proc_open(struct fault *fault);

/* Opens /proc/TID/what. -errno. */
int task_open(const struct task *task, const char *what, int flags);

/* Opens what the task's descriptor number stands for, as O_PATH. -EBADF: it has none. */
int task_open_fd(const struct task *task, int number);

/* The text of /proc/TID/what, cut at size - 1. Its length, or < 0. */
ssize_t task_text_read(const struct task *task, const char *what, char *buf, size_t size);

/* The string at an address of the task; size counts the NUL. -EFAULT, -ENAMETOOLONG, or why we may not. */
int task_string(const struct task *task, uint64_t address, char *buf, size_t size);

/* As many of len bytes as are there from an address of the task on; -EFAULT if none are, or why we may not. */
ssize_t task_bytes(const struct task *task, uint64_t address, void *buf, size_t len);

/* Exactly len bytes at an address of the task. */
int task_memory(const struct task *task, uint64_t address, void *buf, size_t len);

/* Of a task that is stopped at the exec event: the name under which the kernel says that it executed, and whether the
 * program may have given it anything: false if it surely did not. Both are in its memory: who has all that it has may have written there. */
int task_executed(const struct task *task, char *buf, size_t size, bool *gained);

/* Its thread group, 0 if it is gone. */
pid_t task_group(const struct task *task);

/* As whom it looks up paths. -errno: it cannot be told. */
int task_fsuid(const struct task *task, uid_t *fsuid);

/* Fills what can be read; the rest stays 0 or empty. */
void task_describe(const struct task *task, struct task_text *text);
void task_record(const struct task_text *text, struct audit_record *record);

/* What /proc/TID/what leads to, and needs no descriptor of ours. */
int task_identify(const struct task *task, const char *what, struct file_id *id);

int file_identify(int dir, const char *path, int flags, struct file_id *id);
bool file_same(const struct file_id *a, const struct file_id *b);

/* The same, and nothing of it was changed in between. */
bool file_unchanged(const struct file_id *a, const struct file_id *b);

#endif
