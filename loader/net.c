/* SPDX-License-Identifier: BSD-2-Clause */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "supervisor.h"

#define PIDFD_OF_THREAD O_EXCL /* PIDFD_THREAD, 6.9 */

int net_possible(struct fault *fault)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0), fd = -1, err = 0;

	if (pidfd < 0 || (fd = syscall(SYS_pidfd_getfd, pidfd, pidfd, 0)) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	if (pidfd >= 0)
		close(pidfd);
	if (!err)
		return 0;
	return fault_set(
		fault, err,
		"sockets of the command cannot be copied (pidfd_getfd: %s): give the container the capability "
		"SYS_PTRACE (Fargate: linuxParameters.capabilities.add)",
		strerror(err));
}

int net_open(struct net **out, struct fault *fault)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return fault_set(fault, ENOMEM, "out of memory");
	net->epoll = epoll_create1(EPOLL_CLOEXEC);
	net->ticker = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	net->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (net->epoll < 0 || net->ticker < 0) {
		net_close(net);
		return fault_set(fault, errno, "cannot prepare to wait for connections: %s", strerror(errno));
	}
	*out = net;
	return 0;
}

int net_adopt(struct net *net)
{
	struct epoll_event of_ticker = {.events = EPOLLIN, .data.ptr = net};
	struct fault fault;
	int proc = proc_open(&fault), ret;

	if (proc < 0)
		return proc;
	ret = creds_read(&(struct task){.proc = proc, .tid = getpid()}, &net->own);
	close(proc);
	if (ret)
		return ret;
	return epoll_ctl(net->epoll, EPOLL_CTL_ADD, net->ticker, &of_ticker) ? -errno : 0;
}

void net_close(struct net *net)
{
	struct net_call *call, *next;

	if (!net)
		return;
	for (call = net->parked; call; call = next) {
		next = call->next;
		net_free(call);
	}
	for (size_t i = 0; i < 3; i++) {
		int fd = (int[]){net->epoll, net->ticker, net->cwd}[i];

		if (fd >= 0)
			close(fd);
	}
	for (size_t i = 0; i < NET_PIDFDS; i++)
		if (net->pidfds[i].tid)
			close(net->pidfds[i].fd);
	creds_drop(&net->own);
	free(net);
}

/* Before 6.9 a pidfd is of a thread group: then the descriptors are its first thread's. */
static int pidfd_open(const struct task *task, struct net_pidfd *out)
{
	*out = (struct net_pidfd){.tid = task->tid, .of = task->tid};
	out->fd = syscall(SYS_pidfd_open, task->tid, PIDFD_OF_THREAD);
	if (out->fd < 0 && errno == EINVAL) {
		out->of = task_group(task);
		out->fd = syscall(SYS_pidfd_open, out->of, 0);
	}
	if (out->fd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	return 0;
}

static void pidfd_forget(struct net *net, pid_t tid)
{
	for (size_t i = 0; i < NET_PIDFDS; i++)
		if (net->pidfds[i].tid == tid) {
			close(net->pidfds[i].fd);
			net->pidfds[i].tid = 0;
		}
}

/* As long as a task lives, its number and its pidfd name the same, and afterwards the pidfd names nobody. The number of
 * another thread of the group may be another task's by now. */
static bool pidfd_stands(const struct net_pidfd *kept)
{
	return kept->of == kept->tid || syscall(SYS_tgkill, kept->of, kept->tid, 0) == 0 || errno == EPERM;
}

static int pidfd_of(struct net *net, const struct task *task)
{
	struct net_pidfd *kept = &net->pidfds[net->pidfd_next % NET_PIDFDS], opened;
	int ret;

	for (size_t i = 0; i < NET_PIDFDS; i++)
		if (net->pidfds[i].tid == task->tid && pidfd_stands(&net->pidfds[i]))
			return net->pidfds[i].fd;
	pidfd_forget(net, task->tid);
	ret = pidfd_open(task, &opened);
	if (ret)
		return ret;
	if (kept->tid)
		close(kept->fd);
	*kept = opened;
	net->pidfd_next++;
	return kept->fd;
}

int net_copy(struct net *net, const struct task *task, int number)
{
	int fd = -ESRCH;

	for (int tries = 0; tries < 2 && fd == -ESRCH; tries++) {
		int pidfd = pidfd_of(net, task);

		if (pidfd < 0)
			return pidfd;
		fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
		if (fd >= 0)
			return fd;
		fd = errno == EMFILE || errno == ENFILE ? -ENOBUFS : -errno;
		if (fd == -ESRCH)
			pidfd_forget(net, task->tid); /* it was of one that had the number before */
	}
	return fd;
}

/* As the kernel's move_addr_to_kernel(). */
int net_name(const struct task *task, uint64_t address, uint64_t len, struct net_call *call)
{
	int length = (int)len; /* the kernel takes an int from the register */

	memset(&call->name, 0, sizeof(call->name));
	if (length < 0 || (size_t)length > sizeof(call->name))
		return -EINVAL;
	call->name_len = length;
	return task_memory(task, address, &call->name, length);
}

int net_take(struct guard *guard, const struct seccomp_notif *notif, struct net_call *call, bool *seen)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	int ret;

	*call = (struct net_call){.notif = *notif, .fd = net_copy(guard->net, &task, (int)notif->data.args[0])};
	*seen = call->fd >= 0 || call->fd == -EBADF || call->fd == -ENOBUFS;
	if (call->fd < 0)
		return call->fd;
	ret = peer_socket(call->fd, &call->socket);
	if (ret)
		return ret;
	call->flags = fcntl(call->fd, F_GETFL);
	call->blocks = call->flags >= 0 && !(call->flags & O_NONBLOCK);
	return 0;
}

