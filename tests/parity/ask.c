/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: ask --user | --kernel
 * Answers the questions of `mantlet explain POLICY -` from standard input, for many policies in turn: a line
 * "policy FILE" begins the next. With --kernel policy/verdict.h decides in the kernel, with --user here; the
 * path is handed over component by component in both.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "policy/policy.h"

struct asker {
	struct kernel *kernel; /* NULL: userspace */
	struct ask_question *question;
	struct ask_name *name;
	unsigned int questions, names; /* that wait for their answers */

	struct policy *policy;
	struct image_cell *image; /* NULL: refused, see error */
	char error[600];
};

static int asker_open(struct asker *asker, bool kernel)
{
	*asker = (struct asker){0};
	if (kernel) {
		asker->kernel = kernel_open();
		if (!asker->kernel)
			return -EIO;
		asker->question = kernel_questions(asker->kernel);
		asker->name = kernel_names(asker->kernel);
		return 0;
	}
	asker->question = calloc(ASK_QUESTIONS, sizeof(*asker->question));
	asker->name = calloc(ASK_NAMES, sizeof(*asker->name));
	return asker->question && asker->name ? 0 : -ENOMEM;
}

static void policy_drop(struct asker *asker)
{
	policy_free(asker->policy);
	free(asker->image);
	asker->policy = NULL;
	asker->image = NULL;
}

static void asker_close(struct asker *asker)
{
	policy_drop(asker);
	if (!asker->kernel) {
		free(asker->question);
		free(asker->name);
	}
	kernel_close(asker->kernel);
}

/* ---- policies */

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(POLICY_TEXT_MAX);

	if (!file || !text) {
		free(text);
		if (file)
			fclose(file);
		return NULL;
	}
	*len = fread(text, 1, POLICY_TEXT_MAX, file);
	fclose(file);
	return text;
}

static int policy_switch(struct asker *asker, const char *path)
{
	struct policy_error error = {.text = "cannot be read"};
	size_t len;
	char *text = read_file(path, &len);
	int r = text ? 0 : -ENOENT;

	policy_drop(asker);
	if (!r)
		r = policy_parse(text, len, &asker->policy, &error);
	if (!r)
		r = policy_compile(asker->policy, text, len, &asker->image, &error);
	free(text);
	if (r < 0) {
		snprintf(asker->error, sizeof(asker->error), "refused %u:%u: %s", error.line, error.column,
			 error.text);
		return 0; /* that is the answer to each question */
	}
	return asker->kernel ? kernel_policy(asker->kernel, asker->image) : 0;
}

/* ---- questions */

static int read_number(const char *text, unsigned long max, __u32 *number)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value > max)
		return -EINVAL;
	*number = value;
	return 0;
}

