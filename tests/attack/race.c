/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race ALLOWED FORBIDDEN WORK [TRIES [VARIANT]]
 *
 * What a call names is changed from ALLOWED to FORBIDDEN and back, as fast as can be, while the call is made,
 * by every way there is. FORBIDDEN must never have run; ALLOWED must have, or the race proves nothing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "attack.h"

#define SWAPPED_FD 100

/* In memory that all processes share: the path, of which one byte is flipped between '0' and '1'. */
struct arena {
	char path[PATH_MAX];
	volatile char *flip;
};

static struct arena *arena;
static int base_fd, moved_fd, fds[2];

static char *const no_args[] = {(char *)"race", NULL};

/* Now and then both sides rest, so that the flips fall at any phase of the call. */
static void pause_some(unsigned int *seed, unsigned int most)
{
	for (unsigned int spin = rand_r(seed) % most; spin; spin--)
		atomic_signal_fence(memory_order_seq_cst);
}

static void swap_byte(unsigned int *seed)
{
	*arena->flip ^= '0' ^ '1';
	pause_some(seed, 2000);
}

static void swap_fd(unsigned int *seed)
{
	dup2(fds[rand_r(seed) & 1], SWAPPED_FD);
}

static void swap_link(unsigned int *seed)
{
	static unsigned int turn;

	(void)seed;
	unlink(in_work("open/next"));
	if (symlink(in_work("open/p%u", turn++ & 1), in_work("open/next")) == 0)
		rename(in_work("open/next"), in_work("open/link"));
}

/* The directory from which a path begins goes to where its parent holds the other program. */
static void swap_parent(unsigned int *seed)
{
	static unsigned int turn;

	if (turn++ & 1)
		rename(in_work("open/b/moved"), in_work("open/a/moved"));
	else
		rename(in_work("open/a/moved"), in_work("open/b/moved"));
	pause_some(seed, 2000);
}

static void exec_path(void)
{
	execve(arena->path, no_args, environ);
}

static void exec_dirfd(void)
{
	syscall(SYS_execveat, base_fd, strrchr(arena->path, '/') + 1, no_args, environ, 0);
}

static void exec_fd(void)
{
	syscall(SYS_execveat, SWAPPED_FD, "", no_args, environ, AT_EMPTY_PATH);
}

static void exec_link(void)
{
	execve(in_work("open/link"), no_args, environ);
}

static void exec_cwd(void)
{
	if (fchdir(moved_fd) == 0)
		execve("../program", no_args, environ);
}

static void exec_moved(void)
{
	syscall(SYS_execveat, moved_fd, "../program", no_args, environ, 0);
}

/* Who swaps: a thread of the process that executes, its leader, another process, or the vfork parent. */
enum who { BY_THREAD, BY_LEADER, BY_PROCESS, BY_PARENT };

struct variant {
	const char *name;
	const char *pair; /* WORK/open/<pair>0 is ALLOWED's, <pair>1 FORBIDDEN's */
	enum who who;
	void (*swap)(unsigned int *seed);
	void (*exec)(void);
};

static const struct variant variants[] = {
	{"execve, string swapped by a thread", "p", BY_THREAD, swap_byte, exec_path},
	{"execve from a thread, string swapped by the leader", "p", BY_LEADER, swap_byte, exec_path},
	{"execve, string swapped by another process", "p", BY_PROCESS, swap_byte, exec_path},
	{"execve after vfork, string swapped by the parent", "p", BY_PARENT, swap_byte, exec_path},
	{"execveat with a directory, string swapped", "p", BY_PROCESS, swap_byte, exec_dirfd},
	{"execveat of a descriptor, swapped by dup2", "p", BY_THREAD, swap_fd, exec_fd},
	{"execve, symbolic link swapped", "p", BY_PROCESS, swap_link, exec_link},
	{"execve, parent of the working directory swapped", "p", BY_PROCESS, swap_parent, exec_cwd},
	{"execveat, parent of its directory swapped", "p", BY_PROCESS, swap_parent, exec_moved},
	{"script of a forbidden interpreter, string swapped", "i", BY_PROCESS, swap_byte, exec_path},
	{"script of a forbidden interpreter, descriptor swapped", "i", BY_THREAD, swap_fd, exec_fd},
	{"forbidden script, string swapped", "s", BY_PROCESS, swap_byte, exec_path},
	{"forbidden script, string swapped by a thread", "s", BY_THREAD, swap_byte, exec_path},
	{"forbidden script, descriptor swapped by dup2", "s", BY_THREAD, swap_fd, exec_fd},
	{"program and forbidden script, string swapped", "m", BY_PROCESS, swap_byte, exec_path},
};

static void *swap_for_ever(void *arg)
{
	const struct variant *variant = arg;
	unsigned int seed = getpid();

	for (;;)
		variant->swap(&seed);
	return NULL;
}

static void *exec_once(void *arg)
{
	const struct variant *variant = arg;
	unsigned int seed = getpid() ^ 77;

	pause_some(&seed, 20000);
	variant->exec();
	_exit(111);
}

