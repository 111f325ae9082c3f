/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many events at once, from two processes, while nobody reads them. Runs under tests/lsm/flood.json.
 *
 * usage: flood ALLOWED DENIED
 * Waits for /tmp/go; makes ALLOWED connects that are allowed and then DENIED that are not, half of each in each process;
 * leaves /tmp/done and waits until it is gone. Exits with 0 if every one did what it should: a socket that was refused has no peer.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool connects(int sock, const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)}, peer;
	socklen_t len = sizeof(peer);

	inet_pton(AF_INET, address, &to.sin_addr);
	connect(sock, (struct sockaddr *)&to, sizeof(to));
	return !getpeername(sock, (struct sockaddr *)&peer, &len);
}

static void disconnect(int sock)
{
	connect(sock, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
}

static bool flood(int allowed, int denied)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	bool good = sock >= 0;

	for (int i = 0; i < allowed && good; i++) {
		good = connects(sock, "127.0.0.1");
		disconnect(sock);
	}
	for (int i = 0; i < denied && good; i++)
		good = !connects(sock, "127.0.0.2");
	return good;
}

int main(int argc, char **argv)
{
	int status = 1;
	pid_t other;
	bool good;

	if (argc != 3)
		return 2;
	while (access("/tmp/go", F_OK))
		usleep(10000);
	other = fork();
	good = flood(atoi(argv[1]) / 2, atoi(argv[2]) / 2);
	if (!other)
		_exit(!good);
	waitpid(other, &status, 0);
	close(open("/tmp/done", O_CREAT | O_WRONLY, 0600));
	while (!access("/tmp/done", F_OK))
		usleep(10000);
	return !good || status;
}
