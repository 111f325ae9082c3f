/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs of this folder share: they load the LSM programs themselves, as root in a VM, and make domains. */
#ifndef MANTLET_TESTS_DOMAINS_STAGE_H
#define MANTLET_TESTS_DOMAINS_STAGE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loader/programs.h"
#include "policy/policy.h"

#define RAN 42 /* what these programs exit with when they are run by the name "run" */

__attribute__((noreturn)) static inline void bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static inline struct image_cell *stage_compile(const char *text)
{
	struct policy_error error;
	struct image_cell *image;
	struct policy *policy;

	if (policy_parse(text, strlen(text), &policy, &error) < 0 ||
	    policy_compile(policy, text, strlen(text), &image, &error) < 0)
		bail(error.text);
	policy_free(policy);
	return image;
}

/* A domain of its own under a policy of its own, both by the same number. */
static inline void stage_domain(struct programs *programs, uint32_t slot, image_ref image)
{
	const struct domain domain = {.id = slot + 1, .slot = slot, .policy = slot};
	struct fault fault;

	if (programs_set_image(programs, slot, image, 1, &fault) < 0 ||
	    programs_set_domain(programs, &domain, &fault) < 0)
		bail(fault.text);
}

static inline void stage_copy(const char *to)
{
	char buffer[1 << 16];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	if (in < 0 || out < 0)
		bail("the program cannot be copied");
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		if (write(out, buffer, n) != n)
			bail("the program cannot be copied");
	close(in);
	close(out);
}

/* Did it run? */
static inline bool stage_runs(const char *path)
{
	char *const argv[] = {"run", NULL}, *const environment[] = {NULL};
	int status = 0;
	pid_t pid = vfork();

	if (!pid) {
		execve(path, argv, environment);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == RAN;
}

/* Has the socket a peer then? */
static inline bool stage_connects(int sock, uint32_t address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(address)},
			   peer;
	socklen_t len = sizeof(peer);

	connect(sock, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
	connect(sock, (struct sockaddr *)&to, sizeof(to));
	return !getpeername(sock, (struct sockaddr *)&peer, &len);
}

static inline uint64_t stage_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

#endif
