/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: drift ROOT
 * What a program may try to run or to map code that was not in its container's image: each a case, with one expectation.
 * Runs as root under a policy of "drift": "deny" in a VM, where tests/lsm/drift.inside has laid what is under /w; ROOT is
 * `overlay` if the container's root is one. The program that is run is this one again, by the name `run`: it exits with 42.
 * So a case that ends with 42 did run, or map.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

#define PAGE 4096

static int copy(const char *to)
{
	int fd;

	copy_self(to);
	fd = open(to, O_RDONLY);
	need(fd >= 0);
	return fd;
}

static int memory_file(void)
{
	int fd = memfd_create("code", 0);
	char path[64];

	need(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return copy(path);
}

static int deleted_file(void)
{
	int fd = copy("/w/gone");

	need(!unlink("/w/gone"));
	return fd;
}

/* Exits with RAN if the file can be mapped to be executed, else with errno. */
static void map(int fd, int flags)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, flags, fd, 0);

	_exit(at == MAP_FAILED ? errno : RAN);
}

/* In two steps. */
static void remap(int fd, int flags, int first)
{
	void *at = mmap(NULL, PAGE, first, flags, fd, 0);

	need(at != MAP_FAILED);
	_exit(mprotect(at, PAGE, PROT_READ | PROT_EXEC) ? errno : RAN);
}

static int opened(const char *path)
{
	int fd = open(path, O_RDONLY);

	need(fd >= 0);
	return fd;
}