bool net_fixed(const struct guard *guard, const struct task *task)
{
	char path[32];
	struct stat st;

#ifdef MANTLET_BREACH_NO_COPIES /* for the tests: a boundary that is none, to see that they would tell */
	return true;
#endif
	/* the directory of a task's threads has a link for each, beside its own two */
	snprintf(path, sizeof(path), "%d/task", task->tid);
	return !guard->net->shared && fstatat(task->proc, path, &st, 0) == 0 && st.st_nlink == 3;
}

/* A process, and no thread, that shares the descriptors: from now on any two may. */
void net_clone_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	guard->net->shared = true;
	notif_continue(guard, notif);
}

static void net_report(struct guard *guard, const struct seccomp_notif *notif, const struct verdict *verdict,
		       struct audit_record *record)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	struct task_text text;

	task_describe(&task, &text);
	guard_report(guard, &text, record, verdict);
}

bool net_denied(struct guard *guard, const struct net_call *call, const struct peer *peer)
{
	struct verdict verdict = peer_judge(guard->config.image, &call->socket, peer);
	struct audit_record record = {0};
	struct peer_text text;

	if (verdict.reported) {
		if (peer->unread)
			record.reason = "the address is too short, of a family that the socket has not, or behind a "
					"source route";
		peer_record(&call->socket, peer, &text, &record);
		net_report(guard, &call->notif, &verdict, &record);
	}
	return verdict.enforced;
}

void net_unseen(struct guard *guard, const struct seccomp_notif *notif)
{
	struct verdict verdict = verdict_of(guard->config.image, VERDICT_UNRESOLVED(RULE_CONNECT));
	struct audit_record record = {
		.event = AUDIT_CONNECT,
		.protocol = "unknown",
		.reason = notif->pid ? "the task may not be looked at: give the container SYS_PTRACE"
				     : "the task is in a pid namespace that cannot be seen",
	};

	net_report(guard, notif, &verdict, &record);
	if (verdict.enforced)
		notif_refuse(guard, notif, EACCES);
	else
		notif_continue(guard, notif);
}

static bool names_path(const struct net_call *call)
{
	const struct sockaddr_un *un = (const void *)&call->name;

	return call->socket.family == AF_UNIX && call->name_len > offsetof(struct sockaddr_un, sun_path) &&
	       un->sun_path[0];
}

/* The task's root, if it is not ours. */
static int root_enter(struct guard *guard, const struct task *task, struct net_guise *guise)
{
	struct file_id theirs, ours;
	int root = task_open(task, "root", O_PATH | O_DIRECTORY), ret = 0;

	if (root < 0 || file_identify(root, "", AT_EMPTY_PATH, &theirs) ||
	    file_identify(guard->root, "", AT_EMPTY_PATH, &ours)) {
		ret = -EACCES;
	} else if (!file_same(&theirs, &ours) || theirs.mount != ours.mount) {
		ret = fchdir(root) || chroot(".") ? -EACCES : 0;
		guise->moved = true;
		guise->rooted = !ret;
	}
	if (root >= 0)
		close(root);
	return ret;
}

/* A path is looked up from the task's root and directory. */
static int place_enter(struct guard *guard, const struct net_call *call, struct net_guise *guise)
{
	struct task task = {.proc = guard->proc, .tid = call->notif.pid};
	int cwd, ret;

	if (!names_path(call))
		return 0;
	cwd = task_open(&task, "cwd", O_PATH | O_DIRECTORY);
	if (cwd < 0)
		return -EACCES;
	ret = root_enter(guard, &task, guise);
	if (!ret && ((const struct sockaddr_un *)&call->name)->sun_path[0] != '/') {
		ret = fchdir(cwd) ? -EACCES : 0;
		guise->moved = true;
	}
	close(cwd);
	return ret;
}

static void place_leave(struct guard *guard, struct net_guise *guise)
{
	/* else every look-up of ours would be the application's to bend */
	if (guise->rooted && (fchdir(guard->root) || chroot(".")))
		abort();
	if (guise->moved && guard->net->cwd >= 0 && fchdir(guard->net->cwd))
		return; /* it is gone, and nothing of ours is relative to it */
}

