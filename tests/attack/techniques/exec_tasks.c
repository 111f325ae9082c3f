/* SPDX-License-Identifier: BSD-2-Clause */
/* Which task executes a program, from which table of calls, and with whose help. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "elf32.h"
#include "regroup.h"
#include "run.h"
#include "technique.h"

static void by_vfork(const struct aim *aim)
{
	pid_t pid = vfork();

	if (pid == 0) {
		run(aim->program);
		_exit(errno);
	}
	end_as(pid);
}

static int clone_run(void *program)
{
	run(program);
	return errno;
}

/* Memory shared, and nobody waits. */
static void by_shared_memory(const struct aim *aim)
{
	static char stack[65536] __attribute__((aligned(16)));

	end_as(clone(clone_run, stack + sizeof(stack), CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD,
		     (void *)aim->program));
}

static void *thread_run(void *program)
{
	run(program);
	_exit(errno);
}

static void by_thread(const struct aim *aim)
{
	pthread_t thread;

	need("thread", -pthread_create(&thread, NULL, thread_run, (void *)aim->program));
	for (;;)
		pause();
}

static void by_many_threads(const struct aim *aim)
{
	pthread_t thread;

	/* no thread can begin while another executes */
	for (int i = 0; i < 16; i++)
		if (pthread_create(&thread, NULL, thread_run, (void *)aim->program))
			pause();
	thread_run((void *)aim->program);
}

static void by_orphan(const struct aim *aim)
{
	int pipe_fd[2];
	char end;

	need("pipe", pipe(pipe_fd));
	if (fork() == 0) {
		if (fork() == 0) {
			setsid();
			run(aim->program); /* the pipe is closed by its end */
			_exit(1);
		}
		_exit(0);
	}
	close(pipe_fd[1]);
	if (read(pipe_fd[0], &end, 1) < 0)
		_exit(1);
}

static void by_undumpable(const struct aim *aim)
{
	prctl(PR_SET_DUMPABLE, 0);
	run(aim->program);
}

static void by_nobody(const struct aim *aim)
{
	need("setgroups", setgroups(0, NULL));
	need("setresgid", setresgid(65534, 65534, 65534));
	need("setresuid", setresuid(65534, 65534, 65534));
	run(aim->program);
}

/* Signals stop and continue it while it executes; it must get there all the same. */
static void by_stopped(const struct aim *aim)
{
	for (int i = 0; i < 50; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			run(aim->program);
			_exit(errno);
		}
		for (int pause = i * 40; pause; pause--)
			sched_yield();
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		if (WIFSTOPPED(status))
			waitpid(pid, &status, 0);
	}
}

/* The tracer rewrites the path at the call's entry. */
static void by_tracer(const struct aim *aim)
{
	int status;
	char *path = mmap(NULL, PATH_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	strcpy(path, aim->allowed);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		run(path);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	for (int stops = 0; stops < 1000 && WIFSTOPPED(status); stops++) {
		strcpy(path, stops & 1 ? aim->program : aim->allowed);
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
}

/* What the task calls is getppid; its tracer makes execve of it. */
static void by_changed_call(const struct aim *aim)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		syscall(SYS_getppid);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL); /* out of the signal, to the entry */
	waitpid(pid, &status, 0);
	call_change(pid, SYS_execve, (long)aim->program, (long)run_args, (long)environ);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	end_as(pid);
}

/* The same at a stop that the task's own seccomp filter makes. */
static void by_own_filter(const struct aim *aim)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = 4, .filter = code};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
		syscall(SYS_getppid);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESECCOMP);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	call_change(pid, SYS_execve, (long)aim->program, (long)run_args, (long)environ);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	end_as(pid);
}

struct lie {
	int uffd;
	char *page;
	unsigned int delay; /* in microseconds, between who reads first and who reads next */
	const char *told[2];
};

/* Whoever reads the page first gets one path, whoever reads it next the other. */
static void *lie_serve(void *arg)
{
	const struct lie *lie = arg;
	static char page[4096] __attribute__((aligned(4096)));
	struct uffd_msg msg;

	for (int turn = 0; read(lie->uffd, &msg, sizeof(msg)) == sizeof(msg); turn++) {
		struct uffdio_copy copy = {.dst = (long)lie->page, .src = (long)page, .len = 4096};

		strcpy(page, lie->told[turn > 0]);
		ioctl(lie->uffd, UFFDIO_COPY, &copy);
		usleep(lie->delay);
		madvise(lie->page, 4096, MADV_DONTNEED);
	}
	return NULL;
}

