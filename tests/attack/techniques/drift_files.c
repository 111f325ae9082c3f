/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that was not there when the domain began. The policy restricts no path. WORK/image holds programs that were there
 * before: what a technique changes is laid anew by the harness.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "run.h"
#include "technique.h"

/* A new file for what is forbidden, the very program that was there for what is allowed. */
static const char *fresh(const struct aim *aim)
{
	const char *path = in_work(aim, "open/fresh");

	if (!aim->forbidden)
		return aim->program;
	copy_to(aim->program, path);
	return path;
}

/* A new file for either. */
static const char *copied(const struct aim *aim)
{
	const char *path = in_work(aim, "open/copied");

	copy_to(aim->program, path);
	return path;
}

static void by_new_file(const struct aim *aim)
{
	run(fresh(aim));
}

static void by_new_file_fd(const struct aim *aim)
{
	run_at(open(fresh(aim), O_PATH | O_CLOEXEC), "", AT_EMPTY_PATH);
}

static void by_new_link(const struct aim *aim)
{
	link_make(fresh(aim), in_work(aim, "open/fresh-link"));
	run(in_work(aim, "open/fresh-link"));
}

static void by_new_hard_link(const struct aim *aim)
{
	const char *path = in_work(aim, "open/fresh-name");

	unlink(path);
	need("link", link(copied(aim), path));
	run(path);
}

static void by_old_times(const struct aim *aim)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	need("utimensat", utimensat(AT_FDCWD, copied(aim), times, 0));
	run(in_work(aim, "open/copied"));
}

static const char *image(const struct aim *aim, const char *name)
{
	const char *path = in_work(aim, "image/%s", name);

	need(path, access(path, X_OK));
	return path;
}

static void by_replaced(const struct aim *aim)
{
	const char *path = image(aim, "replaced");

	need("rename", rename(copied(aim), path));
	run(path);
}

static void by_written(const struct aim *aim)
{
	const char *path = image(aim, "written");
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	need("open", fd);
	copy_into(aim->program, fd);
	close(fd);
	run(path);
}

/* No call writes: the pages are changed where they are mapped. */
static void by_mapped_write(const struct aim *aim)
{
	const char *path = image(aim, "mapped");
	int fd = open(path, O_RDWR | O_CLOEXEC), from = open(aim->program, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *map;

	need("open", fd | from);
	need("fstat", fstat(from, &st));
	need_not("the programs differ in size", lseek(fd, 0, SEEK_END) != st.st_size);
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need("mmap", map == MAP_FAILED ? -1 : 0);
	need("read", read(from, map, st.st_size));
	munmap(map, st.st_size);
	close(fd);
	run(path);
}

static void by_memfd(const struct aim *aim)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	need("memfd", fd);
	copy_into(aim->program, fd);
	run_at(fd, "", AT_EMPTY_PATH);
}

static void by_deleted(const struct aim *aim)
{
	const char *path = image(aim, "deleted");
	int fd = open(path, O_PATH | O_CLOEXEC);

	need("open", fd);
	unlink(path);
	run_at(fd, "", AT_EMPTY_PATH);
}

static void by_unnamed(const struct aim *aim)
{
	int fd = open(in_work(aim, "open"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0755), again;

	need("O_TMPFILE", fd);
	copy_into(aim->program, fd);
	again = open(fd_link(fd), O_RDONLY | O_CLOEXEC);
	close(fd);
	run_at(again, "", AT_EMPTY_PATH);
}

static void by_shared_memory(const struct aim *aim)
{
	copy_to(aim->program, "/dev/shm/technique");
	need("/dev/shm", access("/dev/shm/technique", X_OK));
	if (fork() == 0)
		run("/dev/shm/technique");
	usleep(200000);
	unlink("/dev/shm/technique");
}

static void by_tmpfs(const struct aim *aim)
{
	need("unshare", unshare(CLONE_NEWNS));
	need("mount", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	need("mount", mount("none", in_work(aim, "open"), "tmpfs", 0, NULL));
	copy_to(aim->program, in_work(aim, "open/program"));
	run(in_work(aim, "open/program"));
}

static void script_of(const struct aim *aim, const char *path, const char *interpreter)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "#!%.900s\n%s\n", interpreter, aim->forbidden ? "forbidden" : "allowed");
	text_write(path, text, 0755);
}

static void by_script(const struct aim *aim)
{
	script_of(aim, in_work(aim, "open/fresh-script"), aim->allowed);
	run(in_work(aim, "open/fresh-script"));
}

static void by_interpreter(const struct aim *aim)
{
	script_of(aim, in_work(aim, "open/fresh-script"), fresh(aim));
	run(in_work(aim, "open/fresh-script"));
}

/* The clock is set back for the moment that the file is made in: only on a machine of the test's own. */
static void by_clock(const struct aim *aim)
{
	struct timeval now, old;

	need_not("the clock is not the test's", !getenv("OWN_MACHINE"));
	need("gettimeofday", gettimeofday(&now, NULL));
	old = (struct timeval){.tv_sec = now.tv_sec - 100000};
	need("settimeofday", settimeofday(&old, NULL));
	copy_to(aim->program, in_work(aim, "open/fresh"));
	settimeofday(&now, NULL);
	run(in_work(aim, "open/fresh"));
}

