/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the daemon do inside of a VM, faster than a shell could. See the table at the end. Effects count: a
 * program ran if it exits with 42; an address was reached if connect() says so; an id was taken if getuid() says so.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RAN 42

extern char **environ;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
		die(path);
}

static void enter(const char *cgroup)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", cgroup);
	put(path, "0");
}

/* Does it run? */
static bool runs(const char *path)
{
	char *argv[] = {"run", NULL};
	int status;
	pid_t pid = vfork();

	if (pid < 0)
		die("vfork");
	if (!pid) {
		execve(path, argv, environ);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == RAN;
}

static bool connects(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	inet_pton(AF_INET, address, &to.sin_addr);
	done = !connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return done;
}

static bool becomes(uid_t uid)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(!syscall(SYS_setresuid, uid, uid, uid) && getuid() == uid ? RAN : 0);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == RAN;
}

/* ---- enter CGROUP PROGRAM ARGV…: runs it there */

static int do_enter(char **argv)
{
	enter(argv[0]);
	execv(argv[1], argv + 2);
	return errno == EACCES ? 126 : 127;
}

/* clone CGROUP PROGRAM ARGV…: made there by clone3(CLONE_INTO_CGROUP) */
static int do_clone(char **argv)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
			set_tid_size, cgroup;
	} args = {.flags = 0x200000000ull, .exit_signal = SIGCHLD};
	char path[256];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", argv[0]);
	args.cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		die("clone3");
	if (!pid) {
		execv(argv[1], argv + 2);
		_exit(errno == EACCES ? 126 : 127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* threads CGROUP PROGRAM: a process of three threads enters, and one that is not its first tries */
static int threads_status;

static void *other_thread(void *arg)
{
	char **argv = arg;

	while (!__atomic_load_n(&threads_status, __ATOMIC_ACQUIRE))
		usleep(1000);
	threads_status = runs(argv[1]) ? RAN : 1;
	return NULL;
}

static int do_threads(char **argv)
{
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, other_thread, argv);
	enter(argv[0]);
	__atomic_store_n(&threads_status, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	return threads_status;
}

/* runtime CGROUP ROOT PROGRAM: as a container engine's runtime does it: enters, executes itself as a memory file,
 * unshares, pivots, and executes the container's program. */
static int do_runtime(char **argv)
{
	char path[64], self[1 << 16];
	char *again[] = {"probe", "runtime2", argv[1], argv[2], NULL};
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), out = memfd_create("runtime", 0);
	ssize_t n;

	while ((n = read(in, self, sizeof(self))) > 0)
		if (write(out, self, n) != n)
			die("memfd");
	enter(argv[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
	close(in);
	in = open(path, O_RDONLY | O_CLOEXEC);
	close(out);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", in);
	execv(path, again);
	return errno == EACCES ? 97 : 96;
}

static int do_runtime2(char **argv)
{
	char *run[] = {"run", NULL};

	if (unshare(CLONE_NEWNS) || syscall(SYS_mount, NULL, "/", NULL, 0x44000 /* private, all */, NULL) ||
	    syscall(SYS_mount, argv[0], argv[0], NULL, 0x5000 /* bind, all */, NULL) || chdir(argv[0]) ||
	    syscall(SYS_pivot_root, ".", ".") || syscall(SYS_umount2, ".", 2) || chdir("/"))
		die("container");
	execv(argv[1], run);
	return errno == EACCES ? 126 : 127;
}

/* ---- hammer CGROUP PROGRAM STOP: tries it until the file STOP is there; tells how often, and how often it ran */

static int do_hammer(char **argv)
{
	unsigned long tries = 0, ran = 0;

	enter(argv[0]);
	do {
		ran += runs(argv[1]);
		tries++;
	} while (tries % 16 || access(argv[2], F_OK));
	printf("tries %lu ran %lu\n", tries, ran);
	return !!ran;
}

/* ---- storm STOP: four tasks in two policies that alternate: some things neither allows, some both do */

static int storm_exec(const char *stop)
{
	unsigned long tries = 0, none = 0, both = 0, a = 0;

	do {
		none += runs("/w/none");
		both += !runs("/w/both");
		a += runs("/w/a");
		tries++;
	} while (access(stop, F_OK));
	printf("exec tries %lu wrongly allowed %lu wrongly denied %lu in between %lu\n", tries, none, both, a);
	return none || both || a == 0 || a == tries;
}

static int storm_connect(const char *stop)
{
	unsigned long tries = 0, none = 0, both = 0, a = 0;

	do {
		none += connects("127.0.0.4");
		both += !connects("127.0.0.3");
		a += connects("127.0.0.1");
		tries++;
		usleep(2000); /* the events of it are as many as those of the others together */
	} while (access(stop, F_OK));
	printf("connect tries %lu wrongly allowed %lu wrongly denied %lu in between %lu\n", tries, none, both, a);
	return none || both || a == 0 || a == tries;
}

static int storm_identity(const char *stop)
{
	unsigned long tries = 0, none = 0, both = 0, a = 0;

	do {
		none += becomes(4);
		both += !becomes(3);
		a += becomes(1);
		tries++;
	} while (access(stop, F_OK));
	printf("identity tries %lu wrongly allowed %lu wrongly denied %lu in between %lu\n", tries, none, both, a);
	return none || both || a == 0 || a == tries;
}

static int do_storm(char **argv)
{
	int (*const task[])(const char *) = {storm_exec, storm_exec, storm_connect, storm_identity};
	int status, failed = 0;

	for (int i = 0; i < 4; i++) {
		if (!fork()) {
			status = task[i](argv[0]);
			fflush(stdout);
			_exit(status);
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	return !!failed;
}

/* ---- reloads N FILE A B: puts A and B in FILE's place by turns and has the daemon reload */

static int ask(const char *request, char *answer, size_t size)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/mantlet/control"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) || write(fd, request, strlen(request)) < 0) {
		close(fd);
		return -1;
	}
	while ((n = read(fd, answer + len, size - 1 - len)) > 0)
		len += n;
	answer[len] = '\0';
	close(fd);
	return 0;
}

static int do_reloads(char **argv)
{
	unsigned long count = strtoul(argv[0], NULL, 10), ok = 0;
	struct timespec begin, end;
	char answer[4096], link_path[256];

	snprintf(link_path, sizeof(link_path), "%s.new", argv[1]);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned long i = 0; i < count; i++) {
		unlink(link_path);
		if (link(argv[2 + i % 2], link_path) || rename(link_path, argv[1]))
			die(argv[1]);
		ok += !ask("reload\n", answer, sizeof(answer)) && strlen(answer) > 3 &&
		      !strcmp(answer + strlen(answer) - 4, "\nok\n");
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("reloads %lu ok %lu, %.1f ms each\n", count, ok,
	       ((end.tv_sec - begin.tv_sec) * 1e3 + (end.tv_nsec - begin.tv_nsec) / 1e6) / count);
	return ok != count;
}

/* ---- kills N SEED MILLISECONDS COMMAND…: starts it, has it reload now and then, and kills it at a random instant */

static unsigned long next_random(unsigned long *state)
{
	*state = *state * 6364136223846793005ul + 1442695040888963407ul;
	return *state >> 33;
}

static int do_kills(char **argv)
{
	unsigned long count = strtoul(argv[0], NULL, 10), state = strtoul(argv[1], NULL, 10);
	unsigned long span = strtoul(argv[2], NULL, 10);
	char answer[4096];

	for (unsigned long i = 0; i < count; i++) {
		pid_t pid = fork(), asker;
		int status;

		if (!pid) {
			execv(argv[3], argv + 3);
			_exit(127);
		}
		asker = fork();
		if (!asker) {
			for (;;)
				usleep(ask("reload\n", answer, sizeof(answer)) ? 3000 : 1000);
		}
		usleep(next_random(&state) % (span * 1000));
		kill(pid, SIGKILL);
		kill(asker, SIGKILL);
		waitpid(asker, &status, 0);
		waitpid(pid, &status, 0);
		if (WIFEXITED(status)) {
			printf("it ended by itself with %d in round %lu\n", WEXITSTATUS(status), i);
			return 1;
		}
	}
	printf("kills %lu\n", count);
	return 0;
}

/* ---- objects: how many BPF programs, maps and links the kernel has */

static unsigned int count_ids(int command)
{
	union bpf_attr attr = {0};
	unsigned int count = 0;

	while (!syscall(SYS_bpf, command, &attr, sizeof(attr))) {
		attr.start_id = attr.next_id;
		count++;
	}
	return count;
}

static int do_objects(char **argv)
{
	(void)argv;
	printf("programs %u maps %u links %u\n", count_ids(BPF_PROG_GET_NEXT_ID), count_ids(BPF_MAP_GET_NEXT_ID),
	       count_ids(BPF_LINK_GET_NEXT_ID));
	return 0;
}

/* ---- word OFFSET VALUE: writes a 32-bit word into the pinned map hosts, so that its programs seem another's */

static int do_word(char **argv)
{
	union bpf_attr attr = {.pathname = (uintptr_t) "/sys/fs/bpf/mantlet/hosts"};
	int fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	unsigned char *memory;
	unsigned int value = strtoul(argv[1], NULL, 0);

	memory = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		die("hosts");
	memcpy(memory + strtoul(argv[0], NULL, 10), &value, sizeof(value));
	return 0;
}

/* ---- fill, unfill, entries: of the pinned map of containers' cgroups; what fills it has no such cgroup */

#define FILLED (1ull << 62)
#define CLOSED 4094

static long cgroups_map(int command, uint64_t *key, void *value)
{
	static int fd;
	union bpf_attr attr = {.pathname = (uintptr_t) "/sys/fs/bpf/mantlet/cgroups"};

	if (!fd && (fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr))) < 0)
		die("cgroups");
	attr = (union bpf_attr){.map_fd = fd, .key = (uintptr_t)key, .value = (uintptr_t)value};
	return syscall(SYS_bpf, command, &attr, sizeof(attr));
}

static int do_fill(char **argv)
{
	uint64_t key = FILLED;
	uint32_t value = CLOSED;

	(void)argv;
	while (!cgroups_map(BPF_MAP_UPDATE_ELEM, &key, &value))
		key++;
	return errno != E2BIG;
}

static int do_unfill(char **argv)
{
	uint64_t key = FILLED;

	(void)argv;
	while (!cgroups_map(BPF_MAP_DELETE_ELEM, &key, NULL))
		key++;
	return 0;
}

static int do_entries(char **argv)
{
	uint64_t key = 0, next;
	unsigned int count = 0;

	(void)argv;
	while (!cgroups_map(BPF_MAP_GET_NEXT_KEY, &key, &next)) {
		key = next;
		count++;
	}
	printf("%u\n", count);
	return 0;
}

/* ---- cgroups make|remove|churn PREFIX N: many of them; churn: each is removed before the next is made */

static int do_cgroups(char **argv)
{
	char path[256];

	for (long i = 0; i < atol(argv[2]); i++) {
		snprintf(path, sizeof(path), "%s%ld", argv[1], i);
		if (argv[0][0] != 'r' && mkdir(path, 0755))
			die(path);
		if (argv[0][0] != 'm' && rmdir(path))
			die(path);
	}
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} modes[] = {
	{"enter", 3, do_enter},     {"clone", 3, do_clone},       {"threads", 2, do_threads},
	{"runtime", 3, do_runtime}, {"runtime2", 2, do_runtime2}, {"hammer", 3, do_hammer},
	{"storm", 1, do_storm},     {"reloads", 4, do_reloads},   {"kills", 4, do_kills},
	{"objects", 0, do_objects}, {"word", 2, do_word},         {"fill", 0, do_fill},
	{"unfill", 0, do_unfill},   {"entries", 0, do_entries},   {"cgroups", 3, do_cgroups},
};

int main(int argc, char **argv)
{
	if (argc && !strcmp(argv[0], "run"))
		return RAN;
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++)
		if (!strcmp(argv[1], modes[i].name) && argc - 2 >= modes[i].args)
			return modes[i].run(argv + 2);
	fputs("usage: see the source\n", stderr);
	return 2;
}
