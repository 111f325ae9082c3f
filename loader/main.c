/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct {
	const char *name, *what;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "run a command under a policy", command_run},
	{"check", "compile policies; say what is wrong with them, and what they cost", command_check},
	{"explain", "what a policy says of an operation, and which rule says it", command_explain},
	{"import", "make a policy of what another product enforces", command_import},
	{"probe", "what this machine can enforce, and why not more", command_probe},
	{"daemon", "enforce policies on the containers of this host", command_daemon},
	{"status", "what is enforced on this host", command_status},
	{"events", "follow the daemon's audit", command_events},
	{"reload", "have the daemon read its policies again", command_reload},
	{"unload", "end all enforcement on this host", command_unload},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int help(FILE *to)
{
	fputs("usage: mantlet COMMAND [ARG…]\n\nEnforces on a container what its policy says, from the host "
	      "or from inside.\n\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s  %s\n", commands[i].name, commands[i].what);
	fputs("\nmantlet COMMAND --help tells more; mantlet --version the version.\n", to);
	return to == stdout ? 0 : EXIT_USAGE;
}

/* A file opened later must not become standard output or error. */
static void open_standard_files(void)
{
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* What was printed counts only once it is written. */
static int flushed(int code)
{
	return fflush(stdout) && !code ? say(EXIT_MANTLET, "cannot write to standard output: %s", strerror(errno))
				       : code;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = !argc ? "mantlet" : slash ? slash + 1 : argv[0];

	/* large blocks go back to the kernel when they are freed: by default the first that is freed ends that */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	open_standard_files();
	if (!strcmp(name, "microenforcer"))
		return command_microenforcer(argc, argv);
	if (argc < 2)
		return help(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return flushed(help(stdout));
	if (!strcmp(argv[1], "--version"))
		return flushed(puts("mantlet " MANTLET_VERSION) < 0);
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return flushed(commands[i].run(argc - 1, argv + 1));
	return say(EXIT_USAGE, "%s: unknown command; see mantlet --help", argv[1]);
}