static int read_address(const char *text, struct verdict_address *address)
{
	unsigned char bytes[16];
	__u64 half[2];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*address = verdict_ipv4((__u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return -EINVAL;
	memcpy(half, bytes, sizeof(half));
	*address = verdict_ipv6(be64toh(half[0]), be64toh(half[1]));
	return 0;
}

static int read_connect(struct ask_question *question, char *rest)
{
	char *at = NULL, *address = strtok_r(rest, " ", &at), *port = strtok_r(NULL, " ", &at);
	const char *protocol = strtok_r(NULL, " ", &at);

	protocol = protocol ? protocol : "tcp";
	if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0)
		return -EINVAL;
	question->kind = strcmp(protocol, "udp") ? IMAGE_TCP : IMAGE_UDP;
	question->short_way = true;
	return address && port && !read_number(port, 65535, &question->number)
		       ? read_address(address, &question->address)
		       : -EINVAL;
}

/* Components, the last one first. */
static int read_path(struct asker *asker, struct ask_question *question, const char *path, size_t len)
{
	question->kind = IMAGE_EXEC;
	question->first_name = asker->names;
	if (!len || len > ASK_PATH_MAX || *path != '/')
		return -EINVAL;
	while (len) {
		struct ask_name *name = &asker->name[asker->names];
		size_t start = len;

		while (path[start - 1] != '/')
			start--;
		if (len - start > ASK_NAME_MAX)
			return -ENAMETOOLONG;
		name->len = len - start;
		memcpy(name->text, path + start, name->len);
		asker->names++;
		len = start - 1;
	}
	question->names = asker->names - question->first_name;
	return 0;
}

static int read_exec(struct asker *asker, struct ask_question *question, const char *rest, size_t len)
{
	struct json_object *text;
	int r;

	if (*rest != '"')
		return read_path(asker, question, rest, len);
	text = json_tokener_parse(rest);
	r = json_object_is_type(text, json_type_string)
		    ? read_path(asker, question, json_object_get_string(text), json_object_get_string_len(text))
		    : -EINVAL;
	json_object_put(text);
	return r;
}

static int read_question(struct asker *asker, char *line, size_t len)
{
	struct ask_question *question = &asker->question[asker->questions];

	memset(question, 0, sizeof(*question));
	if (!strncmp(line, "exec ", 5))
		return read_exec(asker, question, line + 5, len - 5);
	if (!strncmp(line, "connect ", 8))
		return read_connect(question, line + 8);
	question->kind = *line == 'u' ? IMAGE_UID : IMAGE_GID;
	if (!strncmp(line, "uid ", 4) || !strncmp(line, "gid ", 4))
		return read_number(line + 4, UINT32_MAX, &question->number);
	return -EINVAL;
}

/* ---- answers */

static struct verdict path_by_names(const struct asker *asker, const struct ask_question *question)
{
	struct verdict_walk walk;

	if (verdict_exec_begin(asker->image, &walk))
		for (unsigned int i = 0; i < question->names; i++) {
			const struct ask_name *name = &asker->name[question->first_name + i];

			verdict_exec_name(asker->image, &walk, name->text, name->len);
		}
	return verdict_exec_end(asker->image, &walk);
}

static struct verdict path_in_one(const struct asker *asker, const struct ask_question *question)
{
	char path[ASK_PATH_MAX], *at = path + sizeof(path);

	for (unsigned int i = 0; i < question->names; i++) {
		const struct ask_name *name = &asker->name[question->first_name + i];

		at -= name->len;
		memcpy(at, name->text, name->len);
		*--at = '/';
	}
	return verdict_exec(asker->image, at, path + sizeof(path) - at);
}

static void ask_user(struct asker *asker)
{
	for (unsigned int i = 0; i < asker->questions; i++) {
		struct ask_question *question = &asker->question[i];

		if (question->kind != IMAGE_EXEC) {
			question->answer = ask_number(asker->image, question);
			continue;
		}
		question->answer = path_by_names(asker, question);
		if (path_in_one(asker, question).rule != question->answer.rule)
			question->answer.rule = ~0u; /* prints as what is nobody's answer */
	}
}

/* What follows from the rule and from the policy's mode. */
static bool is_consistent(const struct policy *policy, const struct verdict *answer)
{
	bool denied = answer->rule & RULE_DENY;

	return answer->denied == denied && answer->enforced == (denied && policy->enforce) &&
	       answer->reported == (denied || (policy->log_all && answer->rule != RULE_NONE));
}

static void print_answers(const struct asker *asker)
{
	char name[POLICY_RULE_NAME_MAX];

	for (unsigned int i = 0; i < asker->questions; i++) {
		const struct verdict *answer = &asker->question[i].answer;

		if (asker->image)
			printf("%s %s%s\n", answer->denied ? "deny" : "allow", policy_rule_name(answer->rule, name),
			       is_consistent(asker->policy, answer) ? "" : " (its parts contradict each other)");
		else
			printf("%s\n", asker->error);
	}
}

static int answer_all(struct asker *asker)
{
	int r = 0;

	if (asker->image && asker->kernel && asker->questions)
		r = kernel_ask(asker->kernel, asker->questions, asker->questions);
	else if (asker->image)
		ask_user(asker);
	if (!r)
		print_answers(asker);
	asker->questions = asker->names = 0;
	return r;
}

static int take_line(struct asker *asker, char *line, size_t len)
{
	int r = 0;

	if (asker->questions == ASK_QUESTIONS || asker->names > ASK_NAMES - ASK_PATH_MAX ||
	    !strncmp(line, "policy ", 7))
		r = answer_all(asker);
	if (r)
		return r;
	if (!strncmp(line, "policy ", 7))
		return policy_switch(asker, line + 7);
	r = read_question(asker, line, len);
	if (r)
		fprintf(stderr, "ask: this is no question: %s\n", line);
	asker->questions += !r;
	return r;
}

int main(int argc, char **argv)
{
	struct asker asker;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int r;

	if (argc != 2 || (strcmp(argv[1], "--user") != 0 && strcmp(argv[1], "--kernel") != 0)) {
		fputs("usage: ask --user | --kernel\n", stderr);
		return 2;
	}
	r = asker_open(&asker, !strcmp(argv[1], "--kernel"));
	while (!r && (len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		r = take_line(&asker, line, len);
	}
	if (!r)
		r = answer_all(&asker);
	free(line);
	asker_close(&asker);
	return r || fflush(stdout) ? 1 : 0;
}
