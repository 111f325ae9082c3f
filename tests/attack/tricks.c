/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tricks ALLOWED FORBIDDEN WORK [NUMBER]
 *
 * One technique a test: FORBIDDEN must not run by it, and what is allowed must run by the same. Each is tried
 * in a child of its own, and judged by what ran and not by what the call returned.
 */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "attack.h"

#define CANNOT 113 /* the exit code of a trick that could not be tried */

static char *const args[] = {(char *)"tricks", NULL};
static const char *target; /* FORBIDDEN, or ALLOWED for the control */

static void run(const char *path)
{
	execve(path, args, environ);
}

static void run_at(int dirfd, const char *path, int flags)
{
	syscall(SYS_execveat, dirfd, path, args, environ, flags);
}

static void need(int done)
{
	if (done < 0)
		_exit(CANNOT);
}

static void copy(const char *from, int to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	need(in);
	while ((got = read(in, buf, sizeof(buf))) > 0)
		need(write(to, buf, got) == got ? 0 : -1);
	close(in);
}

static int memfd(void)
{
	int fd = memfd_create("open", MFD_CLOEXEC);

	need(fd);
	copy(target, fd);
	return fd;
}

static int deleted(void)
{
	const char *path = in_work("open/deleted");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	need(fd);
	copy(target, fd);
	close(fd);
	fd = open(path, O_PATH | O_CLOEXEC);
	need(fd);
	unlink(path);
	return fd;
}

static const char *fd_link(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void by_path(void)
{
	run(target);
}

static void by_memfd(void)
{
	run_at(memfd(), "", AT_EMPTY_PATH);
}

static void by_memfd_link(void)
{
	run(fd_link(memfd()));
}

static void by_deleted(void)
{
	run_at(deleted(), "", AT_EMPTY_PATH);
}

static void by_deleted_link(void)
{
	run(fd_link(deleted()));
}

static void by_fd(void)
{
	run_at(open(target, O_PATH | O_CLOEXEC), "", AT_EMPTY_PATH);
}

static void by_fd_link(void)
{
	run(fd_link(open(target, O_RDONLY | O_CLOEXEC)));
}

static void by_thread_self(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", open(target, O_PATH | O_CLOEXEC));
	run(path);
}

static void by_proc_root(void)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "/proc/self/root%s", target);
	run(path);
}

static void by_proc_cwd(void)
{
	need(chdir(work));
	link_make(target, "open/cwd");
	run("/proc/self/cwd/open/cwd");
}

static void by_symlink(void)
{
	link_make(target, in_work("open/symlink"));
	run(in_work("open/symlink"));
}

static void by_symlinks(void)
{
	link_make(target, in_work("open/s1"));
	link_make("s1", in_work("open/s2"));
	link_make("../open/./s2", in_work("open/s3"));
	run(in_work("open/s3"));
}

static void by_directory_link(void)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", target);
	slash = strrchr(dir, '/');
	*slash = 0;
	link_make(*dir ? dir : "/", in_work("open/dir"));
	run(in_work("open/dir/%s", slash + 1));
}

static void by_relative(void)
{
	need(chdir("/"));
	run(target + 1);
}

static void by_dots(void)
{
	char path[PATH_MAX];

	need(chdir(work));
	snprintf(path, sizeof(path), "../../../../../../../../../..//.//%s", target);
	run(path);
}

static void by_dirfd(void)
{
	run_at(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), target + 1, 0);
}

static void by_vfork(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		run(target);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void *thread_run(void *unused)
{
	(void)unused;
	run(target);
	_exit(errno);
}

static void by_thread(void)
{
	pthread_t thread;

	need(-pthread_create(&thread, NULL, thread_run, NULL));
	for (;;)
		pause();
}

static void by_many_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 16; i++)
		need(-pthread_create(&thread, NULL, thread_run, NULL));
	thread_run(NULL);
}

static void by_orphan(void)
{
	int pipe_fd[2];
	char end;

	need(pipe(pipe_fd));
	if (fork() == 0) {
		if (fork() == 0) {
			setsid();
			run(target); /* the pipe is closed by its end */
			_exit(1);
		}
		_exit(0);
	}
	close(pipe_fd[1]);
	read(pipe_fd[0], &end, 1);
	_exit(0);
}

static void by_undumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	run(target);
}

