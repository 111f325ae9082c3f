/* SPDX-License-Identifier: BSD-2-Clause */
/* Manners of local sockets, and of streams. */
#include "manners.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define MUCH (3u << 20)

static struct sockaddr_un unix_name(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return un;
}

static int unix_server(const char *path, int type, int backlog)
{
	struct sockaddr_un un = unix_name(path);
	int fd = socket(AF_UNIX, type, 0);

	unlink(path);
	if (bind(fd, (void *)&un, sizeof(un)) || (type != SOCK_DGRAM && listen(fd, backlog)))
		return -1;
	return fd;
}

static int unix_connect(int fd, const char *path)
{
	struct sockaddr_un un = unix_name(path);

	return connect(fd, (void *)&un, sizeof(un));
}

static void peer(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int server = unix_server("server", SOCK_STREAM, 5), fd = socket(AF_UNIX, SOCK_STREAM, 0), other;

	chmod("server", 0666);
	saw("relative %s", outcome(unix_connect(fd, "server")));
	other = accept(server, NULL, NULL);
	getsockopt(other, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	saw("it is %d %d", cred.uid == getuid(), cred.gid == getgid());
	if (!many)
		saw("and the very process %d", cred.pid == getpid());
	close(other);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	saw("nobody %s", outcome(unix_connect(fd, "nobody")));
	close(fd);
	close(server);
}

/* As another user: what it may not reach it does not. */
static void other_user(void)
{
	int server = unix_server("server", SOCK_STREAM, 5), closed = unix_server("closed", SOCK_STREAM, 5), fd, other;
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	pid_t child;

	chmod("server", 0666);
	chmod("closed", 0600);
	child = fork();
	if (!child) {
		be_many();
		if (setgroups(0, NULL) || setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234))
			_exit(2);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		saw("closed %s", outcome(unix_connect(fd, "closed")));
		saw("open %s", outcome(unix_connect(fd, "server")));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	other = accept(server, NULL, NULL);
	getsockopt(other, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	saw("it is %u %u", cred.uid, cred.gid);
	close(other);
	close(server);
	close(closed);
}

static void *accept_later(void *server)
{
	usleep(500000);
	for (int i = 0; i < 2; i++)
		close(accept(*(int *)server, NULL, NULL));
	return NULL;
}

static void full(void)
{
	int server = unix_server("server", SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0),
	    second = socket(AF_UNIX, SOCK_STREAM, 0), third = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	pthread_t thread;
	long begin;

	saw("first %s", outcome(unix_connect(first, "server")));
	saw("not waiting %s", outcome(unix_connect(third, "server")));
	pthread_create(&thread, NULL, accept_later, &server);
	begin = clock_ms();
	saw("second %s", outcome(unix_connect(second, "server")));
	saw("waited %d", clock_ms() - begin > 300);
	pthread_join(thread, NULL);
	close(first);
	close(second);
	close(third);
	close(server);
}

static void rights(void)
{
	int pair[2], pipes[2], fd = -1;
	char control[CMSG_SPACE(sizeof(int))] = {0}, text[16] = "";
	struct iovec iov = {text, 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(pipes))
		return;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &pipes[1], sizeof(int));
	saw("sent %d", (int)sendmsg(pair[0], &msg, 0));
	memset(control, 0, sizeof(control));
	saw("came %d", (int)recvmsg(pair[1], &msg, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	saw("written %d", (int)write(fd, "through", 7));
	saw("read %d", (int)read(pipes[0], text, sizeof(text)));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &(int){9999}, sizeof(int));
	saw("none such %s", outcome(sendmsg(pair[0], &msg, 0)));
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(pipes[i]);
	}
	close(fd);
}

/* What a receiver is told of a sender that tells nothing, and of one that lies. */
static void told(void)
{
	int pair[2], on = 1;
	char control[CMSG_SPACE(sizeof(struct ucred))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct ucred cred;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return;
	setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	child = fork();
	if (!child) {
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

		be_many();
		if (setgroups(0, NULL) || setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234))
			_exit(2);
		cred = (struct ucred){.pid = getpid(), .uid = 0, .gid = 0};
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_CREDENTIALS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(cred));
		memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
		saw("a lie %s", outcome(sendmsg(pair[0], &msg, 0)));
		cred.uid = cred.gid = 1234;
		memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
		saw("the truth %s", outcome(sendmsg(pair[0], &msg, 0)));
		msg.msg_controllen = 0;
		saw("nothing %s", outcome(sendmsg(pair[0], &msg, 0)));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	for (int i = 0; i < 2; i++) {
		msg.msg_controllen = sizeof(control);
		if (recvmsg(pair[1], &msg, MSG_DONTWAIT) < 0)
			continue;
		memcpy(&cred, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(cred));
		saw("told %u %u", cred.uid, cred.gid);
	}
	close(pair[0]);
	close(pair[1]);
}

static void *drain(void *fd)
{
	static char text[65536];
	static size_t total;
	ssize_t got;

	total = 0;
	while ((got = read(*(int *)fd, text, sizeof(text))) > 0) {
		total += got;
		usleep(200);
	}
	return &total;
}

static void pour(int from, int to)
{
	char *much = calloc(1, MUCH);
	struct iovec parts[] = {{much, 1000}, {much + 1000, MUCH - 1000}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
	pthread_t thread;
	void *total;

	pthread_create(&thread, NULL, drain, &to);
	saw("sent %d", (int)sendmsg(from, &msg, 0));
	shutdown(from, SHUT_WR);
	pthread_join(thread, &total);
	saw("came %zu", *(size_t *)total);
	free(much);
}

static void streams(void)
{
	struct sockaddr_in to = inet("127.0.0.1", PORT);
	struct iovec part = {"x", 1};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	int pair[2], fd = tcp(0), other, status;
	pid_t child;

	saw("connect %s", outcome(connect(fd, (void *)&to, sizeof(to))));
	other = accepted(fd);
	pour(fd, other);
	close(other);
	close(fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	pour(pair[0], pair[1]);
	close(pair[1]);
	saw("to nobody %s", outcome(sendmsg(pair[0], &msg, 0)));
	child = fork();
	if (!child) {
		be_many();
		signal(SIGPIPE, SIG_DFL);
		sendmsg(pair[0], &msg, MSG_NOSIGNAL);
		sendmsg(pair[0], &msg, 0);
		usleep(100000);
		_exit(0);
	}
	waitpid(child, &status, 0);
	saw("ended by %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	close(pair[0]);
}

static void datagrams(void)
{
	struct sockaddr_un un = unix_name("receiver");
	int server = unix_server("receiver", SOCK_DGRAM, 0), fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[8];

	saw("named %s", outcome(sendto(fd, "abc", 3, 0, (void *)&un, sizeof(un))));
	saw("came %d", (int)recv(server, text, sizeof(text), 0));
	close(server);
	saw("to nobody %s", outcome(sendto(fd, "abc", 3, 0, (void *)&un, sizeof(un))));
	close(fd);
}

const struct manner local_manners[] = {
	{"peer", peer}, {"other user", other_user}, {"full", full},           {"rights", rights},
	{"told", told}, {"streams", streams},       {"datagrams", datagrams}, {0},
};
