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
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#define MOUNT_ID_KNOWN 0x1000 /* STATX_MNT_ID, 5.8 */
#define STACK_WORDS 1024      /* of a new program's stack, to find the auxiliary vector in */

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

/* One call where the seccomp profile that we are under ourselves lets us. */
ssize_t task_bytes(const struct task *task, uint64_t address, void *buf, size_t len)
{
	struct iovec here = {.iov_base = buf, .iov_len = len}, there = {.iov_base = (void *)address, .iov_len = len};
	ssize_t got = process_vm_readv(task->tid, &here, 1, &there, 1, 0);
	int mem;

	if (got >= 0 || (errno != EPERM && errno != ENOSYS))
		return got > 0 ? got : -EFAULT;
	mem = task_open(task, "mem", O_RDONLY);
	if (mem < 0)
		return mem;
	got = address > INT64_MAX ? -1 : pread(mem, buf, len, (off_t)address);
	close(mem);
	return got > 0 ? got : -EFAULT;
}

int task_memory(const struct task *task, uint64_t address, void *buf, size_t len)
{
	ssize_t got = len ? task_bytes(task, address, buf, len) : 0;

	if (got < 0)
		return got;
	return (size_t)got == len ? 0 : -EFAULT;
}

/* Page by page: a string may end right before memory that is not there. */
int task_string(const struct task *task, uint64_t address, char *buf, size_t size)
{
	const size_t page = sysconf(_SC_PAGESIZE);

	for (size_t done = 0; done < size;) {
		size_t want = page - (address + done) % page;
		ssize_t got = task_bytes(task, address + done, buf + done, want < size - done ? want : size - done);

		if (got < 0)
			return got;
		if (memchr(buf + done, 0, got))
			return 0;
		done += got;
	}
	return -ENAMETOOLONG;
}

/* Where a new program's stack begins; it is of 64 bits, or -ENOEXEC. */
static int stack_begin(pid_t tid, uint64_t *address)
{
	struct user_regs_struct regs = {0};
	struct iovec iov = {.iov_base = &regs, .iov_len = sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	if (iov.iov_len != sizeof(regs))
		return -ENOEXEC;
#if defined(__x86_64__)
	*address = regs.rsp;
#else
	*address = regs.sp;
#endif
	return 0;
}

/* A value of the auxiliary vector, which lies behind the argument count, the arguments and the environment. */
static int stack_aux(const uint64_t *stack, size_t words, uint64_t type, uint64_t *value)
{
	size_t at = 1;

	for (int lists = 0; lists < 2; lists++) {
		while (at < words && stack[at])
			at++;
		at++;
	}
	for (; at + 1 < words && stack[at] != AT_NULL; at += 2)
		if (stack[at] == type) {
			*value = stack[at + 1];
			return 0;
		}
	return -ENOENT;
}

/* The kernel's own copy of that vector: for a stack that is too long to be read. */
static int proc_aux(const struct task *task, uint64_t type, uint64_t *value)
{
	uint64_t raw[256] = {0};
	ssize_t got = task_text_read(task, "auxv", (char *)raw, sizeof(raw));

	for (ssize_t i = 0; i + 1 < got / 8; i += 2)
		if (raw[i] == type) {
			*value = raw[i + 1];
			return 0;
		}
	return got < 0 ? got : -ENOENT;
}

static int aux(const struct task *task, const uint64_t *stack, size_t words, uint64_t type, uint64_t *value)
{
	return stack_aux(stack, words, type, value) ? proc_aux(task, type, value) : 0;
}

/* AT_SECURE is not said to whom root started (cap_bprm_creds_from_file()): of those that may be so. */
static int aux_gained(const struct task *task, const uint64_t *stack, size_t words, bool *gained)
{
	uint64_t secure = 0, real = 0, effective = 0;
	int ret = aux(task, stack, words, AT_SECURE, &secure);

	if (!ret)
		ret = aux(task, stack, words, AT_UID, &real);
	if (!ret)
		ret = aux(task, stack, words, AT_EUID, &effective);
	*gained = secure || (!real && effective);
	return ret;
}

int task_executed(const struct task *task, char *buf, size_t size, bool *gained)
{
	uint64_t stack[STACK_WORDS], begin = 0, address = 0;
	const char *string;
	ssize_t got;
	int ret = stack_begin(task->tid, &begin);

	if (ret)
		return ret;
	got = task_bytes(task, begin, stack, sizeof(stack));
	if (got < 0)
		return got;
	ret = aux(task, stack, got / 8, AT_EXECFN, &address);
	if (!ret)
		ret = aux_gained(task, stack, got / 8, gained);
	if (ret)
		return ret;
	/* usually it is what the stack ends with, so it has been read, too */
	string = (const char *)stack + (address - begin);
	if (address >= begin && address - begin < (size_t)got && memchr(string, 0, got - (address - begin))) {
		snprintf(buf, size, "%s", string);
		return 0;
	}
	return task_string(task, address, buf, size);
}

int task_identify(const struct task *task, const char *what, struct file_id *id)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", task->tid, what);
	return file_identify(task->proc, path, 0, id);
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

int task_fsuid(const struct task *task, uid_t *fsuid)
{
	char status[4096];

	if (task_text_read(task, "status", status, sizeof(status)) <= 0)
		return -ESRCH;
	*fsuid = status_number(status, "\nUid:", 3);
	return 0;
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
	id->changed = stx.stx_ctime.tv_sec * 1000000000ull + stx.stx_ctime.tv_nsec;
	id->links = stx.stx_nlink;
	id->mode = stx.stx_mode;
	id->uid = stx.stx_uid;
	id->gid = stx.stx_gid;
	return 0;
}

bool file_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

bool file_unchanged(const struct file_id *a, const struct file_id *b)
{
	return file_same(a, b) && a->changed == b->changed;
}
