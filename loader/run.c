/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet run`: one command under one policy. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "demands.h"
#include "guard.h"
#include "hints.h"
#include "init.h"
#include "probe.h"
#include "standdown.h"

static const char usage[] =
	"usage: mantlet run [-p POLICY] [-m auto|lsm|seccomp] [-o AUDIT] -- CMD [ARG…]\n"
	"       microenforcer CMD [ARG…]\n"
	"\n"
	"Runs CMD, and all that comes of it, under a policy.\n"
	"\n"
	"  -p POLICY  a policy file, or a policy's JSON (default: $MANTLET_POLICY, a path or the JSON "
	"itself,\n"
	"             else " DEFAULT_POLICY ")\n"
	"  -m MODE    lsm: enforced by the kernel; seccomp: from inside, without the host's help; auto (the\n"
	"             default): lsm where it is proven to work, else seccomp; but where the host's Enforcer\n"
	"             guards this container already, CMD is only executed, and no policy is read\n"
	"  -o AUDIT   append the audit's JSON lines to this file (default: standard error)\n"
	"\n"
	"Exit: the command's own; 125 Mantlet failed before it; 126 refused or not executable; 127 not "
	"found;\n"
	"128+N killed by signal N; 2 usage. When CMD ends, what it started ends.\n";

struct run {
	const char *policy, *mode, *sink;
	char **command;

	struct policy_source source;
	char *policy_name;
	struct audit *audit;
	struct audit_origin origin;
	uint64_t seq;
	unsigned int asked, met; /* enum demand */
	const struct guard_mode *guard_mode;
	struct guard *guard;
	struct init init;
	int status; /* of the command, once it ended */
	bool ended;
};

static int pick_mode(struct run *run, struct fault *fault)
{
	struct fault lsm, seccomp;

	if (!strcmp(run->mode, "lsm") || (!strcmp(run->mode, "auto") && !probe_lsm(&lsm))) {
		run->guard_mode = &guard_lsm;
	} else if (!strcmp(run->mode, "seccomp") || !probe_seccomp(&seccomp)) {
		run->guard_mode = &guard_seccomp;
	} else {
		return fault_set(fault, ENOTSUP, "no mode can enforce here: lsm: %.300s; seccomp: %.300s", lsm.text,
				 seccomp.text);
	}
	return 0;
}

/* What the mode can enforce of the policy here. */
static int take_offer(struct run *run, unsigned int *demands, struct fault *fault)
{
	const struct guard_mode *mode = run->guard_mode;
	struct demands_offer offer = {.mode = mode->name, .met = mode->meets};

	*demands = run->asked = demands_of(run->source.policy);
	if (mode->lacks)
		offer.lacks = mode->lacks(*demands, &offer.why);
	*demands &= offer.met & ~offer.lacks;
	run->met = *demands;
	return demands_check(&run->source, &offer, fault);
}

static int prepare(struct run *run, struct fault *fault)
{
	unsigned int demands = 0;
	const char *slash = strrchr(run->command[0], '/');
	int r = policy_load(run->policy, &run->source, fault);

	if (!r)
		r = audit_open(run->sink, &run->audit, fault);
	if (!r)
		r = pick_mode(run, fault);
	if (!r)
		r = take_offer(run, &demands, fault);
	if (r < 0)
		return r;
	hints_paths(&run->source);
	run->policy_name = strdup(run->source.policy->name);
	if (!run->policy_name)
		return fault_set(fault, ENOMEM, "out of memory");
	policy_settle(&run->source);
	run->origin = (struct audit_origin){
		.mode = run->guard_mode->name,
		.domain_name = slash ? slash + 1 : run->command[0],
		.policy = run->policy_name,
		.generation = 1,
	};
	run->seq = 1; /* the start record's */
	r = run->guard_mode->open(
		&(struct guard_config){run->source.image, run->audit, &run->origin, &run->seq, demands}, &run->guard,
		fault);
	return r < 0 ? r : init_open(&run->init, fault);
}

/* In the child. What is said here is the command's own failure to start. */
__attribute__((noreturn)) static void become_command(struct run *run, int sock)
{
	struct fault fault;

	if (run->guard_mode->enter(run->guard, sock, &fault) < 0)
		_exit(say(EXIT_MANTLET, "%s", fault.text));
	init_release(&run->init);
	_exit(command_become(run->command));
}

static void list_enforcers(const struct run *run, struct audit_enforcer out[DEMANDS + 1])
{
	for (unsigned int demand = 1; demand < 1 << DEMANDS; demand <<= 1)
		if (run->asked & demand)
			*out++ = (struct audit_enforcer){
				demand_name(demand),
				run->met & demand ? run->guard_mode->enforcer(run->guard, demand) : "nothing"};
	out->part = NULL;
}

static int start(struct run *run, struct fault *fault)
{
	struct audit_enforcer enforcers[DEMANDS + 1];
	struct audit_record record = {
		.event = AUDIT_START, .seq = 1, .command = run->command, .enforcers = enforcers};
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fault_set(fault, errno, "cannot make a socket pair: %s", strerror(errno));
	run->init.child = fork();
	if (run->init.child < 0)
		return fault_set(fault, errno, "cannot fork: %s", strerror(errno));
	if (!run->init.child) {
		close(pair[0]);
		become_command(run, pair[1]);
	}
	close(pair[1]);
	run->origin.domain = run->init.child;
	record.pid = run->init.child;
	record.ppid = getpid();
	record.uid = getuid();
	record.gid = getgid();
	r = run->guard_mode->adopt(run->guard, run->init.child, pair[0], fault);
	close(pair[0]);
	list_enforcers(run, enforcers);
	if (!r)
		audit_write(run->audit, &run->origin, &record);
	return r;
}

static void reap(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (run->guard_mode->reaped(run->guard, pid, status) || pid != run->init.child)
			continue;
		if (WIFSTOPPED(status)) {
			init_stopped(&run->init, status);
			continue;
		}
		run->status = status;
		run->ended = true;
	}
}

/* What fails once and for all would fail for ever: the container ends, and is closed. */
static void loop_failed(struct run *run)
{
	if (errno == EINTR || errno == ENOMEM)
		return;
	run->status = W_EXITCODE(EXIT_MANTLET, 0);
	run->ended = true;
}

static void loop(struct run *run)
{
	const struct guard_mode *mode = run->guard_mode;

	while (!run->ended) {
		struct pollfd fds[] = {
			{.fd = run->init.signals, .events = POLLIN},
			{.fd = mode->fd(run->guard), .events = POLLIN},
			{.fd = mode->later ? mode->later(run->guard) : -1, .events = POLLIN},
			{.fd = audit_pending(run->audit) ? audit_fd(run->audit) : -1, .events = POLLOUT},
		};

		if (poll(fds, 4, -1) < 0) {
			loop_failed(run);
			continue;
		}
		if (fds[0].revents) {
			init_signals(&run->init);
			reap(run);
		}
		if (fds[1].revents || fds[2].revents)
			mode->dispatch(run->guard, fds[1].revents);
		if (fds[3].revents)
			audit_flush(run->audit);
	}
}

/* The command's last denials may still be on their way from the kernel. What could not be ended stays guarded: then the
 * guard is not taken away. */
static void finish(struct run *run)
{
	struct audit_record record = {.event = AUDIT_STOP, .pid = run->init.child, .status = run->status};
	bool ended = init_finish(&run->init);

	run->guard_mode->dispatch(run->guard, 0);
	record.denied = run->guard_mode->denied(run->guard);
	if (ended)
		run->guard_mode->close(run->guard);
	else
		record.reason = "processes of the domain could not be ended";
	record.lost = audit_lost(run->audit);
	record.seq = ++run->seq;
	audit_write(run->audit, &run->origin, &record);
}

static int run_command(struct run *run)
{
	struct fault fault;
	int r = prepare(run, &fault);

	if (!r)
		r = start(run, &fault);
	if (r < 0) {
		if (run->init.child > 0)
			kill(run->init.child, SIGKILL);
		if (run->guard)
			run->guard_mode->close(run->guard);
		return fault.text[0] ? say(EXIT_MANTLET, "%s", fault.text) : EXIT_MANTLET;
	}
	loop(run);
	finish(run);
	return WIFSIGNALED(run->status) ? EXIT_SIGNAL + WTERMSIG(run->status) : WEXITSTATUS(run->status);
}

/* Who names a mode gets it. Else the host is asked first of all: a container that it guards needs no policy. */
static int run_and_free(struct run *run)
{
	int code;

	if (!strcmp(run->mode, "auto") && standdown_told())
		return standdown(run->command, run->sink);
	code = run_command(run);
	audit_close(run->audit, 2000);
	policy_unload(&run->source);
	free(run->policy_name);
	return code;
}

static bool mode_known(const char *mode)
{
	return !strcmp(mode, "auto") || !strcmp(mode, "lsm") || !strcmp(mode, "seccomp");
}

int command_run(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
	struct run run = {.mode = "auto"};
	int option;

	while ((option = getopt_long(argc, argv, "+:p:m:o:h", options, NULL)) >= 0) {
		switch (option) {
		case 'p':
			run.policy = optarg;
			break;
		case 'm':
			run.mode = optarg;
			break;
		case 'o':
			run.sink = optarg;
			break;
		case 'h':
			return fputs(usage, stdout) < 0;
		case ':':
			return say(EXIT_USAGE, "run: -%c needs a value; see mantlet run --help", optopt);
		default:
			return say(EXIT_USAGE, "run: unknown option %s; see mantlet run --help", argv[optind - 1]);
		}
	}
	if (!mode_known(run.mode))
		return say(EXIT_USAGE, "run: -m %s: a mode is auto, lsm or seccomp", run.mode);
	run.command = argv + optind;
	if (!run.command[0])
		return say(EXIT_USAGE, "run: no command; usage: mantlet run [-p POLICY] -- CMD [ARG…]");
	return run_and_free(&run);
}

int command_microenforcer(int argc, char **argv)
{
	struct run run = {.mode = "auto", .command = argv + 1};

	if (argc < 2)
		return say(EXIT_USAGE, "microenforcer: no command; usage: microenforcer CMD [ARG…]");
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	return run_and_free(&run);
}