static void by_nobody(void)
{
	need(chmod(work, 0777));
	need(setgroups(0, NULL));
	need(setresgid(65534, 65534, 65534));
	need(setresuid(65534, 65534, 65534));
	run(target);
}

static void by_pid_namespace(void)
{
	int status;
	pid_t pid;

	need(unshare(CLONE_NEWPID));
	pid = fork();
	if (pid == 0) {
		run(target);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void by_pid_namespace_self(void)
{
	int status;
	pid_t pid;

	need(unshare(CLONE_NEWPID | CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	pid = fork();
	if (pid == 0) {
		need(mount("proc", "/proc", "proc", 0, NULL));
		by_fd_link();
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void by_mount_namespace(void)
{
	need(unshare(CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	run(target);
}

/* The control is an allowed file over an allowed one. */
static void by_private_bind(void)
{
	need(unshare(CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	need(mount(target, allowed, NULL, MS_BIND, NULL));
	run(allowed);
}

static void by_user_namespace_bind(void)
{
	need(unshare(CLONE_NEWUSER | CLONE_NEWNS));
	need(mount(target, allowed, NULL, MS_BIND, NULL));
	run(allowed);
}

/* WORK/jail holds a copy of FORBIDDEN, under the very name of ALLOWED. */
static void by_chroot(void)
{
	char path[2 * PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s%s", in_work("jail"), allowed);
	for (char *at = path + strlen(work) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = 0;
		mkdir(path, 0755);
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	need(fd);
	copy(target, fd);
	close(fd);
	/* the effect would have to be seen from in there */
	need(mkdir(in_work("jail/effect"), 0777) < 0 && errno != EEXIST ? -1 : 0);
	setenv("EFFECT_DIR", "/effect", 1);
	need(chroot(in_work("jail")));
	need(chdir("/"));
	run(allowed);
}

static void script(const char *name, const char *first_line)
{
	char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "%s\n%s\n", first_line, target == forbidden ? "forbidden" : "allowed");
	file_write(in_work("open/%s", name), text, 0755);
}

static void by_interpreter(void)
{
	char line[PATH_MAX + 16];

	snprintf(line, sizeof(line), "#! \t%s", target);
	script("interpreted", line);
	run(in_work("open/interpreted"));
}

static void by_relative_interpreter(void)
{
	char line[PATH_MAX + 16];

	snprintf(line, sizeof(line), "#!.%s", target);
	script("interpreted", line);
	need(chdir("/"));
	run(in_work("open/interpreted"));
}

static void by_interpreter_chain(void)
{
	char line[PATH_MAX + 16];

	snprintf(line, sizeof(line), "#!%s", target);
	script("chain0", line);
	snprintf(line, sizeof(line), "#!%s", in_work("open/chain0"));
	script("chain1", line);
	snprintf(line, sizeof(line), "#!%s", in_work("open/chain1"));
	script("chain2", line);
	run(in_work("open/chain2"));
}

/* A forbidden script of an allowed interpreter. */
static void by_script(void)
{
	const char *path = in_work(target == forbidden ? "script" : "open/script");

	script_write(path, allowed, target == forbidden ? "forbidden" : "allowed");
	run(path);
}

static void by_script_fd(void)
{
	const char *path = in_work(target == forbidden ? "script" : "open/script");

	script_write(path, allowed, target == forbidden ? "forbidden" : "allowed");
	run_at(open(path, O_PATH), "", AT_EMPTY_PATH);
}

static void by_no_follow(void)
{
	link_make(target, in_work("open/symlink"));
	run_at(AT_FDCWD, in_work("open/symlink"), AT_SYMLINK_NOFOLLOW);
}

/* The tracer rewrites the path at the call's entry. */
static void by_tracer(void)
{
	int status;
	char *path = mmap(NULL, PATH_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	strcpy(path, allowed);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		run(path);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	for (int stops = 0; stops < 1000 && WIFSTOPPED(status); stops++) {
		strcpy(path, stops & 1 ? target : allowed);
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	_exit(0);
}

static void *low_string(const char *text)
{
	void *low = mmap(NULL, 2 * PATH_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | 0x40 /* 32BIT */, -1, 0);

	need(low == MAP_FAILED ? -1 : 0);
	return strcpy(low, text);
}

static void by_int80(void)
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(11), "b"(low_string(target)), "c"(0), "d"(0)
			 : "memory");
	_exit(ret < 0 ? -ret : 0);
#else
	(void)low_string;
	_exit(CANNOT);
#endif
}

static void by_x32(void)
{
#ifdef __x86_64__
	syscall(0x40000000 | 520, low_string(target), NULL, NULL);
	_exit(errno);
#else
	_exit(CANNOT);
#endif
}

/* Signals stop and continue it while it executes; it must get there all the same. */
static void by_stopped(void)
{
	for (int i = 0; i < 50; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			run(target);
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
	_exit(0);
}

enum expect {
	BOTH,  /* FORBIDDEN does not run, ALLOWED does */
	NEVER, /* neither runs */
	ANY,   /* FORBIDDEN does not; of ALLOWED it depends on the mode */
};

static const struct trick {
	const char *name;
	void (*run)(void);
	enum expect expect;
} tricks[] = {
	{"execve", by_path, BOTH},
	{"memfd", by_memfd, NEVER},
	{"memfd through /proc/self/fd", by_memfd_link, NEVER},
	{"deleted file", by_deleted, NEVER},
	{"deleted file through /proc/self/fd", by_deleted_link, NEVER},
	{"descriptor", by_fd, BOTH},
	{"/proc/self/fd", by_fd_link, BOTH},
	{"/proc/thread-self/fd", by_thread_self, BOTH},
	{"/proc/self/root", by_proc_root, BOTH},
	{"/proc/self/cwd", by_proc_cwd, BOTH},
	{"symbolic link", by_symlink, BOTH},
	{"symbolic links, relative, in a row", by_symlinks, BOTH},
	{"symbolic link to its directory", by_directory_link, BOTH},
	{"symbolic link that is not to be followed", by_no_follow, NEVER},
	{"relative path", by_relative, BOTH},
	{"dots above the root", by_dots, BOTH},
	{"directory descriptor", by_dirfd, BOTH},
	{"vfork", by_vfork, BOTH},
	{"thread", by_thread, BOTH},
	{"seventeen threads at once", by_many_threads, BOTH},
	{"orphan in a session of its own", by_orphan, BOTH},
	{"not dumpable", by_undumpable, BOTH},
	{"another uid", by_nobody, BOTH},
	{"pid namespace", by_pid_namespace, BOTH},
	{"pid namespace's /proc/self/fd", by_pid_namespace_self, BOTH},
	{"mount namespace", by_mount_namespace, BOTH},
	{"bind mount in a mount namespace", by_private_bind, BOTH},
	{"bind mount in a user namespace", by_user_namespace_bind, ANY},
	{"copy in a chroot", by_chroot, NEVER},
	{"interpreter", by_interpreter, BOTH},
	{"interpreter, relative", by_relative_interpreter, BOTH},
	{"interpreter of an interpreter's interpreter", by_interpreter_chain, BOTH},
	{"script", by_script, BOTH},
	{"script by descriptor", by_script_fd, BOTH},
	{"tracer that rewrites the path", by_tracer, ANY},
	{"int 0x80", by_int80, ANY},
	{"x32", by_x32, ANY},
	{"stopped while it executes", by_stopped, BOTH},
};

/* Its exit code, or 128 + the signal. */
static int trick_try(const struct trick *trick, const char *on)
{
	int status;
	pid_t pid;

	effects_clear();
	unlink(in_work("jail/effect/allowed"));
	unlink(in_work("jail/effect/forbidden"));
	target = on;
	pid = fork();
	if (pid == 0) {
		trick->run();
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail(trick->name);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void trick_run(const struct trick *trick)
{
	int code = trick_try(trick, forbidden);
	long ran = effects("forbidden") + effects("jail/effect/forbidden");

	if (code == CANNOT) {
		tap_ok(1, "%s # SKIP it takes a privilege that is not there", trick->name);
		return;
	}
	tap_ok(!ran, "%s: forbidden ran %ld (exit %d)", trick->name, ran, code);
	if (trick->expect == ANY)
		return;
	code = trick_try(trick, allowed);
	ran = effects("allowed") + effects("jail/effect/allowed");
	tap_ok(!ran == (trick->expect == NEVER), "%s: allowed ran %ld (exit %d)", trick->name, ran, code);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: tricks ALLOWED FORBIDDEN WORK [NUMBER]\n");
		return 2;
	}
	attack_begin(argv);
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++)
		if (argc == 4 || (size_t)atoi(argv[4]) == i)
			trick_run(&tricks[i]);
	return tap_done();
}
