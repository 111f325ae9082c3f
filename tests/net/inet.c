/* SPDX-License-Identifier: BSD-2-Clause */
/* Manners of connect() and of sends to an IP address. */
#include "manners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define SLOW 500

static int connect_to(int fd, const char *address, int port)
{
	struct sockaddr_in in = inet(address, port);

	return connect(fd, (void *)&in, sizeof(in));
}

static int socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static const char *later(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLOUT};

	return poll(&poller, 1, 5000) == 1 ? strerrorname_np(socket_error(fd)) : "nothing";
}

static void blocking(void)
{
	int fd = tcp(0), other;
	char byte = 0;

	saw("connect %s", outcome(connect_to(fd, "127.0.0.1", PORT)));
	other = accepted(fd);
	saw("sent %d", (int)send(fd, "x", 1, 0));
	saw("came %d", (int)recv(other, &byte, 1, 0));
	saw("blocks still: %d", !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	saw("again %s", outcome(connect_to(fd, "127.0.0.1", PORT)));
	close(other);
	close(fd);
	fd = tcp(0);
	saw("to nobody %s", outcome(connect_to(fd, "127.0.0.1", PORT_NOBODY)));
	saw("and then to somebody %s", outcome(connect_to(fd, "127.0.0.1", PORT)));
	close(fd);
}

static void nonblocking(void)
{
	int fd = tcp(SOCK_NONBLOCK);
	int result = connect_to(fd, "127.0.0.1", PORT);

	saw("connect %d", result == 0 || errno == EINPROGRESS);
	saw("later %s", result ? later(fd) : "0");
	close(fd);
	fd = tcp(SOCK_NONBLOCK);
	result = connect_to(fd, "127.0.0.1", PORT_NOBODY);
	saw("to nobody %s", result && errno == EINPROGRESS ? later(fd) : outcome(result));
	close(fd);
	fd = tcp(SOCK_NONBLOCK);
	saw("nowhere %s", outcome(connect_to(fd, NOWHERE, 80)));
	saw("nowhere, again %s", outcome(connect_to(fd, NOWHERE, 80)));
	close(fd);
}

static void bad(void)
{
	struct sockaddr_in in = inet("127.0.0.1", PORT);
	int fd = tcp(0), pipes[2];

	if (pipe(pipes))
		return;
	saw("no descriptor %s", outcome(connect(-1, (void *)&in, sizeof(in))));
	saw("no socket %s", outcome(connect(pipes[0], (void *)&in, sizeof(in))));
	saw("no memory %s", outcome(connect(fd, (void *)8, sizeof(in))));
	saw("long %s", outcome(connect(fd, (void *)&in, 4096)));
	saw("negative %s", outcome(connect(fd, (void *)&in, -1)));
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void bound(void)
{
	struct sockaddr_in own = inet("127.0.0.1", 0), is;
	socklen_t len = sizeof(own);
	int fd = tcp(0);

	saw("bind %s", outcome(bind(fd, (void *)&own, sizeof(own))));
	getsockname(fd, (void *)&own, &len);
	saw("connect %s", outcome(connect_to(fd, "127.0.0.1", PORT)));
	len = sizeof(is);
	getsockname(fd, (void *)&is, &len);
	saw("same port %d", is.sin_port == own.sin_port);
	close(fd);
}

static void datagrams(void)
{
	struct sockaddr_in to = inet("127.0.0.1", PORT), none = {.sin_family = AF_UNSPEC};
	int fd = udp();
	char text[8];

	saw("named %s", outcome(sendto(fd, "one", 3, 0, (void *)&to, sizeof(to))));
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	saw("connect %s", outcome(connect(fd, (void *)&to, sizeof(to))));
	saw("unnamed %s", outcome(send(fd, "two", 4, 0)));
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	saw("disconnect %s", outcome(connect(fd, (void *)&none, sizeof(none))));
	saw("unnamed %s", outcome(send(fd, "three", 5, 0)));
	saw("empty %s", outcome(sendto(fd, "", 0, 0, (void *)&to, sizeof(to))));
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	close(fd);
}

static void messages(void)
{
	struct sockaddr_in to = inet("127.0.0.1", PORT);
	struct iovec parts[] = {{"ab", 2}, {"cde", 3}}, other = {"f", 1};
	struct mmsghdr messages[] = {
		{.msg_hdr = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = 2}},
		{.msg_hdr = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &other, .msg_iovlen = 1}},
	};
	int fd = udp(), sent;
	char text[8];

	sent = sendmmsg(fd, messages, 2, 0);
	saw("named %d: %u %u", sent, messages[0].msg_len, messages[1].msg_len);
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	saw("connect %s", outcome(connect(fd, (void *)&to, sizeof(to))));
	messages[0].msg_hdr.msg_name = messages[1].msg_hdr.msg_name = NULL;
	messages[0].msg_hdr.msg_namelen = messages[1].msg_hdr.msg_namelen = 0;
	messages[0].msg_len = messages[1].msg_len = 99;
	sent = sendmmsg(fd, messages, 2, 0);
	saw("unnamed %d: %u %u", sent, messages[0].msg_len, messages[1].msg_len);
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	messages[1].msg_hdr.msg_iov = (void *)8;
	sent = sendmmsg(fd, messages, 2, 0);
	saw("one of two %d", sent);
	saw("came %d", (int)recv(receiver, text, sizeof(text), 0));
	close(fd);
}

