/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tricks ALLOWED FORBIDDEN WORK [NUMBER]
 *
 * Tricks with how a program is named, and with who executes it. See trick.h.
 */
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "trick.h"

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

	/* no thread can begin while another executes */
	for (int i = 0; i < 16; i++)
		if (pthread_create(&thread, NULL, thread_run, NULL))
			pause();
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
	void *low = mmap(NULL, 2 * PATH_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | 0x40 /* 32BIT */,
			 -1, 0);

	need(low == MAP_FAILED ? -1 : 0);
	return strcpy(low, text);
}

static void by_int80(void)
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(11), "b"(low_string(target)), "c"(0), "d"(0) : "memory");
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

static const struct trick tricks[] = {
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
	{"not dumpable", by_undumpable, SEEN},
	{"another uid", by_nobody, SEEN},
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

int main(int argc, char **argv)
{
	return tricks_main(argc, argv, tricks, sizeof(tricks) / sizeof(tricks[0]));
}
