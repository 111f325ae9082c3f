/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls whose arguments another thread, or another process, changes while they are judged. Allowed is 127.0.0.1:4901,
 * and groups but 54321; everything else is forbidden. Each variant has a forbidden port of its own, where `sink`, which
 * runs outside, sees what arrives.
 *
 *   race sink FILE       appends the number of the variant for each arrival
 *   race try TRIES       tries each variant so often; prints what it did
 *   race names           prints the variants
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT 4901
#define FORBIDDEN 4910 /* + number of the variant */
#define VARIANTS_MAX 16
#define GROUP 54321

static struct sockaddr_in to_port(int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

/* What the calls read and the flipper writes. */
static struct sockaddr_in address;
static struct msghdr message;
static struct mmsghdr messages[2];
static gid_t groups[2];
static int swapped; /* a descriptor that stands for `honest` or `other` by turns */
static int honest, other;
static in_port_t good, evil;
static struct sockaddr_in evil_address;

static void flip_port(bool on)
{
	*(volatile in_port_t *)&address.sin_port = on ? evil : good;
}

static void flip_name(bool on)
{
	*(void *volatile *)&message.msg_name = on ? &evil_address : NULL;
	*(volatile socklen_t *)&message.msg_namelen = on ? sizeof(evil_address) : 0;
}

static void flip_second(bool on)
{
	*(void *volatile *)&messages[1].msg_hdr.msg_name = on ? &evil_address : NULL;
	*(volatile socklen_t *)&messages[1].msg_hdr.msg_namelen = on ? sizeof(evil_address) : 0;
}

static void flip_socket(bool on)
{
	dup2(on ? other : honest, swapped);
}

static void flip_both(bool on)
{
	flip_name(on);
	flip_socket(on);
}

static void flip_group(bool on)
{
	*(volatile gid_t *)&groups[1] = on ? GROUP : 33;
}

static void shut(int fd)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)); /* 20,000 of them: no TIME_WAIT */
	close(fd);
}

static void connect_stream(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	connect(fd, (void *)&address, sizeof(address));
	shut(fd);
}

static void connect_datagram(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (!connect(fd, (void *)&address, sizeof(address)))
		send(fd, "x", 1, MSG_DONTWAIT);
	close(fd);
}

static void send_to(void)
{
	sendto(other, "x", 1, MSG_DONTWAIT, (void *)&address, sizeof(address));
}

static void send_message(void)
{
	sendmsg(other, &message, MSG_DONTWAIT);
}

static void send_messages(void)
{
	sendmmsg(other, messages, 2, MSG_DONTWAIT);
}

