/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How network calls feel to an application: what they return, when, and to whom they seem to come from. Run without
 * Mantlet and with it, the output is to be the same.
 *
 *   manners setup CMD…   in a new network namespace: makes it one with an address that never answers, runs CMD
 *   manners [threads]    tries everything; threads: with a second thread, that does nothing
 */
#include "manners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

static const char *current;
int listener, receiver;
volatile int alarms;
bool many;

void saw(const char *format, ...)
{
	va_list args;

	printf("%s: ", current);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

const char *outcome(long result)
{
	return result >= 0 ? "0" : strerrorname_np(errno);
}

struct sockaddr_in inet(const char *address, int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, address, &in.sin_addr);
	return in;
}

int tcp(int flags)
{
	return socket(AF_INET, SOCK_STREAM | flags, 0);
}

int udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

int accepted(int from)
{
	struct sockaddr_in own, peer;
	socklen_t len = sizeof(own);
	int fd = -1;

	if (getsockname(from, (void *)&own, &len))
		return -1;
	do {
		if (fd >= 0)
			close(fd);
		len = sizeof(peer);
		fd = accept(listener, (void *)&peer, &len);
	} while (fd >= 0 && peer.sin_port != own.sin_port);
	return fd;
}

long clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void alarmed(int signal)
{
	(void)signal;
	alarms++;
}

void alarm_in(int ms, int sa_flags)
{
	struct sigaction action = {.sa_handler = alarmed, .sa_flags = sa_flags};
	struct itimerval once = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

	alarms = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &once, NULL);
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

void be_many(void)
{
	pthread_t thread;

	if (many)
		pthread_create(&thread, NULL, idle, NULL);
}

static void listen_there(void)
{
	struct sockaddr_in here = inet("127.0.0.1", PORT);
	int one = 1;

	listener = tcp(0);
	receiver = udp();
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (void *)&here, sizeof(here)) || listen(listener, 1024) ||
	    bind(receiver, (void *)&here, sizeof(here))) {
		perror("manners: cannot listen");
		exit(2);
	}
}

static void run_all(const struct manner *manner)
{
	for (; manner->name; manner++) {
		current = manner->name;
		manner->run();
	}
}

static void up(const char *name, const char *address)
{
	int fd = udp();
	struct ifreq request = {0};
	struct sockaddr_in in = inet(address, 0), mask = inet("255.255.255.0", 0);

	strcpy(request.ifr_name, name);
	memcpy(&request.ifr_addr, &in, sizeof(in));
	if (ioctl(fd, SIOCSIFADDR, &request))
		perror("manners: address");
	memcpy(&request.ifr_netmask, &mask, sizeof(mask));
	if (strcmp(name, "lo") && ioctl(fd, SIOCSIFNETMASK, &request))
		perror("manners: netmask");
	ioctl(fd, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		perror("manners: up");
	close(fd);
}

/* Nobody reads what is sent into the tunnel. */
static int setup(char **command)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int tun = open("/dev/net/tun", O_RDWR);

	strcpy(request.ifr_name, "nowhere");
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request)) {
		perror("manners: /dev/net/tun");
		return 2;
	}
	up("lo", "127.0.0.1");
	up("nowhere", "10.99.0.1");
	execvp(command[0], command);
	perror(command[0]);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "setup"))
		return setup(argv + 2);
	many = argc > 1;
	be_many();
	signal(SIGPIPE, SIG_IGN);
	listen_there();
	run_all(net_manners);
	run_all(local_manners);
	return 0;
}