static void fast_open(void)
{
	struct sockaddr_in to = inet("127.0.0.1", PORT);
	int fd = tcp(0), other;
	char text[8];

	saw("sent %d", (int)sendto(fd, "early", 5, MSG_FASTOPEN, (void *)&to, sizeof(to)));
	other = accepted(fd);
	saw("came %d", (int)recv(other, text, sizeof(text), 0));
	close(other);
	close(fd);
}

/* The first link-local address of this namespace, with its scope. */
static int link_local(struct sockaddr_in6 *in6)
{
	FILE *file = fopen("/proc/net/if_inet6", "r");
	unsigned int index, length, scope, flags;
	char hex[33], name[32];
	int found = 0;

	while (file && !found &&
	       fscanf(file, "%32s %x %x %x %x %31s", hex, &index, &length, &scope, &flags, name) == 6)
		found = scope == 0x20;
	if (file)
		fclose(file);
	*in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_scope_id = index};
	for (int i = 0; found && i < 16; i++)
		sscanf(hex + 2 * i, "%2hhx", &in6->sin6_addr.s6_addr[i]);
	return found;
}

static void scoped(void)
{
	struct sockaddr_in6 in6;
	int fd = socket(AF_INET6, SOCK_STREAM, 0), server = socket(AF_INET6, SOCK_STREAM, 0);

	for (int i = 0; i < 50 && !link_local(&in6); i++)
		usleep(100000);
	saw("bind %s", outcome(bind(server, (void *)&in6, sizeof(in6)) ? -1 : listen(server, 5)));
	saw("connect %s", outcome(connect(fd, (void *)&in6, sizeof(in6))));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	in6.sin6_scope_id = 0;
	saw("without a scope %s", outcome(connect(fd, (void *)&in6, sizeof(in6))));
	close(fd);
	close(server);
}

static void send_timeout(void)
{
	struct timeval timeout = {.tv_usec = 400000};
	int fd = tcp(0), result;
	long begin = clock_ms();

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	result = connect_to(fd, NOWHERE, 80);
	saw("%s in time: %d", outcome(result), clock_ms() - begin >= 390 && clock_ms() - begin < 2000);
	close(fd);
}

static void interrupted(void)
{
	struct timeval timeout = {.tv_sec = 20};
	int fd = tcp(0), one = 1, result;
	long begin = clock_ms();

	alarm_in(300, 0);
	result = connect_to(fd, NOWHERE, 80);
	saw("%s in time: %d, %d signals", outcome(result), clock_ms() - begin < 2000, alarms);
	alarm_in(300, 0);
	result = connect_to(fd, NOWHERE, 80);
	saw("again %s in time: %d, %d signals", outcome(result), clock_ms() - begin < 4000, alarms);
	close(fd);

	fd = tcp(0);
	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &one, sizeof(one));
	begin = clock_ms();
	alarm_in(300, SA_RESTART);
	result = connect_to(fd, NOWHERE, 80);
	saw("restarted %s in time: %d, %d signals", outcome(result), clock_ms() - begin > 1000, alarms);
	close(fd);

	fd = tcp(0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	alarm_in(300, SA_RESTART);
	result = connect_to(fd, NOWHERE, 80);
	saw("with a timeout, not restarted %s, %d signals", outcome(result), alarms);
	close(fd);
}