static void private_namespace(void)
{
	need(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

/* clang-format off */
static void image(void) { run("/w/image"); }
static void made_before(void) { run("/w/before"); }
static void made_now(void) { copy("/w/new"); run("/w/new"); }
static void memory(void) { run_fd(memory_file()); }
static void deleted(void) { run_fd(deleted_file()); }
static void renamed(void) { need(!rename("/w/image-renamed", "/w/renamed")); run("/w/renamed"); }
static void linked(void) { need(!link("/w/image-linked", "/w/linked")); run("/w/linked"); }
static void changed_mode(void) { need(!chmod("/w/image-mode", 0711)); run("/w/image-mode"); }
static void other_mount(void) { run("/w/mount/prog"); }
static void trusted_mount(void) { run("/w/trusted/prog"); }
static void trusted_mount_new(void) { copy("/w/trusted/sub/new"); run("/w/trusted/sub/new"); }
static void beside_trusted(void) { run("/w/trusted-not/prog"); }
static void private_image(void) { private_namespace(); run("/w/image"); }
static void map_image(void) { map(opened("/w/image"), MAP_PRIVATE); }
static void map_before(void) { map(opened("/w/before"), MAP_PRIVATE); }
static void map_new(void) { map(copy("/w/new-map"), MAP_PRIVATE); }
static void map_new_shared(void) { map(copy("/w/new-shared"), MAP_SHARED); }
static void map_memory(void) { map(memory_file(), MAP_PRIVATE); }
static void map_memory_shared(void) { map(memory_file(), MAP_SHARED); }
static void map_deleted(void) { map(deleted_file(), MAP_PRIVATE); }
static void map_mount(void) { map(opened("/w/mount/prog"), MAP_PRIVATE); }
static void map_trusted(void) { map(opened("/w/trusted/prog"), MAP_PRIVATE); }
static void map_zero(void) { map(opened("/dev/zero"), MAP_PRIVATE); }
static void map_anonymous(void) { map(-1, MAP_PRIVATE | MAP_ANONYMOUS); }
static void remap_image(void) { remap(opened("/w/image"), MAP_PRIVATE, PROT_READ); }
static void remap_before(void) { remap(opened("/w/before"), MAP_PRIVATE, PROT_READ); }
static void remap_new(void) { remap(copy("/w/new-remap"), MAP_PRIVATE, PROT_READ); }
static void remap_new_shared(void) { remap(copy("/w/new-remap2"), MAP_SHARED, PROT_READ); }
static void remap_new_none(void) { remap(copy("/w/new-remap3"), MAP_PRIVATE, PROT_NONE); }
static void remap_memory(void) { remap(memory_file(), MAP_PRIVATE, PROT_READ); }
static void remap_anonymous(void) { remap(-1, MAP_PRIVATE | MAP_ANONYMOUS, PROT_READ | PROT_WRITE); }
static void remap_shared_anonymous(void) { remap(-1, MAP_SHARED | MAP_ANONYMOUS, PROT_READ | PROT_WRITE); }
/* clang-format on */

static void written(void)
{
	int fd = open("/w/image-written", O_WRONLY | O_APPEND);

	need(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
	run("/w/image-written");
}

static void dated_back(void)
{
	const struct timespec past[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	copy("/w/dated");
	need(!utimensat(AT_FDCWD, "/w/dated", past, 0));
	run("/w/dated");
}

static void script(void)
{
	int fd = open("/w/script", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	need(fd >= 0 && dprintf(fd, "#!/w/image\n") > 0);
	close(fd);
	run("/w/script");
}

static void interpreter(void)
{
	copy("/w/new-interpreter");
	run("/w/image-script"); /* which names that */
}

static void private_bind(void)
{
	private_namespace();
	copy("/w/new-bound");
	need(!mount("/w/new-bound", "/w/image", NULL, MS_BIND, NULL));
	run("/w/image");
}

static void private_tmpfs(void)
{
	private_namespace();
	need(!mount("none", "/w/empty", "tmpfs", 0, NULL));
	copy("/w/empty/prog");
	run("/w/empty/prog");
}

/* A mount point that is trusted, but not in this namespace's words. */
static void private_trusted(void)
{
	private_namespace();
	need(!mount("none", "/w/trusted", "tmpfs", 0, NULL));
	copy("/w/trusted/prog");
	run("/w/trusted/prog");
}

/* An overlay of one's own, in which what is new is a lower file. */
static void private_overlay(void)
{
	private_namespace();
	need(!mount("none", "/w/empty", "tmpfs", 0, NULL));
	mkdir("/w/empty/low", 0755);
	mkdir("/w/empty/lower", 0755);
	mkdir("/w/empty/merged", 0755);
	copy("/w/empty/low/prog");
	need(!mount("none", "/w/empty/merged", "overlay", 0, "lowerdir=/w/empty/low:/w/empty/lower"));
	run("/w/empty/merged/prog");
}

static void read_implies_exec(void)
{
	int fd = copy("/w/new-personality");
	void *at;

	need(personality(READ_IMPLIES_EXEC) != -1);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	_exit(at == MAP_FAILED ? errno : RAN);
}

static void shared_memory(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700);
	void *at;

	need(id >= 0);
	at = shmat(id, NULL, SHM_EXEC);
	shmctl(id, IPC_RMID, NULL);
	_exit(at == (void *)-1 ? errno : RAN);
}

#define LOWER -1 /* runs, unless the root is an overlay: there it is in the upper layer */

/* clang-format off */
static const struct case_of cases[] = {
	{"a program of the image", image, RAN},
	{"one that was there before the start", made_before, LOWER},
	{"a new program", made_now, EACCES},
	{"a memory file", memory, EACCES},
	{"a deleted file", deleted, EACCES},
	{"a program of the image, renamed", renamed, EACCES},
	{"a program of the image, by a new link", linked, EACCES},
	{"a program of the image, written to", written, EACCES},
	{"a program of the image, with another mode", changed_mode, EACCES},
	{"a new program, dated back", dated_back, EACCES},
	{"a new script", script, EACCES},
	{"a script with a new interpreter", interpreter, EACCES},
	{"another mount", other_mount, EACCES},
	{"a trusted mount", trusted_mount, RAN},
	{"a trusted mount: a new program", trusted_mount_new, RAN},
	{"a mount with a name that a trusted one begins", beside_trusted, EACCES},
	{"private namespace: a program of the image", private_image, RAN},
	{"private namespace: a new file bound over one of the image", private_bind, EACCES},
	{"private namespace: a new file system", private_tmpfs, EACCES},
	{"private namespace: a new file system over a trusted mount", private_trusted, EACCES},
	{"private namespace: an overlay of new files", private_overlay, EACCES},
	{"map: the image", map_image, RAN},
	{"map: what was there before the start", map_before, LOWER},
	{"map: a new file", map_new, EACCES},
	{"map: a new file, shared", map_new_shared, EACCES},
	{"map: a memory file", map_memory, EACCES},
	{"map: a memory file, shared", map_memory_shared, EACCES},
	{"map: a deleted file", map_deleted, EACCES},
	{"map: another mount", map_mount, EACCES},
	{"map: a trusted mount", map_trusted, RAN},
	{"map: a new file, to be read, where that is to execute", read_implies_exec, EACCES},
	{"map: anonymous memory", map_anonymous, RAN},
	{"map: /dev/zero", map_zero, RAN},
	{"mprotect: the image", remap_image, RAN},
	{"mprotect: what was there before the start", remap_before, LOWER},
	{"mprotect: a new file", remap_new, EACCES},
	{"mprotect: a new file, shared", remap_new_shared, EACCES},
	{"mprotect: a new file, of which nothing could be read", remap_new_none, EACCES},
	{"mprotect: a memory file", remap_memory, EACCES},
	{"mprotect: anonymous memory", remap_anonymous, RAN},
	{"mprotect: shared anonymous memory", remap_shared_anonymous, RAN},
	{"shmat to be executed", shared_memory, RAN},
};
/* clang-format on */

#define CASES (sizeof(cases) / sizeof(*cases))

int main(int argc, char **argv)
{
	bool overlay = argc > 1 && !strcmp(argv[1], "overlay");
	int failed = 0;

	if (argc < 2)
		return RAN;
	printf("1..%zu\n", CASES);
	for (size_t i = 0; i < CASES; i++) {
		int wanted = cases[i].expected != LOWER ? cases[i].expected : overlay ? EACCES : RAN;

		failed |= !case_try(i + 1, &cases[i], wanted);
	}
	return failed;
}
