/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard of a container whose host is not ours: a seccomp filter that asks, and this supervisor, the
 * parent, that answers. What is guarded, and how, is the table; the rest is the same for all of it.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "front.h"

#include "capability.h"

typedef void (*guarded_ask)(struct guard *guard, const struct seccomp_notif *notif);

/* A guarded system call. Either the supervisor is asked, or the filter itself refuses by the arguments. */
struct guarded {
	int syscall;
	enum rule_section section; /* guarded if the policy has it; RULE_SECTION_NONE: always */
	guarded_ask ask;
	int refuse;   /* errno */
	bool fronted; /* the front of the filter (front.c) says when */
	unsigned int args;
	struct scmp_arg_cmp arg[FILTER_ARGS];
};

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

/* Of an int argument: the kernel looks at half of the register. */
#ifndef IPV6_FLOWLABEL_MGR
#define IPV6_FLOWLABEL_MGR 32 /* in linux/in6.h, which cannot stand beside netinet/in.h */
#endif

#define IS(n, value) SCMP_CMP(n, SCMP_CMP_MASKED_EQ, 0xffffffff, value)

/* clang-format off */
static const struct guarded guarded_calls[] = {
	{SCMP_SYS(execve),   RULE_EXEC, .ask = exec_asked},
	{SCMP_SYS(execveat), RULE_EXEC, .ask = exec_asked},
	{SCMP_SYS(chroot),     RULE_EXEC, .ask = exec_root_asked},
	{SCMP_SYS(pivot_root), RULE_EXEC, .ask = exec_root_asked},
	{SCMP_SYS(setns),      RULE_EXEC, .ask = exec_root_asked},
	{SCMP_SYS(mount),      RULE_EXEC, .ask = exec_root_asked},
	{SCMP_SYS(umount2),    RULE_EXEC, .ask = exec_root_asked},
	{SCMP_SYS(move_mount), RULE_EXEC, .ask = exec_root_asked},
	{SCMP_SYS(connect),  RULE_CONNECT, .ask = net_connect_asked},
	{SCMP_SYS(sendto),   RULE_CONNECT, .ask = net_send_asked, .args = 1, .arg = {SCMP_CMP(4, SCMP_CMP_NE, 0, 0)}},
	{SCMP_SYS(sendmsg),  RULE_CONNECT, .ask = net_send_asked},
	{SCMP_SYS(sendmmsg), RULE_CONNECT, .ask = net_send_asked},
	{SCMP_SYS(socket),   RULE_CONNECT, .ask = net_socket_asked, .fronted = true},
	{SCMP_SYS(clone),    RULE_CONNECT, .ask = net_clone_asked, .args = 1, .arg = {
		SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_FILES | CLONE_THREAD, CLONE_FILES)}},
	/* It would connect and send unseen. */
	{SCMP_SYS(io_uring_setup),    RULE_CONNECT, .refuse = EPERM},
	{SCMP_SYS(io_uring_enter),    RULE_CONNECT, .refuse = EPERM},
	{SCMP_SYS(io_uring_register), RULE_CONNECT, .refuse = EPERM},
	/* Source routes: what is sent goes to an address first that no call names. */
	{SCMP_SYS(setsockopt), RULE_CONNECT, .refuse = EPERM, .args = 2, .arg = {IS(1, IPPROTO_IP), IS(2, IP_OPTIONS)}},
	{SCMP_SYS(setsockopt), RULE_CONNECT, .refuse = EPERM, .args = 2, .arg = {IS(1, IPPROTO_IPV6), IS(2, IPV6_RTHDR)}},
	{SCMP_SYS(setsockopt), RULE_CONNECT, .refuse = EPERM, .args = 2, .arg = {IS(1, IPPROTO_IPV6), IS(2, IPV6_2292PKTOPTIONS)}},
	{SCMP_SYS(setsockopt), RULE_CONNECT, .refuse = EPERM, .args = 2, .arg = {IS(1, IPPROTO_IPV6), IS(2, IPV6_FLOWLABEL_MGR)}},
	{SCMP_SYS(setuid),    RULE_UID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setreuid),  RULE_UID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setresuid), RULE_UID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setfsuid),  RULE_UID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setgid),    RULE_GID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setregid),  RULE_GID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setresgid), RULE_GID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setfsgid),  RULE_GID, .ask = ids_asked, .fronted = true},
	{SCMP_SYS(setgroups), RULE_GID, .ask = groups_asked, .fronted = true},
#ifdef __aarch64__
	/* A filter is shown the first argument as it was before a tracer changed it, the call is made with what the tracer
	 * put there (orig_x0 and x0). So nobody has a tracer, and no rule below or in front of us is told lies. */
	{SCMP_SYS(ptrace), RULE_SECTION_NONE, .refuse = EPERM},
