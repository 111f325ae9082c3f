/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sendto, sendmsg and sendmmsg. sendto says by value whether it names anybody, and comes here only if it does; of
 * the others all come here, since the name is behind a pointer, and what has none when we look may have one when
 * the kernel does. Descriptors and credentials that a message carries are the task's.
 */
#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "supervisor.h"

#define NET_KERNEL (NET_WAIT + 1) /* the kernel may go on */
#define CONTROL_MAX 65536u        /* more than the kernel takes (net.core.optmem_max) by default */
#define MESSAGE_MAX (1u << 22)    /* of one datagram of a local socket; it is the send buffer that limits it */
#define CHUNK_MAX (1u << 18)      /* of a stream, at once */
#define PASSED_MAX 253u           /* SCM_MAX_FD */
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

void send_release(struct net_send *send)
{
	for (size_t i = 0; i < send->passed_count; i++)
		close(send->passed[i]);
	send->passed_count = 0;
}

void send_free(struct net_send *send)
{
	free(send->passed);
	free(send->control);
	free(send->iov);
	free(send);
}

static bool keeps_borders(const struct net_call *call)
{
	return call->socket.type != SOCK_STREAM;
}

/* What is next of the task's data. Its length, or -errno. */
static ssize_t gather(const struct task *task, const struct net_call *call, char *buf, size_t len)
{
	const struct net_send *send = call->send;
	size_t skip = send->done, got = 0;

	for (size_t i = 0; i < send->iov_count && got < len; i++) {
		size_t part = send->iov[i].iov_len;
		ssize_t read;

		if (skip >= part) {
			skip -= part;
			continue;
		}
		part = part - skip < len - got ? part - skip : len - got;
		read = task_bytes(task, (uintptr_t)send->iov[i].iov_base + skip, buf + got, part);
		if (read < 0)
			return -EFAULT;
		skip = 0;
		got += read;
		if ((size_t)read < part)
			break;
	}
	return got < len && (keeps_borders(call) || !got) ? -EFAULT : (ssize_t)got;
}

static long send_once(struct guard *guard, struct net_call *call, char *buf, size_t len)
{
	struct net_send *send = call->send;
	struct iovec iov = {.iov_base = buf, .iov_len = len};
	struct msghdr msg = {
		.msg_name = send->named ? &call->name : NULL,
		.msg_namelen = send->named ? call->name_len : 0,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = send->done ? NULL : send->control,
		.msg_controllen = send->done ? 0 : send->control_len,
	};
	const bool local = call->socket.is == SOCKET_LOCAL, lends = !local && msg.msg_controllen;
	struct net_guise guise;
	struct creds lent;
	long result;

	if ((local && net_enter(guard, call, &guise)) || (lends && net_lend(guard, call, &lent)))
		return -EACCES;
	result = sendmsg(call->fd, &msg, send->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	if (result < 0)
		result = -errno;
	if (local)
		net_leave(guard, &guise);
	if (lends)
		creds_leave(&guard->net->own, &lent);
	return result;
}

/* One chunk of a stream, or a whole message. */
static long send_some(struct guard *guard, struct net_call *call)
{
	struct task task = {.proc = guard->proc, .tid = call->notif.pid};
	size_t len = call->send->total - call->send->done;
	ssize_t got;
	char *buf;
	long result;

	if (keeps_borders(call) && len > MESSAGE_MAX)
		return -EMSGSIZE;
	if (!keeps_borders(call) && len > CHUNK_MAX)
		len = CHUNK_MAX;
	buf = malloc(len ? len : 1);
	if (!buf)
		return -ENOBUFS;
	got = gather(&task, call, buf, len);
	result = got < 0 ? got : send_once(guard, call, buf, got);
	free(buf);
	return result;
}

static long send_attempt(struct guard *guard, struct net_call *call)
{
	struct net_send *send = call->send;
	long result;

	/* what the kernel does without a cookie; and from then on it is a stream like any other */
	if (send->fastopen) {
		result = call->name.ss_family == AF_UNSPEC ? -EOPNOTSUPP : net_connect_attempt(guard, call);
		if (result)
			return result;
		send->fastopen = send->named = false;
	}
	result = send_some(guard, call);
	if (result < 0) {
		if (result == -EAGAIN && call->blocks)
			return NET_WAIT;
		return send->done ? (long)send->done : result;
	}
	send->done += result;
	if (keeps_borders(call) || send->done >= send->total || !call->blocks)
		return (long)send->done;
	return NET_WAIT;
}

/* An address that a source route visits first was not judged. */
static bool source_routed(const struct cmsghdr *cmsg)
{
	return (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RETOPTS) ||
	       (cmsg->cmsg_level == IPPROTO_IPV6 &&
		(cmsg->cmsg_type == IPV6_RTHDR || cmsg->cmsg_type == IPV6_2292RTHDR));
}

static int rights_take(struct guard *guard, const struct task *task, struct net_call *call, struct cmsghdr *cmsg)
{
	struct net_send *send = call->send;
	size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int *grown;

	if (count + send->passed_count > PASSED_MAX)
		return -EINVAL;
	grown = realloc(send->passed, (count + send->passed_count + 1) * sizeof(int));
	if (!grown)
		return -ENOBUFS;
	send->passed = grown;
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		fd = net_copy(guard->net, task, fd);
		if (fd < 0)
			return fd;
		send->passed[send->passed_count++] = fd;
		memcpy(CMSG_DATA(cmsg) + i * sizeof(int), &fd, sizeof(int));
	}
	return 0;
}

