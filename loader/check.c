/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet check`: is it a policy, and what does it come to? */
#include <string.h>

#include "cli.h"

static const char usage[] =
	"usage: mantlet check POLICY…\n"
	"\n"
	"Parses and compiles each policy, and prints what it comes to.\n"
	"Exit: 0 all are good, 125 one is not (its place and what is wrong go to standard error).\n";

static void print_section(const struct policy *policy, __u32 number, const char *name)
{
	const struct policy_section *section = policy_section(policy, number);

	if (section->present)
		printf("%s: %zu allow, %zu deny, default %s; ", name, section->allow.count, section->deny.count,
		       section->deny_default ? "deny" : "allow");
}

static int check_one(const char *path)
{
	struct policy_source source;
	struct fault fault;

	if (policy_load(path, &source, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	printf("%s: \"%s\", %s: ", source.label, source.policy->name, source.policy->enforce ? "enforce" : "audit");
	print_section(source.policy, RULE_EXEC, "exec");
	print_section(source.policy, RULE_CONNECT, "connect");
	print_section(source.policy, RULE_UID, "uid");
	print_section(source.policy, RULE_GID, "gid");
	printf("%zu KiB compiled\n", (policy_image_size(source.image) + 1023) / 1024);
	policy_unload(&source);
	return 0;
}

int command_check(int argc, char **argv)
{
	int worst = 0;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(usage, stdout) < 0;
	if (argc < 2)
		return say(EXIT_USAGE, "check: no policy; usage: mantlet check POLICY…");
	for (int i = 1; i < argc; i++) {
		int code = check_one(argv[i]);

		worst = code > worst ? code : worst;
	}
	return worst;
}