#endif
	/* As long as we live the kernel itself says EBUSY to a second listener. Were we killed, the application
	 * could install its own over the same calls and answer them as it likes. Flags are 32 bits wide. */
	{SCMP_SYS(seccomp), RULE_SECTION_NONE, .refuse = EBUSY, .args = 2, .arg = {
		IS(0, SECCOMP_SET_MODE_FILTER),
		SCMP_CMP(1, SCMP_CMP_MASKED_EQ, SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_NEW_LISTENER)}},
};
/* clang-format on */

#define GUARDED (sizeof(guarded_calls) / sizeof(guarded_calls[0]))

static bool section_present(const struct guard *guard, enum rule_section section)
{
	switch (section) {
	case RULE_EXEC:
		return judge_asked(&guard->judge);
	case RULE_CONNECT:
		return guard->config.demands & DEMAND_CONNECT;
	case RULE_UID:
	case RULE_GID:
	case RULE_IDENTITY:
		return guard->config.demands & DEMAND_IDENTITY;
	default:
		return true;
	}
}

static int filter_open(struct guard *guard, struct fault *fault)
{
	struct filter_rule rules[GUARDED + WALLS_RULES_MAX];
	struct front front = {.image = guard->config.image,
			      .sockets = section_present(guard, RULE_CONNECT),
			      .identity = section_present(guard, RULE_IDENTITY)};
	size_t count = walls_rules(guard->supervisor, rules);
	int ret;

	for (size_t i = 0; i < GUARDED; i++) {
		const struct guarded *call = &guarded_calls[i];

		if (call->fronted || !section_present(guard, call->section))
			continue;
		rules[count] = (struct filter_rule){
			.syscall = call->syscall,
			.action = call->ask ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(call->refuse),
			.args = call->args,
		};
		memcpy(rules[count++].arg, call->arg, sizeof(call->arg));
	}
	ret = filter_build(rules, count, &guard->program, fault);
	return ret ? ret : front_build(&front, &guard->program, fault);
}

/* The application must not starve us of descriptors by the limit that it asked for, nor get ours. */
static int files_raise(struct guard *guard)
{
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, &guard->files) < 0)
		return -errno;
	raised = guard->files;
	raised.rlim_cur = raised.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &raised) < 0 ? -errno : 0;
}

static int notif_room(struct guard *guard, struct fault *fault)
{
	struct seccomp_notif_sizes sizes;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return fault_set(fault, errno,
				 "this kernel has no seccomp user notification: mode seccomp needs Linux 5.10");
	guard->notif_size = sizes.seccomp_notif > sizeof(*guard->notif) ? sizes.seccomp_notif : sizeof(*guard->notif);
	guard->notif = malloc(guard->notif_size);
	return guard->notif ? 0 : fault_set(fault, ENOMEM, "out of memory");
}

static void seccomp_close(struct guard *guard)
{
	if (!guard)
		return;
	execwatch_close(&guard->watches);
	judge_close(&guard->judge);
	groups_close(guard);
	net_close(guard->net);
	for (size_t i = 0; i < 3; i++) {
		int fd = (int[]){guard->listener, guard->proc, guard->root}[i];

		if (fd >= 0)
			close(fd);
	}
	free(guard->program.filter);
	free(guard->notif);
	free(guard->held);
	free(guard);
}

/* May the application's programs gain anything by set-id bits? Not under no_new_privs, which a filter needs without
 * SYS_ADMIN, and which stands in for the bounding set where that cannot be changed. */
static bool privileges_new(void)
{
	return capability_effective(CAP_SYS_ADMIN) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	       (prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE) != 1 || capability_effective(CAP_SETPCAP));
}

static int guard_prepare(struct guard *guard, struct fault *fault)
{
	int ret;

	guard->proc = proc_open(fault);
	if (guard->proc < 0)
		return guard->proc;
	guard->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (guard->root < 0)
		return fault_set(fault, errno, "cannot open /: %s", strerror(errno));
	guard->landlock = walls_landlock_possible();
	ret = files_raise(guard);
	if (ret == 0)
		ret = judge_open(&guard->judge, guard->config.image, guard->root, !privileges_new());
	if (ret == 0)
		ret = execwatch_open(&guard->watches, &guard->judge, guard->proc);
	if (ret)
		return fault_set(fault, -ret, "cannot prepare the supervisor: %s", strerror(-ret));
	ret = notif_room(guard, fault);
	if (!ret && section_present(guard, RULE_CONNECT))
		ret = net_open(&guard->net, fault);
	return ret ? ret : filter_open(guard, fault);
}

