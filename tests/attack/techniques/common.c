/* SPDX-License-Identifier: BSD-2-Clause */
#include "technique.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

const char *in_work(const struct aim *aim, const char *format, ...)
{
	static char buffers[16][PATH_MAX];
	static unsigned int next;
	char *buf = buffers[next++ % 16];
	int len = snprintf(buf, PATH_MAX, "%s/", aim->work);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, PATH_MAX - len, format, args);
	va_end(args);
	return buf;
}

/* The reason goes to the runner by standard error, which is a pipe to it. */
void need(const char *what, long result)
{
	if (result >= 0)
		return;
	dprintf(STDERR_FILENO, "%s: %s", what, strerror(errno));
	_exit(TECHNIQUE_CANNOT);
}

void need_not(const char *what, bool missing)
{
	if (!missing)
		return;
	dprintf(STDERR_FILENO, "%s", what);
	_exit(TECHNIQUE_CANNOT);
}

void effect_leave(const struct aim *aim)
{
	int fd = open(in_work(aim, "%s", aim->forbidden ? "forbidden" : "allowed"),
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, "x", 1) != 1)
		_exit(1);
	close(fd);
}

void copy_into(const char *from, int fd)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	need(from, in);
	while ((got = read(in, buf, sizeof(buf))) > 0)
		need("copy", write(fd, buf, got) == got ? 0 : -1);
	close(in);
}

void copy_to(const char *from, const char *path)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	need(path, fd);
	copy_into(from, fd);
	need(path, fchmod(fd, 0755));
	close(fd);
}

void text_write(const char *path, const char *text, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	need(path, fd);
	need(path, write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? fchmod(fd, mode) : -1);
	close(fd);
}

void link_make(const char *target, const char *path)
{
	unlink(path);
	need(path, symlink(target, path));
}

const char *fd_link(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

int userfault_open(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), device;

	if (fd >= 0)
		return fd;
	/* 6.1 has a device, which takes no capability */
	device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	if (device >= 0)
		fd = ioctl(device, 0xaa00 /* USERFAULTFD_IOC_NEW */, O_CLOEXEC);
	close(device);
	return fd;
}

void end_as(pid_t child)
{
	int status;

	need("fork", child);
	if (waitpid(child, &status, 0) != child)
		_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void *low_memory(const void *bytes, size_t size)
{
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif
	void *low = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	need("memory below 4 GiB", low == MAP_FAILED ? -1 : 0);
	return memcpy(low, bytes, size);
}

#if defined(__x86_64__)
void call_change(pid_t pid, long number, long a, long b, long c)
{
	struct user_regs_struct regs;

	need("PTRACE_GETREGS", ptrace(PTRACE_GETREGS, pid, NULL, &regs));
	regs.orig_rax = regs.rax = number;
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}
#else
void call_change(pid_t pid, long number, long a, long b, long c)
{
	struct user_regs_struct regs;
	int call = number;
	struct iovec all = {.iov_base = &regs, .iov_len = sizeof(regs)};
	struct iovec one = {.iov_base = &call, .iov_len = sizeof(call)};

	need("PTRACE_GETREGSET", ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all));
	regs.regs[0] = a;
	regs.regs[1] = b;
	regs.regs[2] = c;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all);
	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &one);
}
#endif

long call_i386(long number, long a, long b, long c, long d, long e)
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	/* 32 bits of it are the result, and the last of their values errors */
	if ((unsigned int)ret <= 0xfffff000)
		return (unsigned int)ret;
	errno = -(int)ret;
#else
	(void)number, (void)a, (void)b, (void)c, (void)d, (void)e;
	errno = ENOSYS;
#endif
	return -1;
}

long watch_ask(const char *work, enum question question)
{
	char path[PATH_MAX], byte = question;
	long answer = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/ask", work);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, &byte, 1) != 1)
		return -1;
	close(fd);
	snprintf(path, sizeof(path), "%s/answer", work);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &answer, sizeof(answer)) != sizeof(answer))
		answer = -1;
	close(fd);
	return answer;
}