static void thread_start(void *(*run)(void *), const struct variant *variant)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, (void *)variant))
		_exit(112);
}

static pid_t try_start(const struct variant *variant)
{
	pid_t pid = variant->who == BY_PARENT ? vfork() : fork();

	if (pid)
		return pid;
	if (variant->who == BY_LEADER) {
		thread_start(exec_once, variant);
		swap_for_ever((void *)variant);
	}
	if (variant->who == BY_THREAD)
		thread_start(swap_for_ever, variant);
	if (variant->who == BY_PARENT)
		variant->exec();
	else
		exec_once((void *)variant);
	_exit(111);
}

static void variant_prepare(const struct variant *variant)
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] > 0)
			close(fds[i]);
		/* O_PATH, and not to be closed: an interpreter opens its script through it */
		fds[i] = open(in_work("open/%s%d", variant->pair, i), O_PATH);
		if (fds[i] < 0)
			bail("open");
	}
	snprintf(arena->path, sizeof(arena->path), "%s", in_work("open/%s0", variant->pair));
	arena->flip = arena->path + strlen(arena->path) - 1;
	dup2(fds[0], SWAPPED_FD);
	link_make(in_work("open/p0"), in_work("open/link"));
	effects_clear();
}

/* A script by a descriptor that a thread could change: mode lsm, which does not see what its interpreter reads, refuses
 * the one that is allowed, too. */
static bool only_refused(const struct variant *variant)
{
	return variant->exec == exec_fd && strchr("is", variant->pair[0]) && !getenv("SCRIPT_TEXT");
}

static void variant_run(const struct variant *variant, int tries)
{
	int refused = 0, killed = 0, status;
	pid_t swapper = 0;

	variant_prepare(variant);
	if (variant->who == BY_PROCESS && (swapper = fork()) == 0)
		swap_for_ever((void *)variant);
	for (int i = 0; i < tries; i++) {
		pid_t pid;

		/* on a busy machine the swapper may not get to run at all */
		if (variant->swap == swap_byte)
			*arena->flip = '0' + (i & 1);
		pid = try_start(variant);

		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			bail("try");
		refused += WIFEXITED(status) && WEXITSTATUS(status) == 111;
		killed += WIFSIGNALED(status);
	}
	if (swapper > 0) {
		kill(swapper, SIGKILL);
		waitpid(swapper, NULL, 0);
	}
	tap_ok(!effects("forbidden") && (effects("allowed") || (only_refused(variant) && refused == tries)),
	       "%s: %d tries, allowed ran %ld, refused %d, killed %d, FORBIDDEN ran %ld", variant->name, tries,
	       effects("allowed"), refused, killed, effects("forbidden"));
}

/* The parent of a vfork sleeps while the child executes: another of its threads must swap. */
static void parent_variant_run(const struct variant *variant, int tries)
{
	pid_t pid = fork();

	if (pid == 0) {
		variant_prepare(variant);
		thread_start(swap_for_ever, variant);
		variant_run(variant, tries);
		_exit(tap_failed);
	}
	waitpid(pid, &tap_failed, 0);
	tap_failed = tap_failed != 0;
	tap_count++;
}

static void pairs_make(void)
{
	link_make(allowed, in_work("open/p0"));
	link_make(forbidden, in_work("open/p1"));
	script_write(in_work("open/i0"), allowed, "");
	script_write(in_work("open/i1"), forbidden, "");
	script_write(in_work("open/s0"), allowed, "allowed");
	script_write(in_work("denied-script"), allowed, "forbidden");
	link_make(in_work("denied-script"), in_work("open/s1"));
	mkdir(in_work("open/a"), 0755);
	mkdir(in_work("open/b"), 0755);
	mkdir(in_work("open/a/moved"), 0755);
	link_make(allowed, in_work("open/a/program"));
	link_make(forbidden, in_work("open/b/program"));
	link_make(allowed, in_work("open/m0"));
	link_make(in_work("denied-script"), in_work("open/m1"));
}

int main(int argc, char **argv)
{
	int tries = argc > 4 ? atoi(argv[4]) : 2000;

	if (argc < 4 || tries <= 0) {
		fprintf(stderr, "usage: race ALLOWED FORBIDDEN WORK [TRIES [VARIANT]]\n");
		return 2;
	}
	attack_begin(argv);
	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	base_fd = open(in_work("open"), O_PATH | O_DIRECTORY);
	if (arena == MAP_FAILED || base_fd < 0)
		bail("arena");
	pairs_make();
	moved_fd = open(in_work("open/a/moved"), O_PATH | O_DIRECTORY);
	if (moved_fd < 0)
		bail("open/a/moved");
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		int failed = tap_failed;

		if (argc > 5 && (size_t)atoi(argv[5]) != i)
			continue;
		(variants[i].who == BY_PARENT ? parent_variant_run : variant_run)(&variants[i], tries);
		tap_failed += failed && variants[i].who == BY_PARENT;
	}
	return tap_done();
}