/* Of two paths, told in turn, the program's runs: without Mantlet the kernel is the first who reads. */
static void lie_run(const char *first, const char *second, unsigned int delay)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	static struct lie lie;
	pthread_t thread;

	lie = (struct lie){.uffd = userfault_open(), .told = {first, second}, .delay = delay};
	need("userfaultfd", lie.uffd);
	lie.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (long)lie.page;
	range.range.len = 4096;
	need("UFFDIO_API", ioctl(lie.uffd, UFFDIO_API, &api));
	need("UFFDIO_REGISTER", ioctl(lie.uffd, UFFDIO_REGISTER, &range));
	need("thread", -pthread_create(&thread, NULL, lie_serve, &lie));
	run(lie.page);
	_exit(errno);
}

static void by_userfault(const struct aim *aim)
{
	pid_t pid;

	for (unsigned int delay = 1; delay < 3000; delay += delay / 2 + 1) {
		pid = fork();
		if (pid == 0)
			lie_run(aim->allowed, aim->program, delay);
		waitpid(pid, NULL, 0);
	}
	pid = fork();
	if (pid == 0)
		lie_run(aim->program, aim->allowed, 1000000); /* the kernel reads it in that time */
	end_as(pid);
}

static void by_int80(const struct aim *aim)
{
	call_i386(11, (long)low_memory(aim->program, strlen(aim->program) + 1), 0, 0, 0, 0);
	need("int 0x80", errno == ENOSYS ? -1 : 0);
}

static void by_int80_at(const struct aim *aim)
{
	call_i386(358, AT_FDCWD, (long)low_memory(aim->program, strlen(aim->program) + 1), 0, 0, 0);
	need("int 0x80", errno == ENOSYS ? -1 : 0);
}

static void by_x32(const struct aim *aim)
{
	syscall(X32 | 520, low_memory(aim->program, strlen(aim->program) + 1), NULL, NULL);
	need("x32", errno == ENOSYS ? -1 : 0);
}

static void by_elf32(const struct aim *aim)
{
	elf32_execute(in_work(aim, "open/elf32"), aim->program);
	run(in_work(aim, "open/elf32"));
	need("32-bit program", errno == ENOEXEC ? -1 : 0);
}

static void *path_flip(void *last)
{
	for (;;) {
		*(volatile char *)last ^= '0' ^ '1';
		for (volatile int spin = 0; spin < 1000; spin++)
			;
	}
	return NULL;
}

/* Of two links, that to what is allowed and the one at hand, in turn. */
static void run_flipped(void *path)
{
	volatile char *last = (char *)path + strlen(path) - 1;
	const char was = *last;
	pthread_t thread;

	if (pthread_create(&thread, NULL, path_flip, (void *)last))
		return;
	while (*last == was)
		;
	run(path);
}

static void by_regrouped(const struct aim *aim)
{
	const time_t end = time(NULL) + 2;
	char path[PATH_MAX];

	need_not("it takes CAP_SETGID", geteuid() != 0);
	link_make(aim->allowed, in_work(aim, "open/flip0"));
	link_make(aim->program, in_work(aim, "open/flip1"));
	/* most of them are in vain */
	for (int i = 0; i < 8 || (i < 40 && time(NULL) < end); i++) {
		snprintf(path, sizeof(path), "%s", in_work(aim, "open/flip%d", i & 1));
		waitpid(regroup_start(run_flipped, path), NULL, 0);
	}
}

static const struct technique techniques[] = {
	{"vfork", by_vfork, SAME, 0, 0},
	{"clone with shared memory, files and directories", by_shared_memory, SAME, 0, 0},
	{"thread", by_thread, SAME, 0, 0},
	{"seventeen threads at once", by_many_threads, SAME, 0, 0},
	{"thread whose first one is within setgroups, path rewritten", by_regrouped, SAME, 0, 0},
	{"orphan in a session of its own (double fork)", by_orphan, SAME, 0, 0},
	{"not dumpable", by_undumpable, SEEN, 0, 0},
	{"another uid", by_nobody, SEEN, 0, 0},
	{"stopped while it executes", by_stopped, SAME, 0, 0},
	{"tracer that rewrites the path", by_tracer, ANY, 0, 0},
	{"tracer that makes an execve of another call", by_changed_call, ANY, 0, 0},
	{"tracer that does so by the task's own filter", by_own_filter, ANY, 0, 0},
	{"path in memory that differs each time it is read (userfaultfd)", by_userfault, ANY, 0, 0},
	{"int 0x80 execve", by_int80, ANY, 0, 0},
	{"int 0x80 execveat", by_int80_at, ANY, 0, 0},
	{"x32 execve", by_x32, ANY, 0, 0},
	{"32-bit program that executes", by_elf32, ANY, 0, 0},
};

const struct technique_list exec_tasks = TECHNIQUE_LIST(SECTION_EXEC, techniques);
