/* SPDX-License-Identifier: BSD-2-Clause */
/* By which name a program is executed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "run.h"
#include "technique.h"

static void by_path(const struct aim *aim)
{
	run(aim->program);
}

static int memory_file(const struct aim *aim)
{
	int fd = memfd_create("open", MFD_CLOEXEC);

	need("memfd", fd);
	copy_into(aim->program, fd);
	return fd;
}

static int deleted_file(const struct aim *aim)
{
	const char *path = in_work(aim, "open/deleted");
	int fd;

	copy_to(aim->program, path);
	fd = open(path, O_PATH | O_CLOEXEC);
	need("open", fd);
	unlink(path);
	return fd;
}

static void by_memfd(const struct aim *aim)
{
	run_at(memory_file(aim), "", AT_EMPTY_PATH);
}

static void by_memfd_link(const struct aim *aim)
{
	run(fd_link(memory_file(aim)));
}

static void by_deleted(const struct aim *aim)
{
	run_at(deleted_file(aim), "", AT_EMPTY_PATH);
}

static void by_deleted_link(const struct aim *aim)
{
	run(fd_link(deleted_file(aim)));
}

/* It never had a name at all. */
static void by_unnamed(const struct aim *aim)
{
	int fd = open(in_work(aim, "open"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0755), again;

	need("O_TMPFILE", fd);
	copy_into(aim->program, fd);
	/* what is open for writing cannot be executed */
	again = open(fd_link(fd), O_RDONLY | O_CLOEXEC);
	close(fd);
	run_at(again, "", AT_EMPTY_PATH);
}

static void by_fd(const struct aim *aim)
{
	run_at(open(aim->program, O_PATH | O_CLOEXEC), "", AT_EMPTY_PATH);
}

static void by_fexecve(const struct aim *aim)
{
	fexecve(open(aim->program, O_RDONLY | O_CLOEXEC), run_args, environ);
}

static void by_fd_link(const struct aim *aim)
{
	run(fd_link(open(aim->program, O_RDONLY | O_CLOEXEC)));
}

static void by_thread_self(const struct aim *aim)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", open(aim->program, O_PATH | O_CLOEXEC));
	run(path);
}

static void by_proc_root(const struct aim *aim)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "/proc/self/root%s", aim->program);
	run(path);
}

static void by_proc_cwd(const struct aim *aim)
{
	link_make(aim->program, "open/cwd");
	run("/proc/self/cwd/open/cwd");
}

static void by_map_files(const struct aim *aim)
{
	int fd = open(aim->program, O_RDONLY | O_CLOEXEC);
	char *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), path[96];
	struct stat st;

	need("mmap", map == MAP_FAILED ? -1 : 0);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)map, (long)map + 4096);
	need(path, stat(path, &st));
	run(path);
}

static void by_symlink(const struct aim *aim)
{
	link_make(aim->program, in_work(aim, "open/symlink"));
	run(in_work(aim, "open/symlink"));
}

static void by_symlinks(const struct aim *aim)
{
	link_make(aim->program, in_work(aim, "open/s1"));
	link_make("s1", in_work(aim, "open/s2"));
	link_make("../open/./s2", in_work(aim, "open/s3"));
	run(in_work(aim, "open/s3"));
}

static void by_directory_link(const struct aim *aim)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", aim->program);
	slash = strrchr(dir, '/');
	*slash = 0;
	link_make(*dir ? dir : "/", in_work(aim, "open/dir"));
	run(in_work(aim, "open/dir/%s", slash + 1));
}

static void by_no_follow(const struct aim *aim)
{
	/* of a file that is no link the flag means nothing */
	run_at(AT_FDCWD, aim->program, AT_SYMLINK_NOFOLLOW);
}

static void by_relative(const struct aim *aim)
{
	need("chdir", chdir("/"));
	run(aim->program + 1);
}

static void by_dots(const struct aim *aim)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "../../../../../../../../../..//.//%s", aim->program);
	run(path);
}

/* Through an allowed directory, and out of it. */
static void by_dots_out(const struct aim *aim)
{
	mkdir(in_work(aim, "hidden"), 0755);
	if (aim->forbidden)
		copy_to(aim->program, in_work(aim, "hidden/out"));
	else
		copy_to(aim->program, in_work(aim, "open/out"));
	run(in_work(aim, aim->forbidden ? "open/../hidden/out" : "hidden/../open/out"));
}

static void by_dirfd(const struct aim *aim)
{
	run_at(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), aim->program + 1, 0);
}