static void send_unnamed(void)
{
	sendmsg(swapped, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_swapped(void)
{
	struct iovec iov = {"x", 1};
	struct msghdr msg = {
		.msg_name = &evil_address, .msg_namelen = sizeof(evil_address), .msg_iov = &iov, .msg_iovlen = 1};

	sendmsg(swapped, &msg, MSG_DONTWAIT);
}

static void connect_swapped(void)
{
	if (connect(swapped, (void *)&evil_address, sizeof(evil_address)) == 0)
		send(swapped, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* In a child: the guard may kill it. */
static void set_groups(void)
{
	gid_t has[8];
	int count;

	if (syscall(SYS_setgroups, 2, groups)) /* the library would have all threads agree */
		return;
	count = getgroups(8, has);
	for (int i = 0; i < count; i++)
		if (has[i] == GROUP)
			_exit(77);
	syscall(SYS_setgroups, 0, NULL);
}

#define TCP (-1)

enum flipper { THREAD, PROCESS };

static const struct variant {
	const char *name;
	void (*flip)(bool on);
	void (*attempt)(void);
	enum flipper flipper;
	int honest; /* type of the local socket that is swapped for a datagram socket; TCP: no local one; 0: none */
} variants[] = {
	{"connect, the port flipped", flip_port, connect_stream, THREAD, 0},
	{"connect of a datagram socket, the port flipped", flip_port, connect_datagram, THREAD, 0},
	{"sendto, the port flipped", flip_port, send_to, THREAD, 0},
	{"sendmsg, the name put in and out", flip_name, send_message, THREAD, 0},
	{"sendmmsg, the second name put in and out", flip_second, send_messages, THREAD, 0},
	{"sendmsg, the socket swapped by a thread", flip_socket, send_swapped, THREAD, SOCK_DGRAM},
	{"sendmsg, the socket swapped by a process", flip_socket, send_swapped, PROCESS, SOCK_DGRAM},
	{"sendmsg, a stream swapped, and the name put in", flip_both, send_unnamed, THREAD, TCP},
	{"connect, the socket swapped by a thread", flip_socket, connect_swapped, THREAD, SOCK_STREAM},
	{"connect, the socket swapped by a process", flip_socket, connect_swapped, PROCESS, SOCK_STREAM},
	{"setgroups, the list flipped", flip_group, set_groups, THREAD, 0},
};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static atomic_bool over;

static int flip_on(void *variant)
{
	for (unsigned int i = 0; !over; i++) {
		((const struct variant *)variant)->flip(i & 1);
		for (volatile int pause = 0; pause < 50 + (int)(i * 37 % 400); pause++)
			;
	}
	return 0;
}

static void *flip_thread(void *variant)
{
	flip_on(variant);
	return NULL;
}

/* It shares memory and descriptors, and is no thread. */
static pid_t flip_process(const struct variant *variant)
{
	static char stack[65536];

	return clone(flip_on, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, (void *)variant);
}

static void prepare(size_t number)
{
	static struct iovec iov = {"x", 1};
	struct sockaddr_in friend = to_port(PORT);

	good = htons(PORT);
	evil = htons(FORBIDDEN + number);
	evil_address = to_port(FORBIDDEN + number);
	address = to_port(PORT);
	groups[0] = groups[1] = 33;
	other = socket(AF_INET, SOCK_DGRAM, 0);
	connect(other, (void *)&friend, sizeof(friend));
	message = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
	messages[0].msg_hdr = messages[1].msg_hdr = message;
	if (variants[number].honest) {
		honest = variants[number].honest == TCP ? socket(AF_INET, SOCK_STREAM, 0)
							: socket(AF_UNIX, variants[number].honest, 0);
		if (variants[number].honest == TCP)
			connect(honest, (void *)&friend, sizeof(friend));
		swapped = dup(honest);
	}
}

static int attempts(size_t number, int tries)
{
	const struct variant *variant = &variants[number];
	pthread_t thread;
	pid_t child = 0;

	prepare(number);
	if (variant->flipper == PROCESS)
		child = flip_process(variant);
	else if (pthread_create(&thread, NULL, flip_thread, (void *)variant))
		return 2;
	if (child < 0)
		return 2;
	for (int i = 0; i < tries; i++)
		variant->attempt();
	over = true;
	if (child)
		waitpid(child, NULL, 0);
	else
		pthread_join(thread, NULL);
	return 0;
}

/* A killed one lost: another goes on with the rest of the tries. */
static int try_variant(size_t number, int tries)
{
	int status = 0, killed = 0;

	for (int rest = tries; rest > 0; rest -= tries / 20 + 1) {
		pid_t child = fork();

		if (!child)
			_exit(attempts(number, tries / 20 + 1));
		waitpid(child, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status))
			break;
		killed += WIFSIGNALED(status);
	}
	printf("%zu %s: %d killed, %s\n", number, variants[number].name, killed,
	       WIFEXITED(status) && WEXITSTATUS(status) == 77  ? "BREACHED"
	       : WIFEXITED(status) && WEXITSTATUS(status) == 2 ? "COULD NOT BE TRIED"
							       : "tried");
	fflush(stdout);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static int sink(const char *file)
{
	struct pollfd polls[2 * VARIANTS + 2];
	int log = open(file, O_WRONLY | O_CREAT | O_APPEND, 0666), one = 1;
	char text[64];

	for (size_t i = 0; i <= VARIANTS; i++) {
		struct sockaddr_in here = to_port(i < VARIANTS ? FORBIDDEN + (int)i : PORT);

		polls[2 * i] = (struct pollfd){.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN};
		polls[2 * i + 1] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
		setsockopt(polls[2 * i].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(polls[2 * i].fd, (void *)&here, sizeof(here)) || listen(polls[2 * i].fd, 1024) ||
		    bind(polls[2 * i + 1].fd, (void *)&here, sizeof(here))) {
			perror("race: sink");
			return 2;
		}
	}
	for (;;) {
		poll(polls, 2 * VARIANTS + 2, -1);
		for (size_t i = 0; i < 2 * VARIANTS + 2; i++) {
			if (!(polls[i].revents & POLLIN))
				continue;
			if (i % 2)
				recv(polls[i].fd, text, sizeof(text), 0);
			else
				close(accept(polls[i].fd, NULL, NULL));
			if (i / 2 < VARIANTS && write(log, text, snprintf(text, sizeof(text), "%zu\n", i / 2)) < 0)
				return 2;
		}
	}
}

int main(int argc, char **argv)
{
	int worst = 0;

	if (argc == 3 && !strcmp(argv[1], "sink"))
		return sink(argv[2]);
	for (size_t i = 0; i < VARIANTS; i++) {
		int ret = 0;

		if (argc == 3 && !strcmp(argv[1], "try"))
			ret = try_variant(i, atoi(argv[2]));
		else
			printf("%zu %s\n", i, variants[i].name);
		worst = ret > worst ? ret : worst;
	}
	return worst;
}