static bool one_of(const uint32_t id[CREDS_IDS], uint32_t one)
{
	return one == id[CREDS_REAL] || one == id[CREDS_EFFECTIVE] || one == id[CREDS_SAVED];
}

/* What a task may claim to be is asked of it, as scm_check_creds() does: we may claim more. Which process it is may be
 * said by few; for the others it is us. */
static int claim_take(struct guard *guard, const struct task *task, struct cmsghdr *cmsg)
{
	struct ucred *claim = (void *)CMSG_DATA(cmsg);
	struct creds creds;
	bool may, admin;

	if (cmsg->cmsg_len != CMSG_LEN(sizeof(*claim)))
		return -EINVAL;
	if (creds_read(task, &creds))
		return -EACCES;
	admin = creds_have(&creds, CAP_SYS_ADMIN) && creds_have(&guard->net->own, CAP_SYS_ADMIN);
	may = !creds.unsure && (claim->pid == task_group(task) || admin) &&
	      (one_of(creds.uid, claim->uid) || creds_have(&creds, CAP_SETUID)) &&
	      (one_of(creds.gid, claim->gid) || creds_have(&creds, CAP_SETGID));
	creds_drop(&creds);
	if (may && !admin)
		claim->pid = getpid();
	return may ? 0 : -EPERM;
}

static int control_take(struct guard *guard, const struct task *task, struct net_call *call)
{
	const struct peer routed = {.asked = true, .unread = true};
	struct net_send *send = call->send;
	struct msghdr msg = {.msg_control = send->control, .msg_controllen = send->control_len};
	int ret = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg && !ret; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_len < sizeof(*cmsg) ||
		    cmsg->cmsg_len > (size_t)(send->control + send->control_len - (char *)cmsg))
			return -EINVAL;
		if (call->socket.is != SOCKET_LOCAL)
			ret = source_routed(cmsg) && net_denied(guard, call, &routed) ? -EACCES : 0;
		else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
			ret = rights_take(guard, task, call, cmsg);
		else if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_CREDENTIALS)
			ret = claim_take(guard, task, cmsg);
	}
	return ret;
}

static int control_read(struct guard *guard, const struct task *task, const struct msghdr *msg, struct net_call *call)
{
	struct net_send *send = call->send;
	int ret;

	if (!msg->msg_controllen)
		return 0;
	if (msg->msg_controllen > CONTROL_MAX)
		return -ENOBUFS;
	send->control = malloc(msg->msg_controllen);
	if (!send->control)
		return -ENOBUFS;
	send->control_len = msg->msg_controllen;
	ret = task_memory(task, (uintptr_t)msg->msg_control, send->control, send->control_len);
	return ret ? ret : control_take(guard, task, call);
}

