/* SPDX-License-Identifier: BSD-2-Clause */
/* A static program of another libc, alone in its container: threads, children that execute it again, a pipe, loopback. */
#include <arpa/inet.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void *spawn_one(void *exit_code)
{
	char *argv[] = {(char *)"musl", exit_code, NULL};
	int status = -1;
	pid_t child;

	if (!posix_spawn(&child, "/musl", NULL, NULL, argv, environ))
		waitpid(child, &status, 0);
	return (void *)(long)(WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

static int talk(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), peer;
	char word[6] = "";

	if (bind(server, (struct sockaddr *)&at, sizeof(at)) || listen(server, 1) ||
	    getsockname(server, (struct sockaddr *)&at, &len) || connect(client, (struct sockaddr *)&at, len))
		return 1;
	peer = accept(server, NULL, NULL);
	return write(client, "hello", 5) != 5 || read(peer, word, 5) != 5 || strcmp(word, "hello") != 0;
}

int main(int argc, char **argv)
{
	pthread_t thread[4];
	char codes[4][2] = {"1", "2", "3", "4"};
	void *result;

	if (argc > 1)
		return atoi(argv[1]);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, spawn_one, codes[i]);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &result);
		printf("child %ld\n", (long)result);
	}
	printf("loopback %s\n", talk() ? "failed" : "works");
	return 5;
}
