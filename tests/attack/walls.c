/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walls ALLOWED FORBIDDEN WORK [after]
 *
 * What only mode seccomp has to hold: its filter against being passed by, and the container against the end
 * of its supervisor. With `after`, WORK/ready says that the supervisor may now be killed, from outside; and the TAP,
 * WORK/after.tap, is written by what is left then.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "attack.h"

static char *const args[] = {(char *)"walls", NULL};

static int listener_errno(unsigned long operation, unsigned long flags)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &code};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(syscall(SYS_seccomp, operation, flags, &program) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void listeners(void)
{
	const unsigned long listen = SECCOMP_FILTER_FLAG_NEW_LISTENER;

	tap_ok(listener_errno(SECCOMP_SET_MODE_FILTER, 0) == 0, "a filter of its own is its own business");
	tap_ok(listener_errno(SECCOMP_SET_MODE_FILTER, listen) == EBUSY, "a listener is refused");
	tap_ok(listener_errno(SECCOMP_SET_MODE_FILTER, listen | SECCOMP_FILTER_FLAG_LOG) == EBUSY,
	       "a listener among other flags is refused");
	tap_ok(listener_errno(SECCOMP_SET_MODE_FILTER | 1UL << 40, listen | 1UL << 33) == EBUSY,
	       "a listener behind bits that the kernel does not read is refused");
}

#ifdef __x86_64__
static char *low_string(const char *text)
{
	char *low = mmap(NULL, 2 * PATH_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		bail("mmap");
	return strcpy(low, text);
}

static void other_tables(void)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(11), "b"(low_string(allowed)), "c"(0), "d"(0) : "memory");
	tap_ok(ret == -ENOSYS, "i386 execve does not exist");
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(20) : "memory");
	tap_ok(ret == -ENOSYS, "i386 getpid does not exist");
	tap_ok(syscall(0x40000000 | 520, low_string(allowed), NULL, NULL) < 0 && errno == ENOSYS,
	       "x32 execve does not exist");
}
#else
static void other_tables(void)
{
}
#endif

/* The supervisor is whatever started us. */
static void supervisor_hidden(void)
{
	char path[64];
	pid_t supervisor = getppid();

	tap_ok(ptrace(PTRACE_SEIZE, supervisor, NULL, NULL) < 0, "the supervisor cannot be traced");
	snprintf(path, sizeof(path), "/proc/%d/mem", supervisor);
	tap_ok(open(path, O_RDWR | O_CLOEXEC) < 0, "its memory cannot be opened");
	snprintf(path, sizeof(path), "/proc/%d/fd/0", supervisor);
	tap_ok(open(path, O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES, "its descriptors cannot be opened");
	tap_ok(prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE) == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
	       "SYS_PTRACE is gone for good");
}

static int exec_errno(const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, args, environ);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* Does the supervisor still live and answer? */
static int answers(void)
{
	effects_clear();
	return exec_errno(allowed) == 0 && effects("allowed") == 1;
}

static void by_signals(pid_t supervisor)
{
	static const int deadly[] = {SIGKILL, SIGSTOP};
	char path[64];
	siginfo_t info = {.si_code = SI_QUEUE};
	int proc;

	snprintf(path, sizeof(path), "/proc/%d", supervisor);
	proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++) {
		int sig = deadly[i];

		info.si_signo = sig;
		tap_ok(kill(supervisor, sig) < 0 && answers(), "signal %d by kill", sig);
		tap_ok(syscall(SYS_kill, supervisor | 7ul << 32, sig) < 0 && answers(), "and with more bits");
		tap_ok(syscall(SYS_tkill, supervisor, sig) < 0 && answers(), "by tkill");
		tap_ok(syscall(SYS_tgkill, supervisor, supervisor, sig) < 0 && answers(), "by tgkill");
		tap_ok(syscall(SYS_rt_sigqueueinfo, supervisor, sig, &info) < 0 && answers(), "by rt_sigqueueinfo");
		tap_ok(syscall(SYS_rt_tgsigqueueinfo, supervisor, supervisor, sig, &info) < 0 && answers(),
		       "by rt_tgsigqueueinfo");
		tap_ok(syscall(SYS_pidfd_send_signal, proc, sig, NULL, 0) < 0 && answers(), "by pidfd_send_signal");
	}
	tap_ok(fcntl(proc, F_SETOWN, supervisor) < 0, "it does not get to own a descriptor's signals");
	close(proc);
}

/* Handed on to us, whose default action is to end: so we look the other way. */
static void by_handed_on(pid_t supervisor)
{
	static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL, SIGTRAP, SIGSYS,
				     SIGABRT, SIGPIPE, SIGXCPU, 32,     33};
	int alive = 1;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		unsigned long act[4] = {1}; /* the kernel's own sigaction: SIG_IGN, for 32 and 33, too */

		syscall(SYS_rt_sigaction, faults[i], act, NULL, 8);
		alive = alive && kill(supervisor, faults[i]) == 0 && answers();
	}
	tap_ok(alive, "nor does it die of a signal that means a fault");
}

static void by_starving(pid_t supervisor)
{
	struct rlimit none = {0, 0}, files;
	unsigned long cpus = 1;
	struct sched_param param = {0};

	tap_ok(prlimit(supervisor, RLIMIT_NOFILE, &none, NULL) < 0 && answers(), "its limits cannot be lowered");
	tap_ok(prlimit(supervisor, RLIMIT_NOFILE, NULL, &files) == 0 && files.rlim_cur > 0, "they can be read");
	tap_ok(syscall(SYS_sched_setaffinity, supervisor, sizeof(cpus), &cpus) < 0, "it cannot be put on one CPU");
	tap_ok(syscall(SYS_sched_setscheduler, supervisor, 5, &param) < 0, "its scheduling class stays");
	tap_ok(setpriority(PRIO_PROCESS, supervisor, 19) < 0, "so does its nice value");
	tap_ok(syscall(SYS_ioprio_set, 1, supervisor, 3 << 13) < 0 && answers(), "and its I/O class");
}

/* Runs on as an orphan when the supervisor is dead, whom the caller kills. */
__attribute__((noreturn)) static void after(pid_t supervisor)
{
	char command[16];

	setsid();
	if (!freopen(in_work("after.tap"), "we", stdout))
		_exit(2);
	snprintf(command, sizeof(command), "%d", getppid());
	file_write(in_work("next"), command, 0600);
	rename(in_work("next"), in_work("ready"));
	for (int i = 0; i < 1000 && kill(supervisor, 0) == 0; i++)
		usleep(10000);
	tap_ok(kill(supervisor, 0) < 0, "the supervisor is dead");
	tap_ok(kill(getpgid(0), 0) == 0, "an orphan lives on");
	tap_ok(exec_errno(allowed) == ENOSYS, "nothing can be executed, allowed or not");
	tap_ok(exec_errno(forbidden) == ENOSYS && !effects("forbidden"), "nothing forbidden, either");
	listeners();
	_exit(tap_done());
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: walls ALLOWED FORBIDDEN WORK [after]\n");
		return 2;
	}
	attack_begin(argv);
	if (argc > 4) {
		pid_t supervisor = getppid();

		if (fork() == 0)
			after(supervisor);
		for (;;)
			pause(); /* to be killed with the supervisor */
	}
	listeners();
	other_tables();
	supervisor_hidden();
	by_signals(getppid());
	by_handed_on(getppid());
	by_starving(getppid());
	return tap_done();
}