/* A mark takes a capability. */
static long marked_send(void)
{
	struct sockaddr_in in = inet("127.0.0.1", PORT_NOBODY);
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_name = &in,
			     .msg_namelen = sizeof(in),
			     .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = udp();
	long result;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SO_MARK;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &(int){7}, sizeof(int));
	result = sendmsg(fd, &msg, 0);
	close(fd);
	return result;
}

static void marks(void)
{
	pid_t child;

	saw("of root %ld", marked_send());
	child = fork();
	if (!child) {
		be_many();
		if (setgroups(0, NULL) || setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234))
			_exit(2);
		saw("of another %s", outcome(marked_send()));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	saw("of root %ld", marked_send());
}

static void killed(void)
{
	int fd = tcp(0), status = 0;
	long begin = clock_ms();
	pid_t child = fork();

	if (!child) {
		connect_to(fd, NOWHERE, 80);
		_exit(1);
	}
	usleep(200000);
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	saw("by %d in time: %d", WTERMSIG(status), clock_ms() - begin < 2000);
	close(fd);
}

static void *send_all(void *fd)
{
	static char data[1 << 20];
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	while (sendmsg(*(int *)fd, &msg, 0) > 0)
		;
	return NULL;
}

/* Who sends last on a socket that is closed already waits for its peer, and nobody else. */
static void lingering(void)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 9};
	const struct timeval timeout = {.tv_usec = 300000};
	int fd = tcp(0), closed = fd, peer, other = tcp(0), result;
	pthread_t thread;
	long begin;

	connect_to(fd, "127.0.0.1", PORT);
	peer = accepted(fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	pthread_create(&thread, NULL, send_all, &closed);
	usleep(200000);
	close(fd);
	usleep(500000);
	begin = clock_ms();
	result = connect_to(other, "127.0.0.1", PORT);
	saw("another %s in time: %d", outcome(result), clock_ms() - begin < 2000);
	close(peer);
	pthread_join(thread, NULL);
	close(other);
}

static void eyeballs(void)
{
	int first = tcp(SOCK_NONBLOCK), second = tcp(SOCK_NONBLOCK);
	struct pollfd both[] = {{.fd = first, .events = POLLOUT}, {.fd = second, .events = POLLOUT}};

	connect_to(first, NOWHERE, 80);
	connect_to(second, "127.0.0.1", PORT);
	poll(both, 2, 3000);
	saw("first %d second %d", both[0].revents != 0, both[1].revents == POLLOUT);
	close(first);
	close(second);
}

/* Each with a third of the kernel's usual patience, so that this ends. */
static void *slow(void *result)
{
	int fd = tcp(0), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &one, sizeof(one));
	*(int *)result = connect_to(fd, NOWHERE, 80) ? errno : 0;
	close(fd);
	return NULL;
}

static void crowd(void)
{
	static pthread_t thread[SLOW];
	static int result[SLOW];
	pthread_attr_t attr;
	int fd = tcp(0), made = 0, timed_out = 0, first;
	long begin;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	while (made < SLOW && !pthread_create(&thread[made], &attr, slow, &result[made]))
		made++;
	usleep(500000);
	begin = clock_ms();
	first = connect_to(fd, "127.0.0.1", PORT);
	saw("meanwhile %s in time: %d", outcome(first), clock_ms() - begin < 300);
	if (getenv("MANNERS_CROWD")) /* whoever looks at the supervisor */
		system(getenv("MANNERS_CROWD"));
	for (int i = 0; i < made; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < made; i++)
		timed_out += result[i] == ETIMEDOUT;
	saw("%d of %d timed out", timed_out, made);
	close(fd);
}

const struct manner net_manners[] = {
	{"blocking", blocking},
	{"nonblocking", nonblocking},
	{"bad", bad},
	{"bound", bound},
	{"datagrams", datagrams},
	{"messages", messages},
	{"fast open", fast_open},
	{"scoped", scoped},
	{"send timeout", send_timeout},
	{"interrupted", interrupted},
	{"marks", marks},
	{"killed", killed},
	{"lingering", lingering},
	{"eyeballs", eyeballs},
	{"crowd", crowd},
	{0},
};