static int iov_read(const struct task *task, const struct msghdr *msg, struct net_send *send)
{
	int ret;

	if (msg->msg_iovlen > IOV_MAX)
		return -EMSGSIZE;
	send->iov = calloc(msg->msg_iovlen + 1, sizeof(struct iovec));
	if (!send->iov)
		return -ENOBUFS;
	send->iov_count = msg->msg_iovlen;
	ret = task_memory(task, (uintptr_t)msg->msg_iov, send->iov, send->iov_count * sizeof(struct iovec));
	for (size_t i = 0; i < send->iov_count && !ret; i++) {
		if (send->iov[i].iov_len > SSIZE_MAX)
			ret = -EINVAL;
		else if (send->iov[i].iov_len > INT_MAX - send->total) /* MAX_RW_COUNT, about */
			send->iov[i].iov_len = INT_MAX - send->total;
		send->total += send->iov[i].iov_len;
	}
	return ret;
}

/* Everything that the kernel would read of the message, but the data. */
static int message_read(struct guard *guard, const struct task *task, const struct msghdr *msg, struct net_call *call)
{
	int ret;

	call->send->named = msg->msg_name && msg->msg_namelen;
	if ((int)msg->msg_namelen < 0)
		return -EINVAL;
	ret = call->send->named
		      ? net_name(task, (uintptr_t)msg->msg_name,
				 msg->msg_namelen < sizeof(call->name) ? msg->msg_namelen : sizeof(call->name), call)
		      : 0;
	if (!ret)
		ret = iov_read(task, msg, call->send);
	return ret ? ret : control_read(guard, task, msg, call);
}

static uint64_t header_at(const struct seccomp_data *data, uint64_t index)
{
	return data->args[1] + (data->nr == SCMP_SYS(sendmmsg) ? index * sizeof(struct mmsghdr) : 0);
}

/* sendto has no header: the message is in its arguments. */
static int sendto_read(const struct task *task, const struct seccomp_data *data, struct net_call *call)
{
	struct net_send *send = call->send;

	send->iov = malloc(sizeof(struct iovec));
	if (!send->iov)
		return -ENOBUFS;
	send->total = data->args[2] > INT_MAX ? INT_MAX : data->args[2];
	send->iov[0] = (struct iovec){.iov_base = (void *)(uintptr_t)data->args[1], .iov_len = send->total};
	send->iov_count = 1;
	send->named = data->args[4];
	return send->named ? net_name(task, data->args[4], data->args[5], call) : 0;
}

static int call_read(struct guard *guard, const struct task *task, uint64_t index, struct net_call *call)
{
	const struct seccomp_data *data = &call->notif.data;
	const bool to = data->nr == SCMP_SYS(sendto), many = data->nr == SCMP_SYS(sendmmsg);
	struct msghdr msg;
	int ret;

	call->attempt = send_attempt;
	call->send->flags = (int)data->args[many || to ? 3 : 2] & ~MSG_FASTOPEN;
	call->send->fastopen = call->socket.is == SOCKET_STREAM && data->args[many || to ? 3 : 2] & MSG_FASTOPEN;
	if (call->send->flags & MSG_DONTWAIT || index)
		call->blocks = false;
	/* pages of ours cannot be lent to the kernel; the caller then has to copy (ENOBUFS) */
	if (call->send->flags & MSG_ZEROCOPY)
		return -ENOBUFS;
	if (to)
		return sendto_read(task, data, call);
	ret = task_memory(task, header_at(data, index), &msg, sizeof(msg));
	if (many)
		call->send->length_at = header_at(data, index) + offsetof(struct mmsghdr, msg_len);
	return ret ? ret : message_read(guard, task, &msg, call);
}

static bool send_refused(struct guard *guard, struct net_call *call)
{
	struct peer peer;

	if (!call->send->named && call->socket.is != SOCKET_DOOR)
		return false;
	peer_read(&call->socket, &call->name, call->name_len, true, &peer);
	return net_denied(guard, call, &peer);
}

static struct net_call *call_new(void)
{
	struct net_call *call = malloc(sizeof(*call));
	struct net_send *send = calloc(1, sizeof(*send));

	if (call && send) {
		*call = (struct net_call){.fd = -1, .send = send};
		return call;
	}
	free(call);
	free(send);
	return NULL;
}

