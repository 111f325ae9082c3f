/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet import`: a policy made of what another product enforces. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "policy/aqua.h"

static const char usage[] =
	"usage: mantlet import aqua [--passwd FILE] [--group FILE] FILE\n"
	"\n"
	"Prints a policy made of a runtime policy of Aqua's, as JSON: an object with the fields of the resource\n"
	"aquasec_container_runtime_policy or aquasec_function_runtime_policy of their Terraform provider, or\n"
	"Terraform's JSON with one such resource. FILE may be -, standard input.\n"
	"What has no counterpart is named on standard error, one line each (\"not imported: FIELD: why\", \"in part: "
	"…\").\n"
	"\n"
	"  --passwd FILE  the image's /etc/passwd, to turn names of users into ids\n"
	"  --group FILE   the image's /etc/group\n"
	"\n"
	"Exit: 0 all was imported, 1 some of it was not, 125 the input is bad, 2 usage.\n";

/* The whole file, ended with a NUL that *len does not count. */
static int read_whole(const char *path, char **text, size_t *len, struct fault *fault)
{
	FILE *file = strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	char *buffer = malloc(POLICY_TEXT_MAX + 1);
	size_t n = 0;
	int r = 0;

	if (!file || !buffer)
		r = fault_set(fault, buffer ? EINVAL : ENOMEM, "%s: cannot read it: %m", path);
	if (!r)
		n = fread(buffer, 1, POLICY_TEXT_MAX + 1, file);
	if (!r && ferror(file))
		r = fault_set(fault, EINVAL, "%s: cannot read it: %m", path);
	if (!r && n > POLICY_TEXT_MAX)
		r = fault_set(fault, E2BIG, "%s: longer than %u bytes, the most that is read", path, POLICY_TEXT_MAX);
	if (file && file != stdin)
		fclose(file);
	if (r < 0 || !buffer) {
		free(buffer);
		return r;
	}
	buffer[n] = '\0';
	*text = buffer;
	*len = n;
	return 0;
}

/* What was made must be a policy that can be enforced. */
static int prove(const struct aqua_import *import, struct fault *fault)
{
	struct policy_error error = {0};
	struct image_cell *image = NULL;
	struct policy *policy;
	size_t len = strlen(import->policy);
	int r = policy_parse(import->policy, len, &policy, &error);

	if (!r) {
		r = policy_compile(policy, import->policy, len, &image, &error);
		policy_free(policy);
	}
	if (r < 0)
		return fault_set(fault, EINVAL, "import: the policy that it makes cannot be used: %s", error.text);
	free(image);
	return 0;
}

static int import_aqua(const char *path, const struct aqua_accounts *accounts)
{
	struct policy_error error;
	struct aqua_import import;
	struct fault fault;
	char *text = NULL;
	size_t len = 0;
	int r;

	if (read_whole(path, &text, &len, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	r = aqua_import(text, len, accounts, &import, &error);
	free(text);
	if (r < 0 && error.line)
		return say(EXIT_MANTLET, "%s:%u:%u: %s", path, error.line, error.column, error.text);
	if (r < 0)
		return say(EXIT_MANTLET, "%s: %s", path, error.text);
	r = prove(&import, &fault);
	if (!r) {
		fputs(import.said, stderr);
		fputs(import.policy, stdout);
	}
	free(import.policy);
	free(import.said);
	if (r < 0)
		return say(EXIT_MANTLET, "%s: %s", path, fault.text);
	return fflush(stdout) ? say(EXIT_MANTLET, "import: cannot write: %m") : import.missing > 0;
}

static int read_accounts(const char *path, char **out)
{
	struct fault fault;
	size_t len;

	free(*out);
	*out = NULL;
	return read_whole(path, out, &len, &fault) < 0 ? say(EXIT_MANTLET, "%s", fault.text) : 0;
}

int command_import(int argc, char **argv)
{
	static const struct option options[] = {
		{"passwd", required_argument, NULL, 'p'},
		{"group", required_argument, NULL, 'g'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char *passwd = NULL, *group = NULL;
	bool help = false;
	int option, code = 0;

	opterr = 0;
	while (!code && !help && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (option == 'h')
			help = true;
		else if (option == 'p')
			code = read_accounts(optarg, &passwd);
		else if (option == 'g')
			code = read_accounts(optarg, &group);
		else
			code = say(EXIT_USAGE,
				   "import: %s: unknown option, or it needs a value; see mantlet import --help",
				   argv[optind - 1]);
	}
	if (!code && !help && (argc - optind != 2 || strcmp(argv[optind], "aqua") != 0))
		code = say(EXIT_USAGE, "import: usage: mantlet import aqua [--passwd FILE] [--group FILE] FILE");
	if (help)
		code = fputs(usage, stdout) < 0;
	else if (!code)
		code = import_aqua(argv[optind + 1], &(struct aqua_accounts){passwd, group});
	free(passwd);
	free(group);
	return code;
}