static int seccomp_open(const struct guard_config *config, struct guard **out, struct fault *fault)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int ret;

	if (!guard)
		return fault_set(fault, ENOMEM, "out of memory");
	guard->config = *config;
	guard->proc = guard->root = guard->listener = -1;
	guard->supervisor = getpid();
	capability_raise(CAP_SYS_PTRACE);
	ret = guard_prepare(guard, fault);
	if (ret)
		seccomp_close(guard);
	else
		*out = guard;
	return ret;
}

/* What it cannot be kept from by the bounding set (that takes SETPCAP) no_new_privs keeps it from. */
static int capability_take(int capability, const char *name, bool gains, struct fault *fault)
{
	int ret;

	if (prctl(PR_CAPBSET_READ, capability) == 1 && prctl(PR_CAPBSET_DROP, capability) < 0 && gains)
		return fault_set(fault, errno, "cannot take %s from the command: %s", name, strerror(errno));
	ret = capability_drop(capability);
	return ret ? fault_set(fault, -ret, "cannot drop %s for the command: %s", name, strerror(-ret)) : 0;
}

/* The application must not be able to trace us; nor, where times tell what is of the image, to set the clock back. */
static int privileges_drop(const struct guard *guard, struct fault *fault)
{
	bool gains = privileges_new();
	int ret = capability_take(CAP_SYS_PTRACE, "SYS_PTRACE", gains, fault);

	if (!ret && verdict_drift_asked(guard->config.image))
		ret = capability_take(CAP_SYS_TIME, "SYS_TIME", gains, fault);
	if (ret)
		return ret;
	if (!gains && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fault_set(fault, errno, "cannot set no_new_privs: %s", strerror(errno));
	ret = guard->landlock ? walls_landlock() : 0;
	return ret ? fault_set(fault, -ret, "cannot set up Landlock: %s", strerror(-ret)) : 0;
}

/* The listener, and beside it whether it waits killable. */
static int listener_send(int sock, int listener, bool wait_killable)
{
	char byte = wait_killable, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &listener, sizeof(int));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Where sendmsg() itself is asked about, there is nobody to answer yet: the parent fetches it. */
static int listener_offer(int sock, int listener, bool wait_killable)
{
	int offer[2] = {listener, wait_killable}, taken;

	if (write(sock, offer, sizeof(offer)) != sizeof(offer))
		return -errno;
	return read(sock, &taken, sizeof(taken)) == sizeof(taken) ? 0 : -ECONNRESET;
}

static int listener_fetch(const struct guard *guard, pid_t child, int sock, bool *wait_killable)
{
	struct task task = {.proc = guard->proc, .tid = child};
	int offer[2], fd;
	ssize_t got;

	do
		got = read(sock, offer, sizeof(offer));
	while (got < 0 && errno == EINTR);
	if (got != sizeof(offer))
		return got < 0 ? -errno : -ECONNRESET;
	fd = net_copy(guard->net, &task, offer[0]);
	*wait_killable = offer[1];
	if (fd >= 0 && write(sock, &fd, sizeof(fd)) < 0) {
		close(fd);
		return -ECONNRESET;
	}
	return fd;
}

static int listener_receive(int sock, bool *wait_killable)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg;
	ssize_t got;
	int fd;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (got == 0 || !cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -ECONNRESET;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	*wait_killable = byte;
	return fd;
}

static int seccomp_enter(struct guard *guard, int sock, struct fault *fault)
{
	bool wait_killable;
	int listener, ret;

	setrlimit(RLIMIT_NOFILE, &guard->files);
	ret = privileges_drop(guard, fault);
	if (ret)
		return ret;
	/* After the capabilities: a change of those forgets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fault_set(fault, errno, "cannot bind the command to its supervisor: %s", strerror(errno));
	if (getppid() != guard->supervisor)
		return fault_set(fault, ESRCH, "the supervisor is gone");
	/* A connection can take minutes, and a signal is to end the wait for it. */
	listener = filter_install(&guard->program, !guard->net, &wait_killable, fault);
	if (listener < 0)
		return listener;
	ret = guard->net ? listener_offer(sock, listener, wait_killable)
			 : listener_send(sock, listener, wait_killable);
	close(listener);
	return ret ? fault_set(fault, -ret, "cannot hand the listener to the supervisor: %s", strerror(-ret)) : 0;
}

/* It ended before it was guarded. If it could, it has said why. */
static int child_failed(pid_t child, struct fault *fault)
{
	int status = 0;

	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		return fault_set(fault, ECONNRESET, "the command was killed by signal %d before it was guarded",
				 WTERMSIG(status));
	return fault_set(fault, ECONNRESET, "%s", "");
}

static int seccomp_adopt(struct guard *guard, pid_t child, int sock, struct fault *fault)
{
	int listener = guard->net ? listener_fetch(guard, child, sock, &guard->wait_killable)
				  : listener_receive(sock, &guard->wait_killable);
	int ret;

	if (listener == -ECONNRESET)
		return child_failed(child, fault);
	if (listener < 0)
		return fault_set(fault, -listener, "cannot take over the listener: %s", strerror(-listener));
	/* Not earlier: the child would have inherited it, and be hidden from us. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		close(listener);
		return fault_set(fault, errno, "cannot hide the supervisor from its command: %s", strerror(errno));
	}
	/* The one who answers is to run where the one who asked does: from 6.6 on. But who executes looks for a processor
	 * that it has for itself, and moves there in the middle of it: where nobody connects that costs more. */
	if (guard->net)
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	guard->child = child;
	guard->listener = listener;
	ret = guard->net ? net_adopt(guard->net) : 0;
	return ret ? fault_set(fault, -ret, "cannot wait for connections: %s", strerror(-ret)) : 0;
}

static int seccomp_fd(const struct guard *guard)
{
	return guard->listener;
}

static int seccomp_later(const struct guard *guard)
{
	return guard->net && guard->net->parked ? guard->net->epoll : -1;
}

static void notif_ask(struct guard *guard, const struct seccomp_notif *notif)
{
	for (size_t i = 0; i < GUARDED; i++)
		if (guarded_calls[i].ask && guarded_calls[i].syscall == notif->data.nr) {
			guarded_calls[i].ask(guard, notif);
			return;
		}
	notif_refuse(guard, notif, ENOSYS);
}

/* Asks each held one again; those that still have to wait are held again. */
static void held_ask(struct guard *guard)
{
	struct seccomp_notif *held = guard->held;
	size_t count = guard->held_count;

	guard->held = NULL;
	guard->held_count = guard->held_space = 0;
	for (size_t i = 0; i < count; i++)
		if (notif_valid(guard, &held[i]))
			notif_ask(guard, &held[i]);
	free(held);
}

static void seccomp_dispatch(struct guard *guard, short ready)
{
	if (guard->net && guard->net->parked)
		net_ready(guard);
	/* The call that made it readable may be gone again: then there is nothing to receive (ENOENT), and no wait for
	 * the next one, since each call counts until one reception, come and gone. */
	if (ready & POLLIN) {
		memset(guard->notif, 0, guard->notif_size);
		if (ioctl(guard->listener, SECCOMP_IOCTL_NOTIF_RECV, guard->notif) == 0)
			notif_ask(guard, guard->notif);
	} else if (ready & (POLLHUP | POLLERR)) {
		close(guard->listener);
		guard->listener = -1;
	}
}

static bool seccomp_reaped(struct guard *guard, pid_t pid, int status)
{
	bool dead = WIFEXITED(status) || WIFSIGNALED(status);
	bool ours = groups_reaped(guard, pid, status) || exec_reaped(guard, pid, status);

	if (ours && guard->held_count)
		held_ask(guard);
	/* the command's own end is not only ours to know */
	return ours && !(dead && pid == guard->child);
}

static uint64_t seccomp_denied(const struct guard *guard)
{
	return guard->denied;
}

static unsigned int seccomp_lacks(unsigned int asked, struct fault *why)
{
	return asked & DEMAND_CONNECT && net_possible(why) ? DEMAND_CONNECT : 0;
}

static const char *seccomp_enforcer(const struct guard *guard, enum demand demand)
{
	switch (demand) {
	case DEMAND_CONNECT:
	case DEMAND_IDENTITY:
		return "filter and supervisor";
	case DEMAND_SETID:
		return guard->judge.identity ? "supervisor" : "no_new_privs";
	default:
		return "supervisor";
	}
}

const struct guard_mode guard_seccomp = {
	.name = "seccomp",
	.meets = DEMAND_EXEC | DEMAND_DRIFT | DEMAND_CONNECT | DEMAND_IDENTITY | DEMAND_SETID | DEMAND_LOG_ALL |
		 DEMAND_GROUPS,
	.lacks = seccomp_lacks,
	.open = seccomp_open,
	.enter = seccomp_enter,
	.adopt = seccomp_adopt,
	.fd = seccomp_fd,
	.later = seccomp_later,
	.dispatch = seccomp_dispatch,
	.reaped = seccomp_reaped,
	.denied = seccomp_denied,
	.enforcer = seccomp_enforcer,
	.close = seccomp_close,
};
