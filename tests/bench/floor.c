/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: floor PROGRAMS EMPTY UNUSED CMD OPERATION…
 * Puts an empty program (the object EMPTY) on each hook that the programs of the object PROGRAMS are for, but those in
 * UNUSED (",HOOK,HOOK,…,"): what any tool pays that has those hooks. Counts how many programs each OPERATION starts (`CMD do OPERATION N`), and prints it: `hooks
 * OPERATION COUNT`. Then they stay until a line comes in: who measures has to be no child of this one, which has more
 * descriptors and memory than others, and so a dearer fork.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define HOOKS 32
#define COUNTED 100 /* operations, to count the programs that they start */

struct floor {
	struct bpf_object *objects[HOOKS];
	struct bpf_program *on[HOOKS];
	size_t hooks;
};

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Loads the program that is called empty_TYPE, for a hook, and attaches it. */
static int load(struct floor *floor, const char *empty, const char *type, const char *hook)
{
	struct bpf_object *object = bpf_object__open_file(empty, NULL);
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, object)
	{
		bool same = !strcmp(bpf_program__name(program) + strlen("empty_"), type);

		bpf_program__set_autoload(program, same);
		if (same)
			chosen = program;
	}
	/* setting a target looks it up: a kernel may not have the hook */
	if (!chosen || bpf_program__set_attach_target(chosen, 0, hook) < 0 || bpf_object__load(object) < 0 ||
	    !bpf_program__attach(chosen)) {
		bpf_object__close(object);
		return -1;
	}
	floor->objects[floor->hooks] = object;
	floor->on[floor->hooks++] = chosen;
	return 0;
}

/* Each hook once, however many programs are on it. */
static void lay(struct floor *floor, const char *programs, const char *empty, const char *unused)
{
	struct bpf_object *object = bpf_object__open_file(programs, NULL);
	struct bpf_program *program;
	char seen[HOOKS * 64] = " ", type[80], word[80];

	bpf_object__for_each_program(program, object)
	{
		const char *section = bpf_program__section_name(program), *hook = strchr(section, '/');

		snprintf(word, sizeof(word), " %.70s ", section);
		if (!hook || (strncmp(section, "lsm/", 4) && strncmp(section, "tp_btf/", 7)) || strstr(seen, word) ||
		    floor->hooks == HOOKS)
			continue;
		strncat(seen, word + 1, sizeof(seen) - strlen(seen) - 1);
		snprintf(word, sizeof(word), ",%.70s,", hook + 1);
		if (strstr(unused, word))
			continue;
		snprintf(type, sizeof(type), "%.*s", (int)(hook - section), section);
		if (load(floor, empty, type, hook + 1) < 0)
			printf("# no hook %s\n", section);
	}
	bpf_object__close(object);
}

static int run(char **command)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		execv(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned long long started(const struct floor *floor)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < floor->hooks; i++) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(floor->on[i]), &info, &len))
			sum += info.run_cnt;
	}
	return sum;
}

/* Twice, of different lengths: what the command starts by itself cancels out. */
static void count(const struct floor *floor, const char *program, const char *operation)
{
	unsigned long long before = started(floor), once, twice;
	char *command[] = {(char *)program, "do", (char *)operation, "0", NULL};
	char times[16];

	run(command);
	once = started(floor) - before;
	snprintf(times, sizeof(times), "%d", COUNTED);
	command[3] = times;
	run(command);
	twice = started(floor) - before - once;
	printf("hooks %s %llu\n", operation, (twice - once + COUNTED / 2) / COUNTED);
}

int main(int argc, char **argv)
{
	struct floor floor = {};
	int stats;

	if (argc < 6) {
		fprintf(stderr, "usage: floor PROGRAMS EMPTY UNUSED CMD OPERATION…\n");
		return 2;
	}
	libbpf_set_print(quiet);
	lay(&floor, argv[1], argv[2], argv[3]);
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats < 0)
		return 1;
	for (int i = 5; i < argc; i++)
		count(&floor, argv[4], argv[i]);
	close(stats);
	printf("laid\n");
	fflush(stdout);
	getchar();
	return 0;
}
