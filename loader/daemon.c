/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet daemon`: the Enforcer of a host. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "cli.h"
#include "clock.h"
#include "containers.h"
#include "control.h"
#include "event.h"
#include "gaps.h"
#include "persist.h"

static const char usage[] = "usage: mantlet daemon [-d DIRECTORY] [-o AUDIT]\n"
			    "\n"
			    "Enforces the policies of a directory on the containers of this host, in LSM mode. "
			    "Enforcement goes on when the\n"
			    "daemon ends, and is taken over by the next; `mantlet unload` ends it.\n"
			    "\n"
			    "  -d DIRECTORY  each *.json in it is a policy (default: " DEFAULT_POLICIES ")\n"
			    "  -o AUDIT      append the audit's JSON lines to this file (default: standard error)\n"
			    "\n"
			    "SIGHUP reads the policies again. See also mantlet status, events, reload and unload.\n";

#define EVENTS_AT_ONCE 32 /* then the others have their turn: a flood must not keep a reload waiting */
#define LOOK_EVERY 1      /* seconds */
#define THOROUGH 5        /* of those */

/* Of a slot: what is missing of its domain's events. */
struct numbers {
	uint64_t domain;
	struct gaps gaps;
	struct losses told;
};

struct daemon {
	const char *directory, *sink;
	int lock, signals, timer, clock;
	unsigned int ticks, events_left;
	bool ended;
	uint64_t seq;      /* of records that are of no container */
	uint32_t unlisted; /* as the audit has it */
	struct audit *audit;
	struct programs *programs;
	struct policies policies;
	struct containers containers;
	struct control control;
	struct ring_buffer *events;
	struct event_texts texts;
	struct numbers numbers[DOMAIN_SLOTS];
};

/* ---- events */

static struct numbers *numbers_of(struct daemon *daemon, const struct container *container)
{
	const struct domain_counts *counts = programs_counts(daemon->programs, container->slot);
	struct numbers *numbers = &daemon->numbers[container->slot];

	if (numbers->domain != container->id) {
		numbers->domain = container->id;
		gaps_resume(&numbers->gaps, counts);
	}
	return numbers;
}

/* It came. Kept where another daemon finds it. */
static void count_event(struct daemon *daemon, const struct container *container, uint64_t seq)
{
	struct domain_counts *counts = programs_counts(daemon->programs, container->slot);
	struct gaps *gaps = &numbers_of(daemon, container)->gaps;

	gaps_seen(gaps, seq);
	counts->received = gaps->received;
	counts->newest = gaps->newest;
}

static void tell_event(struct daemon *daemon, const void *data, size_t size)
{
	const struct event *event = data;
	const struct container *container;
	struct audit_record record;
	struct audit_origin origin = {.mode = "lsm", .domain_name = "?", .policy = "none"};

	if (!event_check(data, size) || event->domain == PROOF_DOMAIN)
		return;
	container = containers_find(&daemon->containers, event->domain);
	if (!container) {
		containers_look(&daemon->containers, false);
		container = containers_find(&daemon->containers, event->domain);
	}
	if (container)
		origin = containers_origin(&daemon->containers, container, event->generation);
	origin.domain = event->domain;
	origin.generation = event->generation ? event->generation : 1;
	event_record(event, clock_offset(), &daemon->texts, &record);
	if (container)
		record.seq = gaps_number(&numbers_of(daemon, container)->gaps, event->seq);
	audit_write(daemon->audit, &origin, &record);
	if (container)
		count_event(daemon, container, record.seq);
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct daemon *daemon = ctx;

	tell_event(daemon, data, size);
	return --daemon->events_left ? 0 : -EAGAIN; /* ends ring_buffer__consume(); this one is consumed */
}

static void take_events(struct daemon *daemon)
{
	daemon->events_left = EVENTS_AT_ONCE;
	ring_buffer__consume(daemon->events);
}

/* What the kernel could not write down; what was said already outlives a daemon. */
static void report_container(struct daemon *daemon, const struct container *container)
{
	struct domain_counts *counts = programs_counts(daemon->programs, container->slot);
	struct numbers *numbers = numbers_of(daemon, container);
	struct losses now = losses_read(counts);
	struct gaps_counted counted = {.lost = now.ring + now.room,
				       .taken = __atomic_load_n(&counts->seq, __ATOMIC_ACQUIRE)};
	struct audit_origin origin;
	struct gap gap;

	if (counted.lost == numbers->gaps.told)
		return;
	origin = containers_origin(&daemon->containers, container, 0);
	while (gaps_take(&numbers->gaps, counted, clock_ms(), &gap)) {
		const struct audit_record record = {.event = AUDIT_LOST,
						    .lost = gap.missing,
						    .first = gap.first,
						    .last = gap.last,
						    .reason = losses_reason(&numbers->told, &now)};

		audit_write(daemon->audit, &origin, &record);
		counts->lost_said = numbers->gaps.told;
		counts->newest = numbers->gaps.newest;
	}
	if (counts->lost_said == counted.lost)
		numbers->told = now;
}

/* After what has come was taken. */
static void report_lost(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->containers.count; i++)
		report_container(daemon, daemon->containers.list[i]);
}

/* ---- policies */

/* Of a policy, or of the host. */
static void tell_host(struct daemon *daemon, enum audit_event event, const char *policy, uint32_t generation,
		      const char *reason)
{
	const struct audit_origin origin = {
		.mode = "lsm", .domain_name = "host", .policy = policy, .generation = generation ? generation : 1};
	const struct audit_record record = {.event = event, .seq = ++daemon->seq, .reason = reason};

	audit_write(daemon->audit, &origin, &record);
}

static void tell_file(struct daemon *daemon, const struct policy_file *file, FILE *answer)
{
	if (file->error)
		tell_host(daemon, AUDIT_RELOAD, file->name ? file->name : file->file, file->generation, file->error);
	else if (file->changed)
		tell_host(daemon, AUDIT_RELOAD, file->name, file->generation, NULL);
	if (!answer)
		return;
	if (file->error && file->generation)
		fprintf(answer, "%s: generation %u stays: %s\n", file->file, file->generation, file->error);
	else if (file->error)
		fprintf(answer, "%s: not in force: %s\n", file->file, file->error);
	else
		fprintf(answer, "%s: \"%s\", generation %u%s\n", file->file, file->name, file->generation,
			file->changed ? "" : ", unchanged");
}

static int reload_failed(struct daemon *daemon, FILE *answer, int err, const struct fault *fault)
{
	tell_host(daemon, AUDIT_RELOAD, "none", 0, fault->text);
	if (answer)
		fprintf(answer, "%s\n", fault->text);
	return err;
}

static int reload(struct daemon *daemon, FILE *answer)
{
	struct policies policies;
	struct fault fault = {0};
	int r = policies_read(daemon->directory, &daemon->policies, &policies, &fault);

	if (!r && (r = policies_apply(&policies, &daemon->policies, daemon->programs, &fault)) < 0)
		policies_free(&policies);
	if (r < 0)
		return reload_failed(daemon, answer, r, &fault);
	for (size_t i = 0; i < policies.count; i++)
		tell_file(daemon, &policies.file[i], answer);
	if (policies.warning)
		tell_host(daemon, AUDIT_POSTURE, "none", 0, policies.warning);
	if (policies.warning && answer)
		fprintf(answer, "%s\n", policies.warning);
	r = containers_classify(&daemon->containers, &policies, &fault);
	policies_free(&daemon->policies);
	daemon->policies = policies;
	daemon->containers.policies = &daemon->policies;
	if (r < 0)
		return reload_failed(daemon, answer, r, &fault);
	return policies.bad ? -EINVAL : 0;
}

/* At the start a bad file is no policy to start with. */
static int read_policies(struct daemon *daemon, struct fault *fault)
{
	int r = policies_read(daemon->directory, NULL, &daemon->policies, fault);

	for (size_t i = 0; !r && i < daemon->policies.count; i++)
		if (daemon->policies.file[i].error)
			r = fault_set(fault, EINVAL, "%s", daemon->policies.file[i].error);
	if (!r && !daemon->policies.count)
		r = fault_set(fault, ENOENT, "%s has no policy: put a *.json there", daemon->directory);
	return r;
}

/* ---- requests */

static void answer_reload(void *ctx, char **text)
{
	size_t len;
	FILE *answer = open_memstream(text, &len);

	if (!answer)
		return;
	fprintf(answer, "%s\n", reload(ctx, answer) < 0 ? "failed" : "ok");
	fclose(answer);
}

static void answer_events(void *ctx, char **text)
{
	(void)ctx;
	*text = NULL;
}

static void answer_stop(void *ctx, char **text)
{
	((struct daemon *)ctx)->ended = true;
	*text = strdup("ok\n");
}

static const struct control_request requests[] = {
	{"reload", answer_reload},
	{"events", answer_events},
	{"stop", answer_stop},
	{NULL, NULL},
};

/* ---- the loop */

static int open_signals(struct daemon *daemon, struct fault *fault)
{
	const struct itimerspec every = {{LOOK_EVERY, 0}, {LOOK_EVERY, 0}};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	daemon->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	daemon->clock = clock_watch();
	if (daemon->signals < 0 || daemon->timer < 0 || timerfd_settime(daemon->timer, 0, &every, NULL) < 0 ||
	    daemon->clock < 0)
		return fault_set(fault, errno, "cannot listen to signals and clocks: %s", strerror(errno));
	return 0;
}

static void on_signals(struct daemon *daemon)
{
	struct signalfd_siginfo signal;

	while (read(daemon->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP)
			reload(daemon, NULL);
		else
			daemon->ended = true;
	}
}

/* They cannot be named: nothing but their mark is left of them. */
static void tell_unlisted(struct daemon *daemon)
{
	uint32_t unlisted = __atomic_load_n(&programs_host(daemon->programs)->unlisted, __ATOMIC_RELAXED);
	char reason[160];

	if (unlisted == daemon->unlisted)
		return;
	snprintf(reason, sizeof(reason),
		 "%u containers found no room in the kernel's map of %u: everything is refused there until a daemon "
		 "starts",
		 unlisted, CGROUPS_MAX);
	daemon->unlisted = unlisted;
	tell_host(daemon, AUDIT_POSTURE, "none", 0, reason);
}

static void on_timer(struct daemon *daemon)
{
	uint64_t times;

	if (read(daemon->timer, &times, sizeof(times)) != sizeof(times))
		return;
	report_lost(daemon); /* before the dead are buried */
	tell_unlisted(daemon);
	containers_look(&daemon->containers, !(++daemon->ticks % THOROUGH));
}

static void loop(struct daemon *daemon)
{
	while (!daemon->ended) {
		struct pollfd polls[5 + CONTROL_POLLS] = {
			{.fd = daemon->clock, .events = POLLIN},
			{.fd = daemon->signals, .events = POLLIN},
			{.fd = ring_buffer__epoll_fd(daemon->events), .events = POLLIN},
			{.fd = daemon->timer, .events = POLLIN},
			{.fd = audit_pending(daemon->audit) ? audit_fd(daemon->audit) : -1, .events = POLLOUT},
		};

		control_polls(&daemon->control, polls + 5);
		if (poll(polls, 5 + CONTROL_POLLS, -1) < 0)
			continue;
		if (polls[0].revents && clock_was_set(daemon->clock))
			host_set_clock(daemon->programs); /* before anything else: files are judged by it */
		if (polls[2].revents)
			take_events(daemon);
		if (polls[1].revents)
			on_signals(daemon);
		if (polls[3].revents)
			on_timer(daemon);
		if (polls[4].revents)
			audit_flush(daemon->audit);
		control_dispatch(&daemon->control, polls + 5);
	}
}

/* sd_notify(3), in the few lines that this needs. */
static void notify_ready(void)
{
	const char *where = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = where ? strlen(where) : 0;
	int fd;

	if (!len || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, where, len);
	if (*where == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, "READY=1", strlen("READY=1"), MSG_NOSIGNAL, (struct sockaddr *)&to,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}

static int start(struct daemon *daemon, struct fault *fault)
{
	static const char *const how_begun[] = {
		[PERSIST_BEGUN] = "enforcement begins",
		[PERSIST_ADOPTED] = "enforcement went on without a daemon, and is taken over",
		[PERSIST_RELAYED] = "other programs have taken over the enforcement, without a gap",
	};
	enum persist_how how = PERSIST_BEGUN;
	int r = daemon->lock = lock_take(fault);

	if (r >= 0)
		r = open_signals(daemon, fault);
	if (!r)
		r = read_policies(daemon, fault);
	if (!r)
		r = audit_open(daemon->sink, &daemon->audit, fault);
	if (!r)
		r = persist_open(&daemon->programs, &how, fault);
	if (!r)
		r = programs_guard(daemon->programs, 0, fault);
	if (!r)
		r = policies_apply(&daemon->policies, NULL, daemon->programs, fault);
	if (!r)
		r = control_open(&daemon->control, requests, daemon, fault);
	if (r < 0)
		return r;
	audit_listen(daemon->audit, control_tell, &daemon->control);
	tell_host(daemon, AUDIT_POSTURE, "none", 0, how_begun[how]);
	if (daemon->policies.warning)
		tell_host(daemon, AUDIT_POSTURE, "none", 0, daemon->policies.warning);
	r = containers_open(&daemon->containers, daemon->programs, &daemon->policies, daemon->audit, fault);
	if (r < 0)
		return r;
	daemon->events = ring_buffer__new(programs_events(daemon->programs), on_event, daemon, NULL);
	return daemon->events ? 0
			      : fault_set(fault, errno, "cannot listen to the kernel's events: %s; is memory short?",
					  strerror(errno));
}

static void finish(struct daemon *daemon)
{
	ring_buffer__free(daemon->events);
	if (daemon->audit)
		audit_listen(daemon->audit, NULL, NULL);
	control_close(&daemon->control);
	containers_close(&daemon->containers);
	programs_close(daemon->programs);
	policies_free(&daemon->policies);
	audit_close(daemon->audit, 2000);
}

static int run_daemon(struct daemon *daemon)
{
	struct fault fault = {0};
	int r;

	daemon->control.fd = -1;
	daemon->containers.cgroup2 = -1;
	r = start(daemon, &fault);
	if (r < 0) {
		finish(daemon);
		return say(EXIT_MANTLET, "%s", fault.text);
	}
	notify_ready();
	loop(daemon);
	take_events(daemon);
	report_lost(daemon);
	tell_host(daemon, AUDIT_POSTURE, "none", 0, "the daemon ends; what it enforces goes on");
	finish(daemon);
	return 0;
}

static int run_new(const char *directory, const char *sink)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int code;

	if (!daemon)
		return say(EXIT_MANTLET, "out of memory");
	daemon->directory = directory;
	daemon->sink = sink;
	code = run_daemon(daemon);
	free(daemon);
	return code;
}

int command_daemon(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
	const char *directory = DEFAULT_POLICIES, *sink = NULL;
	int option;

	while ((option = getopt_long(argc, argv, ":d:o:h", options, NULL)) >= 0) {
		if (option == 'd')
			directory = optarg;
		else if (option == 'o')
			sink = optarg;
		else if (option == 'h')
			return fputs(usage, stdout) < 0;
		else if (option == ':')
			return say(EXIT_USAGE, "daemon: -%c needs a value; see mantlet daemon --help", optopt);
		else
			return say(EXIT_USAGE, "daemon: unknown option %s; see mantlet daemon --help",
				   argv[optind - 1]);
	}
	if (argv[optind])
		return say(EXIT_USAGE, "daemon: %s: takes no arguments; see mantlet daemon --help", argv[optind]);
	return run_new(directory, sink);
}
