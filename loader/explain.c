/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet explain`: the verdict on an operation, from the same image that is enforced. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "policy/cidr.h"
#include "policy/verdict.h"

static const char usage[] =
	"usage: mantlet explain [--json] POLICY exec PATH\n"
	"       mantlet explain [--json] POLICY connect ADDRESS PORT [tcp|udp]\n"
	"       mantlet explain [--json] POLICY uid N\n"
	"       mantlet explain [--json] POLICY gid N\n"
	"       mantlet explain [--json] POLICY -\n"
	"\n"
	"Prints the verdict and the rule that gives it, from the same compiled policy image that is enforced, and\n"
	"the rule's place in the file. PATH is the program's absolute path, as the kernel sees it from the\n"
	"container's root. A rule \"-\" means that no section of the policy speaks of it.\n"
	"With -, questions like these are read from standard input, one a line (exec takes the rest of the line,\n"
	"or a JSON string if it begins with \"), and each is answered in one line, in order.\n"
	"\n"
	"Exit: 0 allow, 1 deny; with - 0, or 2 if a line was no question; 125 the policy is bad; 2 usage.\n";

static int ask_exec(const struct policy_source *source, const char *path, size_t len, struct verdict *verdict)
{
	if (!len || *path != '/')
		return -EINVAL;
	*verdict = verdict_exec(source->image, path, len);
	return 0;
}

static int ask_connect(const struct policy_source *source, const char *text, const char *port_text,
		       const char *protocol, struct verdict *verdict)
{
	struct verdict_address address;
	unsigned char bytes[16];
	__u64 high, low;
	__u32 four, port;
	bool udp = protocol && !strcmp(protocol, "udp");

	if (protocol && !udp && strcmp(protocol, "tcp") != 0)
		return -EINVAL;
	if (!number_parse(&port_text, 65535, &port) || *port_text)
		return -EINVAL;
	if (inet_pton(AF_INET, text, bytes) == 1) {
		memcpy(&four, bytes, sizeof(four));
		address = verdict_ipv4(be32toh(four));
	} else if (inet_pton(AF_INET6, text, bytes) == 1) {
		memcpy(&high, bytes, sizeof(high));
		memcpy(&low, bytes + 8, sizeof(low));
		address = verdict_ipv6(be64toh(high), be64toh(low));
	} else {
		return -EINVAL;
	}
	*verdict = verdict_connect(source->image, udp ? IMAGE_UDP : IMAGE_TCP, address, port);
	return 0;
}

static int ask_id(const struct policy_source *source, enum image_layout kind, const char *text,
		  struct verdict *verdict)
{
	__u32 id;

	if (!number_parse(&text, UINT32_MAX, &id) || *text)
		return -EINVAL;
	*verdict = verdict_id(source->image, kind, id);
	return 0;
}

/* words: the question, without its path if it is exec. -EINVAL: it is none. */
static int ask(const struct policy_source *source, char **words, int count, struct verdict *verdict)
{
	if ((count == 3 || count == 4) && !strcmp(words[0], "connect"))
		return ask_connect(source, words[1], words[2], count == 4 ? words[3] : NULL, verdict);
	if (count == 2 && !strcmp(words[0], "uid"))
		return ask_id(source, IMAGE_UID, words[1], verdict);
	if (count == 2 && !strcmp(words[0], "gid"))
		return ask_id(source, IMAGE_GID, words[1], verdict);
	return -EINVAL;
}

static void answer(const struct policy_source *source, const struct verdict *verdict, bool json)
{
	char name[POLICY_RULE_NAME_MAX];
	const char *word = verdict->denied ? "deny" : "allow";
	struct policy_error place;
	size_t offset;

	policy_rule_name(verdict->rule, name);
	if (!json) {
		printf("%s %s\n", word, name);
		return;
	}
	/* neither a word nor a rule's name holds anything that JSON would escape */
	printf("{\"verdict\":\"%s\",\"rule\":\"%s\",\"enforced\":%s", word, name,
	       verdict->enforced ? "true" : "false");
	if (policy_rule_offset(source->policy, verdict->rule, &offset)) {
		policy_place(source->text, source->len, offset, &place);
		printf(",\"line\":%u,\"column\":%u", place.line, place.column);
	}
	puts("}");
}

/* For people: where the rule stands, or why it stands nowhere. */
static void answer_place(const struct policy_source *source, const struct verdict *verdict)
{
	struct policy_error place;
	size_t offset;

	if (policy_rule_offset(source->policy, verdict->rule, &offset)) {
		policy_place(source->text, source->len, offset, &place);
		printf("%s:%u:%u%s\n", source->label, place.line, place.column,
		       source->policy->enforce ? "" : " (mode is audit: reported, not refused)");
	} else if (verdict->rule == RULE_NONE) {
		printf("%s has no section that speaks of it: not restricted\n", source->label);
	} else {
		printf("built in: the dynamic loader runs any file; allow it by its full path, without wildcards\n");
	}
}

/* The rest of an exec question's line: bytes as they are, or a JSON string. */
static int ask_exec_line(const struct policy_source *source, const char *rest, size_t len, struct verdict *verdict)
{
	struct json_object *string;
	int r;

	if (*rest != '"')
		return ask_exec(source, rest, len, verdict);
	string = json_tokener_parse(rest);
	r = json_object_is_type(string, json_type_string)
		    ? ask_exec(source, json_object_get_string(string), json_object_get_string_len(string), verdict)
		    : -EINVAL;
	json_object_put(string);
	return r;
}

static int ask_line(const struct policy_source *source, char *line, size_t len, struct verdict *verdict)
{
	char *words[5], *state = NULL;
	int count = 0;

	if (len > 5 && !memcmp(line, "exec ", 5))
		return ask_exec_line(source, line + 5, len - 5, verdict);
	for (char *word = strtok_r(line, " ", &state); word && count < 5; word = strtok_r(NULL, " ", &state))
		words[count++] = word;
	return ask(source, words, count, verdict);
}

static int explain_lines(const struct policy_source *source, bool json)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t len;
	int code = 0;

	while ((len = getline(&line, &room, stdin)) >= 0) {
		struct verdict verdict;

		number++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		if (ask_line(source, line, len, &verdict) < 0) {
			puts(json ? "{\"error\":\"no question\"}" : "error");
			code = say(EXIT_USAGE,
				   "explain: standard input:%zu: expected \"exec /PATH\", \"connect ADDRESS PORT "
				   "[tcp|udp]\", "
				   "\"uid N\" or \"gid N\"",
				   number);
		} else {
			answer(source, &verdict, json);
		}
	}
	free(line);
	return fflush(stdout) ? say(EXIT_MANTLET, "explain: cannot write the answers: %s", strerror(errno)) : code;
}

static int explain_one(const struct policy_source *source, char **words, int count, bool json)
{
	struct verdict verdict;
	int r = count == 2 && !strcmp(words[0], "exec") ? ask_exec(source, words[1], strlen(words[1]), &verdict)
							: ask(source, words, count, &verdict);

	if (r < 0)
		return say(EXIT_USAGE, "explain: expected exec /PATH, connect ADDRESS PORT [tcp|udp], uid N or gid "
				       "N; see mantlet explain --help");
	answer(source, &verdict, json);
	if (!json)
		answer_place(source, &verdict);
	return verdict.denied;
}

int command_explain(int argc, char **argv)
{
	struct policy_source source;
	struct fault fault;
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	int code;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(usage, stdout) < 0;
	argv += 1 + json;
	argc -= 1 + json;
	if (argc < 2)
		return say(EXIT_USAGE, "explain: expected a policy and a question; see mantlet explain --help");
	if (policy_load(argv[0], &source, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	code = argc == 2 && !strcmp(argv[1], "-") ? explain_lines(&source, json)
						  : explain_one(&source, argv + 1, argc - 1, json);
	policy_unload(&source);
	return code;
}
