/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: instant K PHASE FILE NEW COMMAND…
 * Starts the command, and kills it before or after a system call that changes something: the K-th of them. PHASE start:
 * counted until it polls for the first time; reload: from there on, where NEW is put in FILE's place and it is asked to
 * reload. Tells how many there were, and which were renames. x86-64 only.
 */
#include <linux/bpf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_change(const struct user_regs_struct *regs)
{
	switch (regs->orig_rax) {
	case SYS_rename:
	case SYS_unlink:
	case SYS_unlinkat:
	case SYS_mkdir:
		return true;
	case SYS_bpf:
		return regs->rdi == BPF_MAP_UPDATE_ELEM || regs->rdi == BPF_MAP_DELETE_ELEM ||
		       regs->rdi == BPF_MAP_LOOKUP_AND_DELETE_ELEM || regs->rdi == BPF_MAP_FREEZE ||
		       regs->rdi == BPF_OBJ_PIN || regs->rdi == BPF_LINK_CREATE ||
		       regs->rdi == BPF_RAW_TRACEPOINT_OPEN || regs->rdi == BPF_PROG_TEST_RUN;
	default:
		return false;
	}
}

static pid_t ask_to_reload(const char *file, const char *new)
{
	pid_t pid;

	if (rename(new, file)) {
		perror(file);
		exit(99);
	}
	pid = fork();
	if (!pid) {
		execl("/mantlet", "mantlet", "reload", (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int next_stop(pid_t pid, struct user_regs_struct *regs)
{
	int status;

	do {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return -1;
	} while (WSTOPSIG(status) != (SIGTRAP | 0x80));
	return ptrace(PTRACE_GETREGS, pid, 0, regs) ? -1 : 0;
}

static pid_t start_traced(char **argv)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	return pid;
}

int main(int argc, char **argv)
{
	unsigned long at = strtoul(argv[1], NULL, 10), changes = 0;
	bool reload = !strcmp(argv[2], "reload"), listens = false, counts = !reload;
	pid_t pid = argc > 5 ? start_traced(argv + 5) : -1, asker = 0;
	struct user_regs_struct regs;
	int status;

	printf("renames");
	while (changes < at) {
		if (next_stop(pid, &regs)) {
			printf(", and it ended by itself\n");
			return 1;
		}
		listens |= regs.orig_rax == SYS_listen;
		if (regs.orig_rax == SYS_poll && listens && !reload)
			break;
		if (regs.orig_rax == SYS_poll && listens && !asker) {
			asker = ask_to_reload(argv[3], argv[4]);
			counts = true;
		}
		if (asker && waitpid(asker, &status, WNOHANG) == asker)
			break;
		changes += counts && is_change(&regs);
		if (counts && regs.orig_rax == SYS_rename)
			printf(" %lu", changes);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (asker)
		waitpid(asker, &status, 0);
	printf("\nchanges %lu\n", changes);
	return 0;
}
