/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet check` and `mantlet explain`: what a policy means, without running anything. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "policy/verdict.h"

static const char check_usage[] =
	"usage: mantlet check POLICY…\n"
	"\n"
	"Parses and compiles each policy, and prints what it comes to.\n"
	"Exit: 0 all are good, 125 one is not (its place and what is wrong go to standard error).\n";

static const char explain_usage[] =
	"usage: mantlet explain POLICY exec PATH\n"
	"       mantlet explain POLICY -\n"
	"\n"
	"Prints the verdict and the rule that gives it, from the same compiled policy image that is "
	"enforced, and\n"
	"the rule's place in the file. PATH is the program's absolute path, as the kernel sees it from the\n"
	"container's root.\n"
	"With -, questions are read from standard input, one a line (\"exec PATH\"; a PATH that begins with "
	"\" is\n"
	"a JSON string), and each is answered in one line, in order.\n"
	"\n"
	"Exit: 0 allow, 1 deny; with - 0, or 2 if a line was no question; 125 the policy is bad; 2 usage.\n";

static bool wants_help(int argc, char **argv)
{
	return argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
}

static int check_one(const char *path)
{
	struct policy_source source;
	struct fault fault;
	const struct policy_exec *exec;
	size_t size;

	if (policy_load(path, &source, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	exec = &source.policy->exec;
	size = policy_image_size(source.image);
	printf("%s: \"%s\", %s: ", source.label, source.policy->name, source.policy->enforce ? "enforce" : "audit");
	if (exec->present)
		printf("exec: %zu allow, %zu deny, default %s; ", exec->allow.count, exec->deny.count,
		       exec->deny_default ? "deny" : "allow");
	else
		printf("exec: not restricted; ");
	printf("%zu KiB compiled; enforced by lsm and seccomp\n", (size + 1023) / 1024);
	policy_unload(&source);
	return 0;
}

int command_check(int argc, char **argv)
{
	int worst = 0;

	if (wants_help(argc, argv))
		return fputs(check_usage, stdout) < 0;
	if (argc < 2)
		return say(EXIT_USAGE, "check: no policy; usage: mantlet check POLICY…");
	for (int i = 1; i < argc; i++) {
		int code = check_one(argv[i]);

		worst = code > worst ? code : worst;
	}
	return worst;
}

/* One answer: "allow RULE" or "deny RULE". */
static bool answer_exec(const struct policy_source *source, const char *path, size_t len, __u32 *rule)
{
	char name[POLICY_RULE_NAME_MAX];
	struct verdict verdict = verdict_exec(source->image, path, len);

	*rule = verdict.rule;
	printf("%s %s\n", verdict.denied ? "deny" : "allow", policy_rule_name(verdict.rule, name));
	return verdict.denied;
}

static int explain_one(const struct policy_source *source, const char *path)
{
	struct policy_error place;
	size_t offset;
	__u32 rule;
	bool denied;

	if (*path != '/')
		return say(EXIT_USAGE, "explain: %s: a program's path is absolute: begin it with /", path);
	denied = answer_exec(source, path, strlen(path), &rule);
	if (policy_rule_offset(source->policy, rule, &offset)) {
		policy_place(source->text, source->len, offset, &place);
		printf("%s:%u:%u%s\n", source->label, place.line, place.column,
		       source->policy->enforce ? "" : " (mode is audit: reported, not refused)");
	} else if (rule != RULE_NONE) {
		printf("built in: the dynamic loader runs any file; allow it by its full path, without "
		       "wildcards\n");
	} else {
		printf("%s has no exec section: nothing is restricted\n", source->label);
	}
	return denied;
}

/* The rest of a question's line: bytes as they are, or a JSON string. */
static int question_path(char *rest, size_t len, struct json_object **holder, const char **path, size_t *path_len)
{
	*holder = NULL;
	*path = rest;
	*path_len = len;
	if (*rest == '"') {
		*holder = json_tokener_parse(rest);
		if (!json_object_is_type(*holder, json_type_string))
			return -EINVAL;
		*path = json_object_get_string(*holder);
		*path_len = json_object_get_string_len(*holder);
	}
	return *path_len && **path == '/' ? 0 : -EINVAL;
}

static int explain_lines(const struct policy_source *source)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t len;
	int code = 0;

	while ((len = getline(&line, &room, stdin)) >= 0) {
		struct json_object *holder = NULL;
		const char *path;
		size_t path_len;
		__u32 rule;

		number++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		if (len < 5 || memcmp(line, "exec ", 5) ||
		    question_path(line + 5, len - 5, &holder, &path, &path_len) < 0) {
			puts("error");
			code = say(EXIT_USAGE, "explain: standard input:%zu: expected \"exec /PATH\"", number);
		} else {
			answer_exec(source, path, path_len, &rule);
		}
		json_object_put(holder);
	}
	free(line);
	return fflush(stdout) ? EXIT_MANTLET : code;
}

int command_explain(int argc, char **argv)
{
	struct policy_source source;
	struct fault fault;
	bool lines = argc == 3 && !strcmp(argv[2], "-");
	int code;

	if (wants_help(argc, argv))
		return fputs(explain_usage, stdout) < 0;
	if (!lines && (argc != 4 || strcmp(argv[2], "exec")))
		return say(EXIT_USAGE,
			   "explain: usage: mantlet explain POLICY exec PATH, or mantlet explain POLICY -");
	if (policy_load(argv[1], &source, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	code = lines ? explain_lines(&source) : explain_one(&source, argv[3]);
	policy_unload(&source);
	return code;
}
