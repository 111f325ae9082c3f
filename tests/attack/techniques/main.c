/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * techniques bare|lsm|seccomp ALLOWED FORBIDDEN WORK [SECTION…]   tries them (of these sections; TAP)
 * techniques --table                                            the table of the documentation
 * techniques race WORK TRIES [SECTION…]                         see races.c (TAP)
 * techniques watch WORK                                         see watch.c; has to run before
 *
 * `bare`, without Mantlet, is the control: each technique must have its effect. What cannot be tried on the machine at
 * all is noted in WORK/control, and is skipped by what is run later, in a domain whose policy allows of programs
 * ALLOWED, this one and WORK/open/.., of addresses those of port PORT_ALLOWED at 127.0.0.1 and ::1, and all ids but
 * ID_FORBIDDEN. $ONLY: those whose name contains it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"
#include "technique.h"

static const struct technique_list *const lists[] = {
	&exec_names,     &exec_tasks,    &exec_places,    &connect_calls, &connect_sockets, &connect_ways,
	&identity_calls, &identity_gids, &identity_execs, &drift_files,   &domain_ways,
};

#define LISTS (sizeof(lists) / sizeof(lists[0]))

static const char *const section_names[SECTIONS] = {"exec", "connect", "identity", "identity.gid", "drift", "domain"};

unsigned int sections_of(char **names)
{
	unsigned int sections = 0;

	if (!*names)
		return ~0u;
	for (; *names; names++)
		for (int section = 0; section < SECTIONS; section++)
			if (!strcmp(*names, section_names[section]))
				sections |= 1u << section;
	return sections;
}

enum mode { MODE_BARE, MODE_LSM, MODE_SECCOMP };

struct runner {
	enum mode mode;
	char **argv; /* ALLOWED FORBIDDEN WORK */
	unsigned int sections;
	int count, failed;
	char reason[256]; /* why the last one could not be tried */
};

__attribute__((format(printf, 3, 4))) static void tell(struct runner *runner, bool ok, const char *format, ...)
{
	va_list args;

	runner->failed += !ok;
	printf("%sok %d - ", ok ? "" : "not ", ++runner->count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void aim_make(const struct runner *runner, bool forbidden, struct aim *aim)
{
	const in_port_t port = htons(forbidden ? PORT_FORBIDDEN : PORT_ALLOWED);

	*aim = (struct aim){
		.forbidden = forbidden,
		.allowed = runner->argv[0],
		.other = runner->argv[1],
		.program = runner->argv[forbidden],
		.work = runner->argv[2],
		.in4 = {.sin_family = AF_INET, .sin_port = port},
		.address = {.sin_family = AF_INET, .sin_port = htons(PORT_ALLOWED)},
		.in6 = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_loopback},
		.mapped = {.sin6_family = AF_INET6, .sin6_port = port},
		.id = forbidden ? ID_FORBIDDEN : ID_ALLOWED,
		.guard = getppid(),
	};
	aim->in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	aim->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + forbidden);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &aim->mapped.sin6_addr);
}

__attribute__((noreturn)) static void child_run(const struct technique *technique, const struct aim *aim, int reason)
{
	setpgid(0, 0);
	alarm(20);
	if (chdir(aim->work) || dup2(reason, STDERR_FILENO) < 0)
		_exit(1);
	technique->run(aim);
	/* what it is now can be looked at until we are killed */
	raise(SIGSTOP);
	_exit(0);
}

static void reason_read(struct runner *runner, int fd)
{
	ssize_t got = read(fd, runner->reason, sizeof(runner->reason) - 1);

	runner->reason[got > 0 ? got : 0] = 0;
	for (char *c = runner->reason; *c; c++)
		*c = *c == '\n' || *c == '#' ? ' ' : *c;
}

/* The effect that it has; -1 if it could not be tried. */
static long technique_try(struct runner *runner, enum section section, const struct technique *technique,
			  bool forbidden)
{
	int reason[2], status;
	struct aim aim;
	long effect;
	pid_t pid;

	aim_make(runner, forbidden, &aim);
	observe_clear(&aim, section);
	if (pipe2(reason, O_CLOEXEC | O_NONBLOCK))
		return -1;
	pid = fork();
	if (pid == 0)
		child_run(technique, &aim, reason[1]);
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid) {
		printf("Bail out! %s: %s\n", technique->name, strerror(errno));
		exit(2);
	}
	effect = observe_count(&aim, section);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	if (WIFSTOPPED(status))
		waitpid(pid, NULL, 0);
	reason_read(runner, reason[0]);
	close(reason[0]);
	close(reason[1]);
	return !effect && WIFEXITED(status) && WEXITSTATUS(status) == TECHNIQUE_CANNOT ? -1 : effect;
}

/* Without Mantlet. */
static void control_run(struct runner *runner, enum section section, const struct technique *technique, FILE *control)
{
	const char *name = section_names[section];
	long effect = technique_try(runner, section, technique, true);

	if (effect < 0) {
		fprintf(control, "%s: %s\t%s\n", name, technique->name, runner->reason);
		tell(runner, true, "%s: %s # SKIP cannot be tried here at all: %s", name, technique->name,
		     runner->reason);
		return;
	}
	tell(runner, effect > 0, "%s: %s: has its effect without Mantlet", name, technique->name);
}

