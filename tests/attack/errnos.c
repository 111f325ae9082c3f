/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errnos ALLOWED FORBIDDEN WORK
 *
 * An exec that fails must fail as without Mantlet: programs look for others by trying. And none of these is a
 * denial: the audit has nothing of them but what is below "refused".
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "attack.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

static char *const args[] = {(char *)"errnos", NULL};

static int exited(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		bail("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The error of an exec that fails; 0 if it does not. */
static int exec_errno(int dirfd, const char *path, int flags)
{
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execveat, dirfd, path, args, environ, flags);
		_exit(errno);
	}
	return exited(pid);
}

static void expect(int error, const char *name, int dirfd, const char *path, int flags)
{
	int got = exec_errno(dirfd, path, flags);

	tap_ok(got == error, "%s: %s%s%s", name, strerror(got), got == error ? "" : ", not ",
	       got == error ? "" : strerror(error));
}

/* A path that ends with its page, before memory that is not there. */
static char *edge_of_memory(const char *text, size_t len)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || munmap(map + page, page))
		bail("mmap");
	return memcpy(map + page - len, text, len);
}

static void paths_of_directories(void)
{
	char name[300], path[PATH_MAX + 2];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	link_make(allowed, in_work("open/program"));
	link_make("loop", in_work("open/loop"));
	link_make("nothing", in_work("open/dangling"));
	file_write(in_work("open/file"), "text\n", 0644);
	expect(ENOENT, "no such file", AT_FDCWD, in_work("open/nothing"), 0);
	expect(ENOENT, "no such directory", AT_FDCWD, in_work("nothing/nothing"), 0);
	expect(ENOENT, "dangling link", AT_FDCWD, in_work("open/dangling"), 0);
	expect(ENOENT, "empty path", AT_FDCWD, "", 0);
	expect(ENOTDIR, "file as a directory", AT_FDCWD, in_work("open/file/x"), 0);
	expect(ENOTDIR, "file with a slash", AT_FDCWD, in_work("open/file/"), 0);
	expect(ENOTDIR, "program with a slash", AT_FDCWD, in_work("open/program/"), 0);
	expect(ELOOP, "link to itself", AT_FDCWD, in_work("open/loop"), 0);
	expect(ELOOP, "link not to be followed", AT_FDCWD, in_work("open/dangling"), AT_SYMLINK_NOFOLLOW);
	expect(ENAMETOOLONG, "long name", AT_FDCWD, in_work("open/%s", name), 0);
	expect(ENAMETOOLONG, "long path", AT_FDCWD, path, 0);
}

static void kinds_of_files(void)
{
	file_write(in_work("open/text"), "no program\n", 0755);
	file_write(in_work("open/none"), "#!/nothing/at/all\n", 0755);
	file_write(in_work("open/blank"), "#!  \n", 0755);
	file_write(in_work("open/plain"), "#!/nothing/at/all\n", 0644);
	file_write(in_work("open/self"), "", 0755);
	script_write(in_work("open/self"), in_work("open/self"), "allowed");
	expect(EACCES, "directory", AT_FDCWD, in_work("open"), 0);
	expect(EACCES, "not executable", AT_FDCWD, in_work("open/plain"), 0);
	expect(EACCES, "device", AT_FDCWD, "/dev/null", 0);
	expect(ENOEXEC, "of no format", AT_FDCWD, in_work("open/text"), 0);
	expect(ENOEXEC, "script without interpreter", AT_FDCWD, in_work("open/blank"), 0);
	expect(ENOENT, "interpreter that is not there", AT_FDCWD, in_work("open/none"), 0);
	expect(ELOOP, "its own interpreter", AT_FDCWD, in_work("open/self"), 0);
}

static void arguments(void)
{
	int closed = open(allowed, O_RDONLY | O_CLOEXEC), file = open(allowed, O_RDONLY);
	int script = open(in_work("open/none"), O_RDONLY | O_CLOEXEC), pipes[2];

	if (pipe(pipes))
		bail("pipe");
	close(closed);
	expect(EFAULT, "path nowhere", AT_FDCWD, NULL, 0);
	expect(EFAULT, "path that runs out of memory", AT_FDCWD, edge_of_memory("/bin", 4), 0);
	expect(EFAULT, "path in the kernel", AT_FDCWD, (char *)-4096L, 0);
	expect(EINVAL, "unknown flag", AT_FDCWD, allowed, 0x40000000);
	expect(EBADF, "closed descriptor", closed, "x", 0);
	expect(EBADF, "closed descriptor itself", closed, "", AT_EMPTY_PATH);
	expect(EBADF, "negative descriptor", -5, "x", 0);
	expect(ENOTDIR, "descriptor that is no directory", file, "x", 0);
	expect(EACCES, "pipe", pipes[0], "", AT_EMPTY_PATH);
	expect(ENOENT, "script that is closed by its exec", script, "", AT_EMPTY_PATH);
	effects_clear();
	expect(0, "path that ends with its page", AT_FDCWD, edge_of_memory(allowed, strlen(allowed) + 1), 0);
	expect(0, "descriptor does not matter to an absolute path", closed, allowed, 0);
	tap_ok(effects("allowed") == 2, "both ran");
}

/* Who may not search a directory does not learn what is in it. */
static void other_user(void)
{
	pid_t pid;

	if (geteuid()) {
		tap_ok(1, "what another user may see # SKIP not root");
		return;
	}
	mkdir(in_work("open/private"), 0700);
	pid = fork();
	if (pid == 0) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(exec_errno(AT_FDCWD, in_work("open/private/nothing"), 0) != EACCES ||
		      exec_errno(AT_FDCWD, in_work("open/nothing"), 0) != ENOENT);
	}
	tap_ok(exited(pid) == 0, "what another user may not see is EACCES");
}

static void refused(void)
{
	int got;

	expect(EACCES, "refused", AT_FDCWD, forbidden, 0);
	got = exec_errno(AT_FDCWD, allowed, AT_EXECVE_CHECK);
	if (got == EINVAL) {
		tap_ok(1, "check only # SKIP this kernel has no AT_EXECVE_CHECK");
		return;
	}
	/* 0: exec_errno()'s child goes on, and its errno with it */
	effects_clear();
	tap_ok(exec_errno(AT_FDCWD, forbidden, AT_EXECVE_CHECK) == EACCES && !effects("forbidden"), "check only");
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: errnos ALLOWED FORBIDDEN WORK\n");
		return 2;
	}
	attack_begin(argv);
	paths_of_directories();
	kinds_of_files();
	arguments();
	other_user();
	refused();
	return tap_done();
}
