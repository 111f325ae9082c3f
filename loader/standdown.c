/* SPDX-License-Identifier: BSD-2-Clause */
#include "standdown.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "audit.h"
#include "bpf/event.h"
#include "cli.h"

bool standdown_told(void)
{
	return prctl(STANDDOWN_OPTION, 0, 0, 0, 0) < 0 && errno == STANDDOWN_ERRNO;
}

int command_become(char **command)
{
	execvp(command[0], command);
	if (errno == ENOENT || errno == ENOTDIR)
		return say(EXIT_NOT_FOUND, "%s: not found: check the command and PATH", command[0]);
	if (errno == EACCES)
		return say(EXIT_REFUSED,
			   "%s: Permission denied: the policy refuses it (then the audit says so), or it is not "
			   "executable",
			   command[0]);
	return say(EXIT_REFUSED, "%s: cannot be run: %s", command[0], strerror(errno));
}

int standdown(char **command, const char *sink)
{
	const char *slash = strrchr(command[0], '/');
	struct audit_origin origin = {
		.mode = "standdown",
		.domain = getpid(),
		.domain_name = slash ? slash + 1 : command[0],
		.policy = "-",
		.generation = 1,
	};
	struct audit_record record = {
		.event = AUDIT_START,
		.seq = 1,
		.pid = getpid(),
		.ppid = getppid(),
		.uid = getuid(),
		.gid = getgid(),
		.command = command,
		.reason = "the host's Enforcer guards this container: its policy holds, and none of the container's",
	};
	struct audit *audit;
	struct fault fault;

	if (audit_open(sink, &audit, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	audit_write(audit, &origin, &record);
	audit_close(audit, 2000);
	return command_become(command);
}
