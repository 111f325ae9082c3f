/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: operate FILE
 * Does what each line of FILE says, in a child of its own, and prints the line and what came of it: "done", or the
 * name of the error. Nothing is judged here; tests/modes/run holds what it prints in one mode against the other.
 *
 *   exec PATH            execve; done: it ran
 *   fexec PATH           opened, and executed by its descriptor
 *   relative DIR NAME    execve of NAME from DIR
 *   memfd PATH           a copy of it in a memory file, executed
 *   map PATH             mapped executable
 *   tcp|udp ADDR PORT    connect; done: no refusal of ours (nobody listens)
 *   named ADDR PORT      sendto; also sendmsg and sendmmsg: "message", "messages"; with fast open: "fast"
 *   socket DOMAIN TYPE PROTOCOL     by number
 *   uid|gid|euid|egid|fsuid N       setresuid and so on
 *   groups N…            setgroups
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 12

extern char **environ;

/* What the child exits with: 0 or an errno. What it executes exits with 0. */
typedef int operation(char **word);

static char *const arguments[] = {(char *)"operate", NULL};

static int do_exec(char **word)
{
	execve(word[1], arguments, environ);
	return errno;
}

static int do_fexec(char **word)
{
	int fd = open(word[1], O_RDONLY);

	if (fd >= 0)
		syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
	return errno;
}

static int do_relative(char **word)
{
	if (!chdir(word[1]))
		execve(word[2], arguments, environ);
	return errno;
}

static int do_memfd(char **word)
{
	int from = open(word[1], O_RDONLY), to = memfd_create("operate", 0);
	char buffer[65536];
	ssize_t n;

	if (from < 0 || to < 0)
		return errno;
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, n) != n)
			return errno;
	syscall(SYS_execveat, to, "", arguments, environ, AT_EMPTY_PATH);
	return errno;
}

static int do_map(char **word)
{
	int fd = open(word[1], O_RDONLY);

	if (fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return errno;
	return 0;
}

struct target {
	struct sockaddr_storage address;
	socklen_t len;
	int family;
};

static struct target target_of(char **word)
{
	struct target to = {.len = sizeof(struct sockaddr_in), .family = AF_INET};
	struct sockaddr_in *four = (void *)&to.address;
	struct sockaddr_in6 *six = (void *)&to.address;

	if (inet_pton(AF_INET, word[1], &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(atoi(word[2]));
		return to;
	}
	to.len = sizeof(*six);
	to.family = six->sin6_family = AF_INET6;
	six->sin6_port = htons(atoi(word[2]));
	if (inet_pton(AF_INET6, word[1], &six->sin6_addr) != 1)
		abort();
	return to;
}

static int do_connect(char **word)
{
	struct target to = target_of(word);
	int fd = socket(to.family, *word[0] == 't' ? SOCK_STREAM : SOCK_DGRAM, 0);

	if (fd < 0 || (connect(fd, (struct sockaddr *)&to.address, to.len) && errno != ECONNREFUSED))
		return errno;
	return 0;
}

static int do_send(char **word)
{
	struct target to = target_of(word);
	bool fast = *word[0] == 'f';
	int fd = socket(to.family, fast ? SOCK_STREAM : SOCK_DGRAM, 0), r = -1;
	struct iovec data = {"x", 1};
	/* one message: of two to the same address the kernel asks its LSMs once, where a supervisor sees both */
	struct mmsghdr messages[1] = {
		{.msg_hdr = {.msg_name = &to.address, .msg_namelen = to.len, .msg_iov = &data, .msg_iovlen = 1}}};

	if (fd >= 0 && (*word[0] == 'n' || fast))
		r = sendto(fd, "x", 1, fast ? MSG_FASTOPEN : 0, (struct sockaddr *)&to.address, to.len);
	else if (fd >= 0 && !strcmp(word[0], "message"))
		r = sendmsg(fd, &messages[0].msg_hdr, 0);
	else if (fd >= 0)
		r = sendmmsg(fd, messages, 1, 0);
	return r < 0 && errno != ECONNREFUSED ? errno : 0;
}

static int do_socket(char **word)
{
	return socket(atoi(word[1]), atoi(word[2]), atoi(word[3])) < 0 ? errno : 0;
}

static int do_id(char **word)
{
	unsigned int id = strtoul(word[1], NULL, 0);
	long r = -1;

	if (!strcmp(word[0], "uid"))
		r = syscall(SYS_setresuid, id, id, id);
	else if (!strcmp(word[0], "gid"))
		r = syscall(SYS_setresgid, id, id, id);
	else if (!strcmp(word[0], "euid"))
		r = syscall(SYS_setreuid, -1, id);
	else if (!strcmp(word[0], "egid"))
		r = syscall(SYS_setregid, -1, id);
	else if (!strcmp(word[0], "fsuid"))
		return setfsuid(id), setfsuid(-1) == (int)id ? 0 : EPERM; /* it tells no error */
	return r < 0 ? errno : 0;
}

static int do_groups(char **word)
{
	gid_t groups[WORDS];
	size_t count = 0;

	for (; word[count + 1]; count++)
		groups[count] = strtoul(word[count + 1], NULL, 0);
	return syscall(SYS_setgroups, count, groups) < 0 ? errno : 0;
}

static const struct {
	const char *name;
	operation *run;
} operations[] = {
	{"exec", do_exec},     {"fexec", do_fexec},   {"relative", do_relative}, {"memfd", do_memfd},
	{"map", do_map},       {"tcp", do_connect},   {"udp", do_connect},       {"named", do_send},
	{"message", do_send},  {"messages", do_send}, {"fast", do_send},         {"uid", do_id},
	{"gid", do_id},        {"euid", do_id},       {"egid", do_id},           {"fsuid", do_id},
	{"groups", do_groups}, {"socket", do_socket},
};

static int operate(char **word)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(word[0], operations[i].name))
			return operations[i].run(word);
	fprintf(stderr, "operate: %s: no such operation\n", word[0]);
	abort();
}

static void try(char *line)
{
	char *word[WORDS + 1] = {NULL};
	int status;
	pid_t child;

	printf("%s: ", line);
	fflush(stdout);
	child = fork();
	if (!child) {
		size_t n = 0;

		for (char *at = strtok(line, " "); at && n < WORDS; at = strtok(NULL, " "))
			word[n++] = at;
		_exit(operate(word));
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		exit(2);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("%s\n", WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "done");
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
	char line[512];

	if (!file) {
		fprintf(stderr, "usage: operate FILE\n");
		return 2;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		try(line);
	}
	fclose(file);
	return 0;
}
