/* SPDX-License-Identifier: BSD-2-Clause */
#include "task.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#define MOUNT_ID_KNOWN 0x1000 /* STATX_MNT_ID, 5.8 */

int proc_open(struct fault *fault)
{
	struct statfs fs;
	char self[16];
	ssize_t len;
	/* With CAP_SYS_ADMIN an application could mount over /proc/PID/exe. It then is ours as well, and our
	 * own copy of the mount has nothing on top. */
	int proc = syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE | O_CLOEXEC);

	if (proc < 0)
		proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return fault_set(fault, errno, "cannot open /proc (%s): mount it", strerror(errno));
	/* a proc of another pid namespace counts its tasks otherwise than notifications do */
	len = readlinkat(proc, "self", self, sizeof(self) - 1);
	self[len > 0 ? len : 0] = 0;
	if (fstatfs(proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC || atoi(self) != getpid()) {
		close(proc);
		return fault_set(fault, ENODEV,
				 "/proc does not show this process: mount the container's own proc there");
	}
	return proc;
}

int task_open(const struct task *task, const char *what, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/%s", task->tid, what);
	fd = openat(task->proc, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int task_open_fd(const struct task *task, int number)
{
	char what[32];
	int fd;

	if (number < 0)
		return -EBADF;
	snprintf(what, sizeof(what), "fd/%d", number);
	fd = task_open(task, what, O_PATH);
	return fd == -ENOENT ? -EBADF : fd;
}

/* Page by page: a string may end right before memory that is not there. */
static int string_read(int mem, uint64_t address, char *buf, size_t size)
{
	const size_t page = sysconf(_SC_PAGESIZE);

	for (size_t done = 0; done < size;) {
		size_t want = page - (address + done) % page;
		ssize_t got;

		if (want > size - done)
			want = size - done;
		got = pread(mem, buf + done, want, (off_t)(address + done));
		if (got <= 0)
			return -EFAULT;
		if (memchr(buf + done, 0, got))
			return 0;
		done += got;
	}
	return -ENAMETOOLONG;
}

int task_string(const struct task *task, uint64_t address, char *buf, size_t size)
{
	int mem = task_open(task, "mem", O_RDONLY), ret;

	if (mem < 0)
		return mem;
	ret = address > INT64_MAX ? -EFAULT : string_read(mem, address, buf, size);
	close(mem);
	return ret;
}

int task_memory(const struct task *task, uint64_t address, void *buf, size_t len)
{
	int mem = task_open(task, "mem", O_RDONLY);
	ssize_t got;

	if (mem < 0)
		return mem;
	got = address > INT64_MAX ? -1 : pread(mem, buf, len, (off_t)address);
	close(mem);
	return got == (ssize_t)len ? 0 : -EFAULT;
}

int task_auxv(const struct task *task, bool elf32, uint64_t type, uint64_t *value)
{
	char raw[2048];
	ssize_t got;
	int fd = task_open(task, "auxv", O_RDONLY);

	if (fd < 0)
		return fd;
	got = read(fd, raw, sizeof(raw));
	close(fd);
	for (ssize_t i = 0; elf32 && i + (ssize_t)sizeof(Elf32_auxv_t) <= got; i += sizeof(Elf32_auxv_t)) {
		Elf32_auxv_t aux;

		memcpy(&aux, raw + i, sizeof(aux));
		if (aux.a_type == type)
			return *value = aux.a_un.a_val, 0;
	}
	for (ssize_t i = 0; !elf32 && i + (ssize_t)sizeof(Elf64_auxv_t) <= got; i += sizeof(Elf64_auxv_t)) {
		Elf64_auxv_t aux;

		memcpy(&aux, raw + i, sizeof(aux));
		if (aux.a_type == type)
			return *value = aux.a_un.a_val, 0;
	}
	return -ENOENT;
}

ssize_t task_text_read(const struct task *task, const char *what, char *buf, size_t size)
{
	int fd = task_open(task, what, O_RDONLY);
	ssize_t got;

	buf[0] = 0;
	if (fd < 0)
		return fd;
	got = read(fd, buf, size - 1);
	close(fd);
	buf[got > 0 ? got : 0] = 0;
	return got;
}

/* The nth number of a line of /proc/TID/status. */
static long status_number(const char *status, const char *key, int nth)
{
	const char *at = strstr(status, key);
	char *end;
	long value = 0;

	if (!at)
		return 0;
	at += strlen(key);
	for (int i = 0; i <= nth; i++, at = end)
		value = strtol(at, &end, 10);
	return value;
}

pid_t task_group(const struct task *task)
{
	char status[4096];

	/* Almost always the task leads its group, and one cheap call says so: signal 0 to thread TID of
	 * group TID finds nobody unless that thread is the leader. */
	if (syscall(SYS_tgkill, task->tid, task->tid, 0) == 0 || errno == EPERM)
		return task->tid;
	if (task_text_read(task, "status", status, sizeof(status)) <= 0)
		return 0;
	return status_number(status, "\nTgid:", 0);
}

void task_describe(const struct task *task, struct task_text *text)
{
	char status[4096], path[32];
	ssize_t len;

	memset(text, 0, sizeof(*text));
	if (task_text_read(task, "status", status, sizeof(status)) > 0) {
		text->pid = status_number(status, "\nTgid:", 0);
		text->ppid = status_number(status, "\nPPid:", 0);
		text->tracer = status_number(status, "\nTracerPid:", 0);
		text->uid = status_number(status, "\nUid:", 0);
		text->fsuid = status_number(status, "\nUid:", 3);
		text->gid = status_number(status, "\nGid:", 0);
	}
	len = task_text_read(task, "comm", text->comm, sizeof(text->comm));
	if (len > 0 && text->comm[len - 1] == '\n')
		text->comm[len - 1] = 0;
	snprintf(path, sizeof(path), "%d/exe", task->tid);
	len = readlinkat(task->proc, path, text->exe, sizeof(text->exe) - 1);
	text->exe[len > 0 ? len : 0] = 0;
}

void task_record(const struct task_text *text, struct audit_record *record)
{
	record->pid = text->pid;
	record->ppid = text->ppid;
	record->uid = text->uid;
	record->gid = text->gid;
	record->comm = text->comm[0] ? text->comm : NULL;
	record->exe = text->exe[0] ? text->exe : NULL;
}

int file_identify(int dir, const char *path, int flags, struct file_id *id)
{
	struct statx stx;

	if (statx(dir, path, flags, STATX_BASIC_STATS | MOUNT_ID_KNOWN, &stx) < 0)
		return -errno;
	id->dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	id->ino = stx.stx_ino;
	id->mount = stx.stx_mask & MOUNT_ID_KNOWN ? stx.stx_mnt_id : 0;
	id->links = stx.stx_nlink;
	id->mode = stx.stx_mode;
	return 0;
}

bool file_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}
