/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does one thing for each argument, and says in a line each what came of it: for scenarios, which run where there
 * is little else. What counts is the effect, not what a call returned:
 *
 *   act 'tcp 127.0.0.1 7001' 'sendto ::1 7002' 'door raw' 'setuid 33' 'setgroups 1,2'
 *
 * WAY ADDRESS PORT   reaches for a receiver that it puts there itself, on loopback: "arrived", "refused" (EACCES, and
 *                    nothing came), "lost" (no error, and nothing came), or the error's name
 * door KIND          makes such a socket: "open", "refused", or the error's name
 * CALL IDS…          in a child: "taken" if the child has the ids then, "refused" (EPERM, and it has not), "ignored"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_packet.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MPTCP 262
#define UDPLITE 136
#define SCTP 132
#define XDP 44

/* ---- addresses */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct way {
	const char *name;
	int type, protocol;
	int (*go)(int fd, union address *to, socklen_t len);
	int family; /* of the socket; 0: the address's own */
};

static int by_connect(int fd, union address *to, socklen_t len)
{
	return connect(fd, &to->any, len) < 0 ? -1 : (int)send(fd, "x", 1, MSG_NOSIGNAL);
}

static int by_sendto(int fd, union address *to, socklen_t len)
{
	return sendto(fd, "x", 1, 0, &to->any, len);
}

static struct msghdr message(union address *to, socklen_t len, struct iovec *data)
{
	*data = (struct iovec){"x", 1};
	return (struct msghdr){.msg_name = to, .msg_namelen = len, .msg_iov = data, .msg_iovlen = 1};
}

static int by_sendmsg(int fd, union address *to, socklen_t len)
{
	struct iovec data;
	struct msghdr msg = message(to, len, &data);

	return sendmsg(fd, &msg, 0);
}

static int by_sendmmsg(int fd, union address *to, socklen_t len)
{
	struct iovec data;
	struct mmsghdr msg = {.msg_hdr = message(to, len, &data)};

	return sendmmsg(fd, &msg, 1, 0);
}

static int by_fastopen(int fd, union address *to, socklen_t len)
{
	return sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, &to->any, len);
}

static int by_fastopen_msg(int fd, union address *to, socklen_t len)
{
	struct iovec data;
	struct msghdr msg = message(to, len, &data);

	return sendmsg(fd, &msg, MSG_FASTOPEN | MSG_NOSIGNAL);
}

/* An IPv4 socket takes a send to AF_UNSPEC for one to AF_INET. */
static int by_unspec(int fd, union address *to, socklen_t len)
{
	to->any.sa_family = AF_UNSPEC;
	return sendto(fd, "x", 1, 0, &to->any, len);
}

/* Shorter than its family's: no kernel should take it. */
static int by_short(int fd, union address *to, socklen_t len)
{
	return sendto(fd, "x", 1, 0, &to->any, len / 2);
}

/* AF_UNSPEC in connect() ends a connection: it names nobody. */
static int by_disconnect(int fd, union address *to, socklen_t len)
{
	to->any.sa_family = AF_UNSPEC;
	return connect(fd, &to->any, len);
}

static const struct way ways[] = {
	{"tcp", SOCK_STREAM, 0, by_connect, 0},
	{"udp", SOCK_DGRAM, 0, by_connect, 0},
	{"sendto", SOCK_DGRAM, 0, by_sendto, 0},
	{"sendmsg", SOCK_DGRAM, 0, by_sendmsg, 0},
	{"sendmmsg", SOCK_DGRAM, 0, by_sendmmsg, 0},
	{"udplite", SOCK_DGRAM, UDPLITE, by_sendto, 0},
	{"mptcp", SOCK_STREAM, MPTCP, by_connect, 0},
	{"fastopen", SOCK_STREAM, 0, by_fastopen, 0},
	{"fastopen-msg", SOCK_STREAM, 0, by_fastopen_msg, 0},
	{"mptcp-fastopen", SOCK_STREAM, MPTCP, by_fastopen, 0},
	{"unspec", SOCK_DGRAM, 0, by_unspec, 0},
	{"short", SOCK_DGRAM, 0, by_short, 0},
	{"disconnect", SOCK_DGRAM, 0, by_disconnect, 0},
	/* the address of one family given to a socket of the other */
	{"udp-on-6", SOCK_DGRAM, 0, by_connect, AF_INET6},
	{"sendto-on-6", SOCK_DGRAM, 0, by_sendto, AF_INET6},
	{"mapped-tcp", SOCK_STREAM, 0, by_connect, -AF_INET6},
	{"mapped-udp", SOCK_DGRAM, 0, by_connect, -AF_INET6},
	{"mapped-sendto", SOCK_DGRAM, 0, by_sendto, -AF_INET6},
	{"mapped-fastopen", SOCK_STREAM, 0, by_fastopen, -AF_INET6},
};