/* Is there nothing that could name anybody, whoever writes to the message meanwhile? */
static bool left_alone(struct guard *guard, const struct task *task, const struct net_call *call)
{
	const struct seccomp_data *data = &call->notif.data;
	struct msghdr msg;

	if (call->socket.is == SOCKET_LOCAL)
		return net_fixed(guard, task);
	/* a stream goes where it was connected to */
	return data->nr == SCMP_SYS(sendmsg) && call->socket.is == SOCKET_STREAM && !(data->args[2] & MSG_FASTOPEN) &&
	       !task_memory(task, data->args[1], &msg, sizeof(msg)) && !msg.msg_namelen && net_fixed(guard, task);
}

/* Message number index: sent, to be parked (NET_WAIT), or -errno. *out is the call, to be freed. */
static long message_send(struct guard *guard, const struct seccomp_notif *notif, uint64_t index, bool *seen,
			 struct net_call **out)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	struct net_call *call = *out = call_new();
	struct net_send *send;
	int ret;

	if (!call)
		return -ENOBUFS;
	send = call->send;
	ret = net_take(guard, notif, call, seen);
	call->send = send;
	if (!ret && !index && left_alone(guard, &task, call))
		return notif_valid(guard, notif) ? NET_KERNEL : -ESRCH;
	if (!ret)
		ret = call_read(guard, &task, index, call);
	if (!notif_valid(guard, notif))
		return -ESRCH;
	if (ret)
		return ret;
	if (send_refused(guard, call))
		return -EACCES;
#ifdef MANTLET_BREACH_NO_COPIES /* for the tests, as the other BREACHes */
	return NET_KERNEL;
#endif
	return call->attempt(guard, call);
}

/* How much of a message was sent, to where sendmmsg wants it; it is the task's own memory. */
static void length_write(const struct net_call *call, long result)
{
	unsigned int length = result;

	if (process_vm_writev(call->notif.pid, &(struct iovec){&length, sizeof(length)}, 1,
			      &(struct iovec){(void *)(uintptr_t)call->send->length_at, sizeof(length)}, 1, 0) < 0)
		return; /* its memory is not there: the kernel would say EFAULT to a message that was sent */
}

void send_over(struct guard *guard, struct net_call *call, long result)
{
	struct task task = {.proc = guard->proc, .tid = call->notif.pid};
	pid_t tgid = 0;

	if (call->send->length_at && result >= 0) {
		length_write(call, result);
		result = 1;
	}
	if (result == -EPIPE && !keeps_borders(call) && !(call->send->flags & MSG_NOSIGNAL))
		tgid = task_group(&task);
	net_answer(guard, &call->notif, result);
	/* not before: it would take the task out of the call, to ask again */
	if (tgid)
		syscall(SYS_tgkill, tgid, task.tid, SIGPIPE);
}

/* sendmmsg stops at the first message that fails, and says how many there were before. */
static void messages_send(struct guard *guard, const struct seccomp_notif *notif)
{
	unsigned int count = notif->data.nr == SCMP_SYS(sendmmsg) ? (unsigned int)notif->data.args[2] : 1, sent = 0;
	struct net_call *call = NULL;
	long result = 0;
	bool seen = true;

	for (; sent < count && sent < IOV_MAX; sent++) {
		result = message_send(guard, notif, sent, &seen, &call);
		if (result < 0 || count == 1)
			break;
		length_write(call, result);
		net_free(call);
		call = NULL;
	}
	if (call && (sent || !seen || result != NET_WAIT))
		net_release(call);
	if (!seen)
		net_unseen(guard, notif);
	else if (result == NET_KERNEL)
		notif_continue(guard, notif);
	else if (sent || !call)
		net_answer(guard, notif, sent ? (long)sent : result);
	else if (result == NET_WAIT)
		net_park(guard, call);
	else
		send_over(guard, call, result);
	if (call && (sent || !seen || result != NET_WAIT))
		net_free(call);
}

void net_send_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	if (net_resumed(guard, notif))
		return;
	if (notif->pid)
		messages_send(guard, notif);
	else
		net_unseen(guard, notif);
}
