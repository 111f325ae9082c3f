/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that ask something of the daemon: `mantlet reload`, `mantlet events`, `mantlet unload`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "control.h"
#include "leftovers.h"
#include "persist.h"

static const char reload_usage[] =
	"usage: mantlet reload\n\nHas the daemon read its policies again, and tells what became "
	"of each. Exit: 0 all are in force, 1 some are not: of\nthose the old generation stays; "
	"125 no daemon answers.\n";
static const char events_usage[] =
	"usage: mantlet events\n\nFollows the daemon's audit: one JSON object a line, until it "
	"is interrupted or the daemon ends.\n";
static const char unload_usage[] =
	"usage: mantlet unload\n\nEnds the daemon, and all enforcement on this host but that of "
	"mantlet run; and takes away what a\nmantlet run that was killed has left.\n";

#define DAEMON_ENDS 20 /* seconds until it has */

/* The code to exit with at once, or -1: go on. */
static int no_arguments(int argc, char **argv, const char *usage)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return fputs(usage, stdout) < 0;
	return argc == 1 ? -1
			 : say(EXIT_USAGE, "%s: %s: takes no arguments; see mantlet %s --help", argv[0], argv[1],
			       argv[0]);
}

/* Copies what the daemon says to standard output. last: the end of it. */
static int copy(int fd, char last[8])
{
	char buffer[4096];
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		for (ssize_t i = n > 8 ? n - 8 : 0; i < n; i++) {
			memmove(last, last + 1, 7);
			last[7] = buffer[i];
		}
		if (fwrite(buffer, 1, n, stdout) != (size_t)n || fflush(stdout))
			return -EIO;
	}
	return 0;
}

/* Has a request answered on standard output. 0, or the code to exit with; last: the end of the answer. */
static int ask(const char *request, char last[8])
{
	struct fault fault;
	int fd = control_ask(request, &fault), r;

	if (fd < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	r = copy(fd, last);
	close(fd);
	return r < 0 ? say(EXIT_MANTLET, "%s: cannot write to standard output", request) : 0;
}

int command_reload(int argc, char **argv)
{
	char last[8] = "";
	int code = no_arguments(argc, argv, reload_usage);

	if (code < 0)
		code = ask("reload", last) ?: memcmp(last + 5, "ok\n", 3) != 0;
	return code;
}

int command_events(int argc, char **argv)
{
	char last[8] = "";
	int code = no_arguments(argc, argv, events_usage);

	return code < 0 ? ask("events", last) : code;
}

int command_unload(int argc, char **argv)
{
	int code = no_arguments(argc, argv, unload_usage), fd, lock;
	struct leftovers left;
	struct fault fault;

	if (code >= 0)
		return code;
	fd = lock_holder() ? control_ask("stop", &fault) : -1;
	lock = lock_wait(fd >= 0 ? DAEMON_ENDS : 0, &fault);
	if (fd >= 0)
		close(fd);
	if (lock < 0 || persist_remove(&fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	close(lock);
	left = leftovers_remove();
	if (left.kept)
		say(0,
		    "%zu mantlet run were killed, and what they had started lives, and stays guarded: end it first",
		    left.kept);
	return 0;
}