static socklen_t read_address(const char *text, int port, union address *to)
{
	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &to->in.sin_addr) == 1) {
		to->in.sin_family = AF_INET;
		to->in.sin_port = htons(port);
		return sizeof(to->in);
	}
	if (inet_pton(AF_INET6, text, &to->in6.sin6_addr) != 1)
		exit(fprintf(stderr, "act: %s: no address\n", text) != 0);
	to->in6.sin6_family = AF_INET6;
	to->in6.sin6_port = htons(port);
	return sizeof(to->in6);
}

static void map(union address *to, socklen_t *len)
{
	struct sockaddr_in in = to->in;

	memset(to, 0, sizeof(*to));
	to->in6.sin6_family = AF_INET6;
	to->in6.sin6_port = in.sin_port;
	to->in6.sin6_addr.s6_addr[10] = to->in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(to->in6.sin6_addr.s6_addr + 12, &in.sin_addr, 4);
	*len = sizeof(to->in6);
}

/* Where the unspecified address leads to. */
static void as_receiver(union address *at)
{
	if (at->any.sa_family == AF_INET && at->in.sin_addr.s_addr == INADDR_ANY)
		at->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (at->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&at->in6.sin6_addr))
		at->in6.sin6_addr = in6addr_loopback;
}

static int receiver(const struct way *way, const union address *to, socklen_t len)
{
	int fd = socket(to->any.sa_family, way->type, way->protocol), one = 1, queue = 16;
	union address at = *to;

	as_receiver(&at);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, 23 /* TCP_FASTOPEN */, &queue, sizeof(queue));
	if (bind(fd, &at.any, len) < 0 || (way->type == SOCK_STREAM && listen(fd, 4) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Did something come? */
static bool came(int receiver)
{
	struct pollfd ready = {.fd = receiver, .events = POLLIN};

	return poll(&ready, 1, 100) > 0;
}

static const char *outcome(int r, int err, bool came)
{
	if (came)
		return "arrived";
	if (r >= 0)
		return "lost";
	return err == EACCES ? "refused" : strerrorname_np(err);
}

static const char *reach(const struct way *way, const char *text, int port)
{
	union address to;
	socklen_t len = read_address(text, port, &to);
	int at = receiver(way, &to, len), fd, r, err;
	const char *said;

	if (at < 0)
		return "no receiver here";
	fd = socket(way->family ? abs(way->family) : to.any.sa_family, way->type, way->protocol);
	if (fd < 0)
		return "no socket";
	if (way->family < 0)
		map(&to, &len);
	r = way->go(fd, &to, len);
	err = errno;
	said = way->go == by_disconnect && !r ? "done" : outcome(r, err, came(at));
	close(fd);
	close(at);
	return said;
}

/* ---- doors */

static const struct {
	const char *name;
	int family, type, protocol;
} doors[] = {
	{"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP},
	{"raw-udp", AF_INET, SOCK_RAW, IPPROTO_UDP},
	{"raw-ip", AF_INET, SOCK_RAW, IPPROTO_RAW},
	{"raw-6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
	{"packet", AF_PACKET, SOCK_RAW, 0},
	{"packet-datagram", AF_PACKET, SOCK_DGRAM, 0},
	{"packet-old", AF_INET, SOCK_PACKET, 0},
	{"vsock", AF_VSOCK, SOCK_STREAM, 0},
	{"xdp", XDP, SOCK_RAW, 0},
	{"sctp", AF_INET, SOCK_STREAM, SCTP},
	{"tipc", AF_TIPC, SOCK_STREAM, 0},
	{"bluetooth", AF_BLUETOOTH, SOCK_RAW, 1},
	{"unix", AF_UNIX, SOCK_STREAM, 0},
	{"netlink", AF_NETLINK, SOCK_RAW, 0},
	{"udp", AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0},
	{"tcp", AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0},
};

/* Packets that visit another address first. */
static const char *source_route(void)
{
	static const unsigned char loose[8] = {131 /* LSRR */, 7, 4, 127, 0, 0, 3, 0};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), r = setsockopt(fd, IPPROTO_IP, IP_OPTIONS, loose, sizeof(loose));
	const char *said = !r ? "open" : errno == EACCES || errno == EPERM ? "refused" : strerrorname_np(errno);

	close(fd);
	return said;
}

static const char *open_door(const char *name)
{
	if (!strcmp(name, "source-route"))
		return source_route();
	for (size_t i = 0; i < sizeof(doors) / sizeof(*doors); i++) {
		int fd;

		if (strcmp(doors[i].name, name))
			continue;
		fd = socket(doors[i].family, doors[i].type, doors[i].protocol);
		if (fd < 0)
			return errno == EACCES ? "refused" : strerrorname_np(errno);
		close(fd);
		return "open";
	}
	return "no such door";
}

/* ---- identity */

#define IDS_MAX 64

struct ids {
	uid_t id[IDS_MAX];
	int count;
};

/* The line of /proc/self/status that begins with key, as numbers. */
static struct ids status_ids(const char *key)
{
	char line[4096], *at, *end;
	struct ids ids = {{0}, 0};
	FILE *file = fopen("/proc/thread-self/status", "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		for (at = line + strlen(key); ids.count < IDS_MAX; at = end) {
			ids.id[ids.count] = strtoul(at, &end, 10);
			if (end == at)
				break;
			ids.count++;
		}
	}
	if (file)
		fclose(file);
	return ids;
}

static struct ids read_ids(const char *text)
{
	struct ids ids = {{0}, 0};
	char *end;

	for (; *text && ids.count < IDS_MAX; text = end + (*end == ',')) {
		ids.id[ids.count++] = strtoll(text, &end, 10);
		if (end == text)
			break;
	}
	return ids;
}

/* Is each of the wanted ids (but -1) one of those that the task has? */
static bool has_ids(const struct ids *wanted, const struct ids *has)
{
	for (int i = 0; i < wanted->count; i++) {
		bool found = wanted->id[i] == (uid_t)-1;

		for (int k = 0; k < has->count; k++)
			found |= has->id[k] == wanted->id[i];
		if (!found)
			return false;
	}
	return true;
}

/* By system call: the C library would change all threads, and has no call for some. */
static const struct {
	const char *name;
	long number;
	const char *key;
} calls[] = {
	{"setuid", SYS_setuid, "Uid:"},          {"setgid", SYS_setgid, "Gid:"},
	{"setreuid", SYS_setreuid, "Uid:"},      {"setregid", SYS_setregid, "Gid:"},
	{"setresuid", SYS_setresuid, "Uid:"},    {"setresgid", SYS_setresgid, "Gid:"},
	{"setfsuid", SYS_setfsuid, "Uid:"},      {"setfsgid", SYS_setfsgid, "Gid:"},
	{"setgroups", SYS_setgroups, "Groups:"},
};

enum taken { TAKEN = 10, REFUSED, IGNORED, OTHER };

__attribute__((noreturn)) static void take(long number, const char *key, const struct ids *ids)
{
	long r = number == SYS_setgroups ? syscall(number, (long)ids->count, ids->id)
					 : syscall(number, ids->id[0], ids->id[1], ids->id[2]);
	int err = errno;
	struct ids has = status_ids(key);

	if (has_ids(ids, &has))
		_exit(TAKEN);
	_exit(r < 0 && err == EPERM ? REFUSED : r < 0 ? OTHER : IGNORED);
}

static const char *change(const char *name, const char *text)
{
	static const char *const said[] = {"taken", "refused", "ignored", "another error"};
	struct ids ids = read_ids(text);
	int status = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		pid_t child;

		if (strcmp(calls[i].name, name))
			continue;
		child = fork();
		if (!child)
			take(calls[i].number, calls[i].key, &ids);
		if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status))
			return "no child";
		status = WEXITSTATUS(status);
		return status >= TAKEN && status <= OTHER ? said[status - TAKEN] : "no answer";
	}
	return "no such call";
}

/* ---- */

static const char *act(const char *text)
{
	char verb[32] = "", first[128] = "";
	int port = 0, words = sscanf(text, "%31s %127s %d", verb, first, &port);

	/* what it is now: for a program that has another identity by exec */
	if (!strcmp(verb, "euid")) {
		static char number[16];

		snprintf(number, sizeof(number), "%u", geteuid());
		return number;
	}
	if (!strcmp(verb, "door"))
		return open_door(first);
	for (size_t i = 0; words == 3 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, verb))
			return reach(&ways[i], first, port);
	return change(verb, first);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		printf("%s: %s\n", argv[i], act(argv[i]));
		fflush(stdout);
	}
	return argc < 2;
}