#if defined(__x86_64__)
static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
#elif defined(__aarch64__)
static const unsigned char code[] = {0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6}; /* mov w0, #42; ret */
#endif

/* Runs what is mapped there. That it ran is the effect. */
static void code_call(const struct aim *aim, void *map)
{
	need("mmap", map == MAP_FAILED ? -1 : 0);
	if (((int (*)(void))map)() == 42)
		effect_leave(aim);
}

/* A file with that code; for what is allowed, one that was there before. */
static int code_file(const struct aim *aim)
{
	const char *path = aim->forbidden ? in_work(aim, "open/code") : in_work(aim, "image/code");
	int fd;

	if (aim->forbidden) {
		unlink(path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		need("write", write(fd, code, sizeof(code)));
		close(fd);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	need(path, fd);
	return fd;
}

static void by_mmap(const struct aim *aim)
{
	code_call(aim, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, code_file(aim), 0));
}

static void by_mmap_shared(const struct aim *aim)
{
	code_call(aim, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, code_file(aim), 0));
}

static void by_mprotect(const struct aim *aim)
{
	void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, code_file(aim), 0);

	need("mprotect", mprotect(map, 4096, PROT_READ | PROT_EXEC));
	code_call(aim, map);
}

static void by_personality(const struct aim *aim)
{
	int fd = code_file(aim);

	need("personality", personality(READ_IMPLIES_EXEC));
	code_call(aim, mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
}

static void by_mmap_memfd(const struct aim *aim)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	need("memfd", fd);
	need("write", write(fd, code, sizeof(code)));
	code_call(aim, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
}

/* The file is gone again when its code runs. */
static void by_mmap_deleted(const struct aim *aim)
{
	int fd = code_file(aim);

	unlink(in_work(aim, "open/code"));
	code_call(aim, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
}

static void by_mmap_i386(const struct aim *aim)
{
	const unsigned int args[] = {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, code_file(aim), 0};
	long map = call_i386(90, (long)low_memory(args, sizeof(args)), 0, 0, 0, 0);

	need("int 0x80", map);
	code_call(aim, (void *)map);
}

static void by_loader(const struct aim *aim)
{
	const char *loader = image(aim, "ld-linux-x86-64.so.2");

	need("bash", access("/bin/bash", X_OK));
	if (aim->forbidden)
		copy_to("/bin/bash", in_work(aim, "open/bash"));
	execle(loader, loader, aim->forbidden ? in_work(aim, "open/bash") : "/bin/bash", "-c",
	       in_work(aim, "x; printf x >>%s", in_work(aim, "%s", aim->forbidden ? "forbidden" : "allowed")) +
		       strlen(aim->work) + 4,
	       NULL, environ);
}

/* There the times are asked only. Overlay knows what is of the image without. */
#define CLOCK "with CAP_SYS_TIME, which Docker gives nobody, on a root that is no overlay"
#define MAPPED "what is mapped, and not executed, is no system call that this mode watches"

static const struct technique techniques[] = {
	{"new file", by_new_file, SAME, 0, 0},
	{"new file by descriptor", by_new_file_fd, SAME, 0, 0},
	{"link to a new file", by_new_link, SAME, 0, 0},
	{"hard link to a new file", by_new_hard_link, NEVER, 0, 0},
	{"new file with old times", by_old_times, NEVER, 0, 0},
	{"new file made while the clock is set back", by_clock, NEVER, CLOCK, 0},
	{"new file in the place of a program", by_replaced, NEVER, 0, 0},
	{"program written over", by_written, NEVER, 0, 0},
	{"program written over through a mapping", by_mapped_write, NEVER, 0, 0},
	{"program that was deleted", by_deleted, NEVER, 0, 0},
	{"new file: memfd", by_memfd, NEVER, 0, 0},
	{"new file: O_TMPFILE", by_unnamed, NEVER, 0, 0},
	{"new file in /dev/shm", by_shared_memory, NEVER, 0, 0},
	{"new file on a new mount", by_tmpfs, NEVER, 0, 0},
	{"new script", by_script, NEVER, 0, 0},
	{"new interpreter", by_interpreter, NEVER, 0, 0},
	{"new code by mmap", by_mmap, SAME, 0, MAPPED},
	{"new code by mmap, shared", by_mmap_shared, SAME, 0, MAPPED},
	{"new code by mmap and mprotect", by_mprotect, SAME, 0, MAPPED},
	{"new code by mmap under READ_IMPLIES_EXEC", by_personality, SAME, 0, MAPPED},
	{"new code by mmap of a memfd", by_mmap_memfd, NEVER, 0, MAPPED},
	{"new code by mmap of a deleted file", by_mmap_deleted, ANY, 0, MAPPED},
	{"new code by int 0x80 mmap", by_mmap_i386, ANY, 0, 0},
	{"new program run by the dynamic loader", by_loader, ANY, 0, MAPPED},
};

const struct technique_list drift_files = TECHNIQUE_LIST(SECTION_DRIFT, techniques);