/* Whether the control could not try it either. The reason is in runner->reason then. */
static bool control_missing(struct runner *runner, enum section section, const struct technique *technique)
{
	char path[PATH_MAX], line[1024], key[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/control", runner->argv[2]);
	snprintf(key, sizeof(key), "%s: %s\t", section_names[section], technique->name);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, key, strlen(key));
	if (file)
		fclose(file);
	if (found) {
		line[strcspn(line, "\n")] = 0;
		snprintf(runner->reason, sizeof(runner->reason), "%.200s", line + strlen(key));
	}
	return found;
}

static const char *note_of(const struct technique *technique, enum mode mode)
{
	return mode == MODE_LSM ? technique->lsm : technique->seccomp;
}

/* Whether what is allowed fared as it should. */
static bool allowed_right(const struct technique *technique, long effect)
{
	switch (technique->allowed) {
	case SAME:
		return effect > 0;
	case SEEN:
		return getenv("NO_SYS_PTRACE") ? effect <= 0 : effect > 0;
	case NEVER:
		return effect <= 0;
	case ANY:
		break;
	}
	return true;
}

static const char *const allowed_words[] = {
	[SAME] = "", [NEVER] = " (is to have none)", [ANY] = " (not tried)", [SEEN] = ""};

static void guarded_run(struct runner *runner, enum section section, const struct technique *technique)
{
	const char *name = section_names[section], *note = note_of(technique, runner->mode);
	char reason[sizeof(runner->reason)];
	long forbidden, allowed;

	if (control_missing(runner, section, technique)) {
		tell(runner, true, "%s: %s # SKIP cannot be tried here at all: %s", name, technique->name,
		     runner->reason);
		return;
	}
	forbidden = technique_try(runner, section, technique, true);
	if (note) {
		tell(runner, true, "%s: %s: %s: %s", name, technique->name,
		     forbidden > 0 ? "has its effect, as documented" : "no effect here; documented", note);
		return;
	}
	snprintf(reason, sizeof(reason), "%s", runner->reason);
	allowed = technique->allowed == ANY ? 0 : technique_try(runner, section, technique, false);
	tell(runner, forbidden <= 0 && allowed_right(technique, allowed),
	     "%s: %s: %ld effects; what is allowed: %ld%s%s%s", name, technique->name, forbidden > 0 ? forbidden : 0,
	     allowed, allowed_words[technique->allowed], *reason ? "; " : "", reason);
}

static bool wanted(const struct runner *runner, enum section section, const struct technique *technique)
{
	const char *only = getenv("ONLY");

	return runner->sections & 1u << section && (!only || strstr(technique->name, only));
}

static int run_all(struct runner *runner)
{
	FILE *control = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/control", runner->argv[2]);
	if (runner->mode == MODE_BARE && !(control = fopen(path, "we"))) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		return 2;
	}
	for (size_t i = 0; i < LISTS; i++)
		for (size_t j = 0; j < lists[i]->count; j++) {
			const struct technique *technique = &lists[i]->techniques[j];

			if (!wanted(runner, lists[i]->section, technique))
				continue;
			if (control)
				control_run(runner, lists[i]->section, technique, control);
			else
				guarded_run(runner, lists[i]->section, technique);
		}
	if (control)
		fclose(control);
	printf("1..%d\n", runner->count);
	return runner->failed > 0;
}

static void row_print(enum section section, const struct technique *technique)
{
	printf("| %s | %s | %s | %s |\n", technique->name, section_names[section],
	       technique->lsm ? technique->lsm : "held", technique->seccomp ? technique->seccomp : "held");
}

static int table_print(void)
{
	printf("| technique | aims at | LSM mode | seccomp mode |\n|---|---|---|---|\n");
	for (size_t i = 0; i < LISTS; i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			row_print(lists[i]->section, &lists[i]->techniques[j]);
	return 0;
}

/* Leaves the effect if it has gained an identity or a capability by the exec. */
static int gained_main(const char *effect)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	int fd;

	if (syscall(SYS_capget, &header, data) || (geteuid() && !data[0].effective))
		return 1;
	fd = open(effect, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 || write(fd, "x", 1) != 1;
}

int main(int argc, char **argv)
{
	static const char *const modes[] = {"bare", "lsm", "seccomp"};
	struct runner runner = {.argv = argv + 2};
	char open_dir[PATH_MAX];

	if (argc == 2 && !strcmp(argv[1], "--table"))
		return table_print();
	if (argc > 1 && !strcmp(argv[1], "stop")) /* may be a set-id program: just to be looked at */
		return raise(SIGSTOP);
	if (argc == 3 && !strcmp(argv[1], "gained"))
		return gained_main(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "watch"))
		return watch_main(argv[2]);
	if (argc >= 4 && !strcmp(argv[1], "race") && atoi(argv[3]) > 0)
		return races_main(argv[2], atoi(argv[3]), sections_of(argv + 4), getenv("ONLY"));
	if (argc == 3 && !strcmp(argv[1], "regrouped"))
		return regrouped_main(argv[2]);
	while (argc > 1 && runner.mode < 3 && strcmp(argv[1], modes[runner.mode]))
		runner.mode++;
	if (argc < 5 || runner.mode == 3) {
		fprintf(stderr, "usage: techniques bare|lsm|seccomp ALLOWED FORBIDDEN WORK [SECTION…] | --table | "
				"watch WORK\n");
		return 2;
	}
	setenv("EFFECT_DIR", argv[4], 1);
	snprintf(open_dir, sizeof(open_dir), "%s/open", argv[4]);
	mkdir(open_dir, 0755);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	runner.sections = sections_of(argv + 5);
	return run_all(&runner);
}
