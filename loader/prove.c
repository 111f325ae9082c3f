/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The canary: a child in a domain of its own, whose policy refuses everything, tries to connect, to take another
 * uid, and an exec. It can do no harm: the address is its own machine's, and the file an empty one in memory, which would
 * not run if it were not refused (ENOEXEC).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/policy.h"
#include "programs.h"

static const char policy_text[] = "{\"mantlet\": 1, \"name\": \"canary\", \"exec\": {\"default\": \"deny\"}, "
				  "\"connect\": {\"default\": \"deny\"}, "
				  "\"identity\": {\"uid\": {\"default\": \"deny\"}}}";

static int set_policy(struct programs *programs, struct fault *fault)
{
	struct policy_error error;
	struct image_cell *image;
	struct policy *policy;
	int r = policy_parse(policy_text, strlen(policy_text), &policy, &error);

	if (r < 0)
		return fault_set(fault, -r, "the canary's policy: %s", error.text);
	r = policy_compile(policy, policy_text, strlen(policy_text), &image, &error);
	policy_free(policy);
	if (r < 0)
		return fault_set(fault, -r, "the canary's policy: %s", error.text);
	r = programs_set_image(programs, PROOF_POLICY, image, 0, fault);
	free(image);
	return r;
}

#ifndef MFD_EXEC
#define MFD_EXEC 0x10
#endif

/* An empty file that may be executed, whatever vm.memfd_noexec says by default. Before 6.3 all may. */
static int make_file(void)
{
	int file = memfd_create("mantlet-canary", MFD_CLOEXEC | MFD_EXEC);

	return file < 0 && errno == EINVAL ? memfd_create("mantlet-canary", MFD_CLOEXEC) : file;
}

/* Exits of a canary, beside the errno of its exec. */
#define CANARY_CONNECTED 101
#define CANARY_CHANGED 102

/* By a datagram socket, so that nothing is sent. Where there is no IPv4 there is nothing to prove. */
static bool connects(void)
{
	const struct sockaddr_in own = {
		.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return sock >= 0 && !(connect(sock, (const struct sockaddr *)&own, sizeof(own)) < 0 && errno == EACCES);
}

/* Exits with the errno of its exec; 0: it did not come to that. */
__attribute__((noreturn)) static void be_canary(struct programs *programs, int file)
{
	char *const none[] = {"canary", NULL}, *const environment[] = {NULL};

	if (programs_enter(programs, PROOF_SLOT, NULL) < 0)
		_exit(0);
	if (connects())
		_exit(CANARY_CONNECTED);
	if (!setresuid(geteuid() + 1, -1, -1))
		_exit(CANARY_CHANGED);
	fexecve(file, none, environment);
	_exit(errno & 0x7f);
}

static int send_canary(struct programs *programs, int file, int *err, struct fault *fault)
{
	const struct domain domain = {.id = PROOF_DOMAIN, .slot = PROOF_SLOT, .policy = PROOF_POLICY};
	int status, r = programs_set_domain(programs, &domain, fault);
	pid_t child;

	if (r < 0)
		return r;
	child = fork();
	if (!child)
		be_canary(programs, file);
	if (child < 0)
		return fault_set(fault, errno, "cannot fork: %s", strerror(errno));
	if (waitpid(child, &status, 0) < 0)
		return fault_set(fault, errno, "the canary is gone: %s", strerror(errno));
	*err = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return 0;
}

int programs_prove(struct programs *programs, struct fault *fault)
{
	struct domain_counts *counts = programs_counts(programs, PROOF_SLOT);
	uint64_t before = __atomic_load_n(&counts->denied, __ATOMIC_RELAXED);
	int file = make_file(), err = 0, r;

	if (file < 0)
		return fault_set(fault, errno,
				 "cannot make an executable memory file for the canary: %s; see "
				 "sysctl vm.memfd_noexec",
				 strerror(errno));
	r = set_policy(programs, fault);
	if (!r)
		r = send_canary(programs, file, &err, fault);
	close(file);
	if (r < 0)
		return r;
	if (__atomic_load_n(&counts->denied, __ATOMIC_RELAXED) == before)
		return fault_set(fault, ENOTSUP,
				 "the LSM programs load, but the kernel never asks them: boot it with bpf in lsm= "
				 "(/sys/kernel/security/lsm tells what it has)");
	if (err == CANARY_CONNECTED || err == CANARY_CHANGED)
		return fault_set(fault, ENOTSUP,
				 "the LSM programs are asked about an exec, but not about %s: another LSM or tool is "
				 "in the way",
				 err == CANARY_CONNECTED ? "a connect" : "a change of uid");
	if (err != EACCES)
		return fault_set(fault, ENOTSUP,
				 "the LSM programs refused an exec, but it ended with: %s; another LSM or tool is in "
				 "the way",
				 strerror(err));
	return 0;
}