/* Opened where it is allowed, and moved away: it is judged by where it is. */
static void by_moved_directory(const struct aim *aim)
{
	int fd;

	unlink(in_work(aim, "moved/program"));
	rmdir(in_work(aim, "moved"));
	unlink(in_work(aim, "open/moved/program"));
	rmdir(in_work(aim, "open/moved"));
	mkdir(in_work(aim, "open/before"), 0755);
	copy_to(aim->program, in_work(aim, "open/before/program"));
	fd = open(in_work(aim, "open/before"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	need("rename", rename(in_work(aim, "open/before"), in_work(aim, aim->forbidden ? "moved" : "open/moved")));
	run_at(fd, "program", 0);
}

/* The very same file has an allowed name, too; but another was given. */
static void by_hard_link(const struct aim *aim)
{
	copy_to(aim->program, in_work(aim, "open/linked"));
	unlink(in_work(aim, "linked"));
	unlink(in_work(aim, "open/linked2"));
	need("link", link(in_work(aim, "open/linked"), in_work(aim, aim->forbidden ? "linked" : "open/linked2")));
	run(in_work(aim, aim->forbidden ? "linked" : "open/linked2"));
}

static void by_odd_name(const struct aim *aim)
{
	const char *path = in_work(aim, "%so\nd\"d\t\\\xff\xc3\x01 *?[]", aim->forbidden ? "" : "open/");

	copy_to(aim->program, path);
	run(path);
}

/* Where the whole path would be longer than PATH_MAX. */
static void by_deep_directory(const struct aim *aim)
{
	char name[201];

	memset(name, 'd', 200);
	name[200] = 0;
	need("chdir", chdir(in_work(aim, aim->forbidden ? "." : "open")));
	for (int i = 0; i < 30; i++) {
		mkdir(name, 0755);
		need("chdir", chdir(name));
	}
	copy_to(aim->program, "program");
	run("./program");
}

/* In more directories than any bounded walk takes. */
static void by_many_directories(const struct aim *aim)
{
	need("chdir", chdir(in_work(aim, "open")));
	for (int i = 0; i < 600; i++) {
		mkdir("n", 0755);
		need("chdir", chdir("n"));
	}
	/* at its end all is forbidden: from there back out to the program */
	for (int i = 0; i < 600; i++)
		need("chdir", chdir(".."));
	run(aim->program);
}

static void by_spawn(const struct aim *aim)
{
	pid_t pid;

	if (posix_spawn(&pid, aim->program, NULL, NULL, run_args, environ))
		_exit(1);
	end_as(pid);
}

static void script(const char *path, const char *interpreter, const char *effect)
{
	char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "#!%s\n%s\n", interpreter, effect);
	text_write(path, text, 0755);
}

static const char *effect_name(const struct aim *aim)
{
	return aim->forbidden ? "forbidden" : "allowed";
}

static void by_interpreter(const struct aim *aim)
{
	char line[PATH_MAX + 16];

	snprintf(line, sizeof(line), " \t%s", aim->program);
	script(in_work(aim, "open/interpreted"), line, effect_name(aim));
	run(in_work(aim, "open/interpreted"));
}

static void by_relative_interpreter(const struct aim *aim)
{
	char line[PATH_MAX + 16];

	snprintf(line, sizeof(line), ".%s", aim->program);
	script(in_work(aim, "open/interpreted"), line, effect_name(aim));
	need("chdir", chdir("/"));
	run(in_work(aim, "open/interpreted"));
}

static void by_linked_interpreter(const struct aim *aim)
{
	link_make(aim->program, in_work(aim, "open/interpreter"));
	script(in_work(aim, "open/interpreted"), in_work(aim, "open/interpreter"), effect_name(aim));
	run(in_work(aim, "open/interpreted"));
}

static void by_interpreter_chain(const struct aim *aim)
{
	script(in_work(aim, "open/chain0"), aim->program, effect_name(aim));
	script(in_work(aim, "open/chain1"), in_work(aim, "open/chain0"), effect_name(aim));
	script(in_work(aim, "open/chain2"), in_work(aim, "open/chain1"), effect_name(aim));
	run(in_work(aim, "open/chain2"));
}

/* A forbidden script of an allowed interpreter. */
static const char *forbidden_script(const struct aim *aim)
{
	const char *path = in_work(aim, aim->forbidden ? "script" : "open/script");

	script(path, aim->allowed, effect_name(aim));
	return path;
}

static void by_script(const struct aim *aim)
{
	run(forbidden_script(aim));
}

static void by_script_fd(const struct aim *aim)
{
	run_at(open(forbidden_script(aim), O_PATH), "", AT_EMPTY_PATH);
}

static void by_script_link(const struct aim *aim)
{
	link_make(forbidden_script(aim), in_work(aim, "open/scripted"));
	run(in_work(aim, "open/scripted"));
}

static void by_script_memfd(const struct aim *aim)
{
	int fd = memfd_create("open", 0);
	char text[PATH_MAX];

	need("memfd", fd);
	snprintf(text, sizeof(text), "#!%s\n%s\n", aim->allowed, effect_name(aim));
	need("write", write(fd, text, strlen(text)));
	run_at(fd, "", AT_EMPTY_PATH);
}

/* The dynamic loader, told to run a program that is not allowed. The harness lays one there. */
static const char *loader(const struct aim *aim)
{
	const char *path = in_work(aim, "open/ld-linux-x86-64.so.2");

	need("no dynamic loader", access(path, X_OK));
	need("no bash", access("/bin/bash", X_OK));
	return path;
}

static const char *effect_command(const struct aim *aim)
{
	return in_work(aim, "x; printf x >>%s", in_work(aim, "%s", effect_name(aim))) + strlen(aim->work) + 4;
}

static void by_loader(const struct aim *aim)
{
	const char *path = loader(aim);

	execle(path, path, "/bin/bash", "-c", effect_command(aim), NULL, environ);
}

static void by_loader_link(const struct aim *aim)
{
	loader(aim);
	link_make("ld-linux-x86-64.so.2", in_work(aim, "open/innocent"));
	execle(in_work(aim, "open/innocent"), "x", "/bin/bash", "-c", effect_command(aim), NULL, environ);
}

static void by_loader_interpreter(const struct aim *aim)
{
	char line[PATH_MAX];

	snprintf(line, sizeof(line), "%.900s /bin/bash", loader(aim));
	script(in_work(aim, "open/loaded"), line, effect_command(aim));
	run(in_work(aim, "open/loaded"));
}

static const struct technique techniques[] = {
	{"execve", by_path, SAME, 0, 0},
	{"memfd", by_memfd, NEVER, 0, 0},
	{"memfd through /proc/self/fd", by_memfd_link, NEVER, 0, 0},
	{"deleted file", by_deleted, NEVER, 0, 0},
	{"deleted file through /proc/self/fd", by_deleted_link, NEVER, 0, 0},
	{"file without a name (O_TMPFILE)", by_unnamed, NEVER, 0, 0},
	{"O_PATH descriptor (execveat)", by_fd, SAME, 0, 0},
	{"fexecve", by_fexecve, SAME, 0, 0},
	{"/proc/self/fd", by_fd_link, SAME, 0, 0},
	{"/proc/thread-self/fd", by_thread_self, SAME, 0, 0},
	{"/proc/self/root", by_proc_root, SAME, 0, 0},
	{"/proc/self/cwd", by_proc_cwd, SAME, 0, 0},
	{"/proc/self/map_files", by_map_files, SAME, 0, 0},
	{"symbolic link", by_symlink, SAME, 0, 0},
	{"symbolic links, relative, in a row", by_symlinks, SAME, 0, 0},
	{"symbolic link to its directory", by_directory_link, SAME, 0, 0},
	{"AT_SYMLINK_NOFOLLOW", by_no_follow, SAME, 0, 0},
	{"relative path", by_relative, SAME, 0, 0},
	{"dots above the root", by_dots, SAME, 0, 0},
	{"dots out of an allowed directory", by_dots_out, SAME, 0, 0},
	{"directory descriptor", by_dirfd, SAME, 0, 0},
	{"directory renamed after it was opened", by_moved_directory, SAME, 0, 0},
	{"hard link outside of what is allowed", by_hard_link, SAME, 0, 0},
	{"name of odd bytes", by_odd_name, SAME, 0, 0},
	{"path longer than PATH_MAX", by_deep_directory, ANY, 0, 0},
	{"working directory 600 levels deep", by_many_directories, SAME, 0, 0},
	{"posix_spawn", by_spawn, SAME, 0, 0},
	{"interpreter of a script", by_interpreter, SAME, 0, 0},
	{"interpreter named by a relative path", by_relative_interpreter, SAME, 0, 0},
	{"interpreter named by a link", by_linked_interpreter, SAME, 0, 0},
	{"interpreter of an interpreter's interpreter", by_interpreter_chain, SAME, 0, 0},
	{"script of an allowed interpreter", by_script, SAME, 0, 0},
	{"script by descriptor", by_script_fd, SAME, 0, 0},
	{"script by a link", by_script_link, SAME, 0, 0},
	{"script in a memfd", by_script_memfd, NEVER, 0, 0},
	{"dynamic loader as a program", by_loader, NEVER, 0, 0},
	{"dynamic loader by a link of another name", by_loader_link, NEVER, 0, 0},
	{"dynamic loader as an interpreter", by_loader_interpreter, NEVER, 0, 0},
};

const struct technique_list exec_names = TECHNIQUE_LIST(SECTION_EXEC, techniques);