int net_enter(struct guard *guard, const struct net_call *call, struct net_guise *guise)
{
	struct task task = {.proc = guard->proc, .tid = call->notif.pid};

	*guise = (struct net_guise){0};
	if (creds_read(&task, &guise->creds))
		return -EACCES;
	if (guise->creds.unsure || place_enter(guard, call, guise) || creds_enter(&guard->net->own, &guise->creds)) {
		place_leave(guard, guise);
		creds_drop(&guise->creds);
		return -EACCES;
	}
	return 0;
}

void net_leave(struct guard *guard, struct net_guise *guise)
{
	creds_leave(&guard->net->own, &guise->creds);
	place_leave(guard, guise);
	creds_drop(&guise->creds);
}

int net_lend(struct guard *guard, const struct net_call *call, struct creds *lent)
{
	struct task task = {.proc = guard->proc, .tid = call->notif.pid};
	struct creds creds;

	if (creds_read(&task, &creds))
		return -EACCES;
	*lent = guard->net->own;
	lent->effective = creds.foreign || creds.unsure ? 0 : creds.effective;
	creds_drop(&creds);
	return creds_enter(&guard->net->own, lent);
}

static bool is_connected(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

static long connect_once(const struct net_call *call)
{
	return connect(call->fd, (const struct sockaddr *)&call->name, call->name_len) < 0 ? -errno : 0;
}

/* connect() on our copy, which is not to wait. For that moment a blocking socket is none to anybody: but it is not
 * connected, so there is nobody who reads or writes. */
static long connect_begin(struct net_call *call)
{
	bool change =
		call->blocks && call->socket.type != SOCK_DGRAM && (call->socket.idle || !is_connected(call->fd));
	long result;

	call->socket.idle = false;
	if (change)
		fcntl(call->fd, F_SETFL, call->flags | O_NONBLOCK);
	result = connect_once(call);
	/* who is on this machine answers within the call, and this one asks what became of it */
	if (change && result == -EINPROGRESS)
		result = connect_once(call);
	if (change)
		fcntl(call->fd, F_SETFL, call->flags);
	return change && (result == -EINPROGRESS || result == -EALREADY || result == -EAGAIN) ? NET_WAIT : result;
}

long net_connect_attempt(struct guard *guard, struct net_call *call)
{
	struct net_guise guise;
	long result;
	int ret;

	if (call->socket.is != SOCKET_LOCAL)
		return connect_begin(call);
	ret = net_enter(guard, call, &guise);
	if (ret)
		return ret;
	result = connect_begin(call);
	net_leave(guard, &guise);
	return result;
}

static void net_perform(struct guard *guard, struct net_call *call)
{
	long result;

#ifdef MANTLET_BREACH_NO_COPIES
	notif_continue(guard, &call->notif);
	net_free(call);
	return;
#endif
	result = call->attempt(guard, call);
	if (result == NET_WAIT) {
		net_park(guard, call);
		return;
	}
	net_release(call);
	net_answer(guard, &call->notif, result);
	net_free(call);
}

/* May we connect in its stead? Else it is answered. ret: why not, as net_take() said. */
static bool connect_allowed(struct guard *guard, struct net_call *call, int ret, bool seen)
{
	struct task task = {.proc = guard->proc, .tid = call->notif.pid};
	const bool kernel = seen && !ret && call->socket.is == SOCKET_LOCAL && net_fixed(guard, &task);
	struct peer peer;

	if (seen && !ret && !kernel) {
		peer_read(&call->socket, &call->name, call->name_len, false, &peer);
		if (!net_denied(guard, call, &peer))
			return true;
		ret = -EACCES;
	}
	net_release(call);
	if (kernel)
		notif_continue(guard, &call->notif);
	else if (seen)
		notif_refuse(guard, &call->notif, -ret);
	else
		net_unseen(guard, &call->notif);
	return false;
}

void net_connect_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	struct net_call *call;
	bool seen = false;
	int ret;

	if (net_resumed(guard, notif))
		return;
	call = malloc(sizeof(*call));
	if (!call) {
		notif_refuse(guard, notif, ENOBUFS);
		return;
	}
	*call = (struct net_call){.notif = *notif, .fd = -1};
	ret = notif->pid ? net_take(guard, notif, call, &seen) : -ESRCH;
	if (!ret)
		ret = net_name(&task, notif->data.args[1], notif->data.args[2], call);
	call->attempt = net_connect_attempt;
	if (notif_valid(guard, notif) && connect_allowed(guard, call, ret, seen))
		net_perform(guard, call);
	else
		net_free(call);
}

/* By value: what was judged is what the kernel takes. */
void net_socket_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	struct net_call call = {
		.notif = *notif,
		.socket = {.family = (int)notif->data.args[0],
			   .type = (int)notif->data.args[1] & SOCKET_TYPE_MASK,
			   .protocol = (int)notif->data.args[2]},
	};
	struct peer peer = {.asked = true};

	call.socket.is = verdict_socket(call.socket.family, call.socket.type, call.socket.protocol);
	if (call.socket.is == SOCKET_DOOR && net_denied(guard, &call, &peer))
		notif_refuse(guard, notif, EACCES);
	else
		notif_continue(guard, notif);
}
