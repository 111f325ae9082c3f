/* SPDX-License-Identifier: BSD-2-Clause */
/* Who names an address, and from which table of calls: other ABIs, io_uring, threads, sockets that others made. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf32.h"
#include "ring.h"
#include "run.h"
#include "send.h"

#define AGAIN 200 /* a descriptor's number */

static void connect_child(const struct aim *aim)
{
	connect(socket_make(AF_INET, SOCK_STREAM, 0), AT(aim->in4));
	_exit(0);
}

static void by_vfork(const struct aim *aim)
{
	pid_t pid = vfork();

	if (pid == 0)
		connect_child(aim);
	end_as(pid);
}

static void by_orphan(const struct aim *aim)
{
	int pipe_fd[2];
	char end;

	need("pipe", pipe2(pipe_fd, O_CLOEXEC));
	if (fork() == 0) {
		if (fork() == 0) {
			setsid();
			connect_child(aim);
		}
		_exit(0);
	}
	close(pipe_fd[1]);
	if (read(pipe_fd[0], &end, 1) < 0)
		_exit(1);
}

static void *thread_connect(void *aim)
{
	connect_child(aim);
	return NULL;
}

static void by_thread(const struct aim *aim)
{
	pthread_t thread;

	need("thread", -pthread_create(&thread, NULL, thread_connect, (void *)aim));
	pthread_join(thread, NULL);
}

static void *thread_ask(void *tid)
{
	const struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "nowhere"};

	*(pid_t *)tid = syscall(SYS_gettid);
	connect(AGAIN, (const struct sockaddr *)&nowhere, sizeof(nowhere));
	return NULL;
}

/* The next child is to have that number. */
static void number_next(pid_t pid)
{
	char text[16];
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	snprintf(text, sizeof(text), "%d", pid - 1);
	need("ns_last_pid", fd < 0 ? -1 : write(fd, text, strlen(text)));
	close(fd);
}

/* A descriptor's number is a local socket of the process whose thread asked by this number before, and a TCP socket of the
 * one that has the thread's number now. */
static void by_former_thread(const struct aim *aim)
{
	int tcp = socket_make(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;
	pid_t tid = 0, pid = 0;

	dup2(socket_make(AF_UNIX, SOCK_STREAM, 0), AGAIN);
	need("thread", -pthread_create(&thread, NULL, thread_ask, &tid));
	pthread_join(thread, NULL);
	/* the thread may still have it for a moment */
	for (int i = 0; i < 1000 && pid != tid; i++) {
		if (pid && waitpid(pid, NULL, 0) == pid)
			usleep(1000);
		number_next(tid);
		pid = fork();
		if (pid)
			continue;
		if (getpid() == tid && dup2(tcp, AGAIN) == AGAIN)
			connect(AGAIN, AT(aim->in4));
		_exit(0);
	}
	need_not("the thread's number was not given again", pid != tid);
	end_as(pid);
}

static void by_namespaces(const struct aim *aim)
{
	pid_t pid;

	need("unshare", unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC));
	pid = fork();
	if (pid == 0)
		connect_child(aim);
	end_as(pid);
}

static void by_user_namespace(const struct aim *aim)
{
	need("unshare", unshare(CLONE_NEWUSER));
	connect(socket_make(AF_INET, SOCK_STREAM, 0), AT(aim->in4));
}

/* A socket that was made outside of the domain, and given to a task in it. */
static void by_handed(const struct aim *aim)
{
	struct sockaddr_un hand = {.sun_family = AF_UNIX};
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int from = socket_make(AF_UNIX, SOCK_STREAM, 0), fd;

	snprintf(hand.sun_path, sizeof(hand.sun_path), "%s/hand", aim->work);
	need("AF_UNIX connect", connect(from, AT(hand)));
	need("watch", watch_ask(aim->work, ASK_SOCKET));
	need("recvmsg", recvmsg(from, &msg, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	connect(fd, AT(aim->in4));
}

/* A socket of a child's, taken by its descriptor. */
static void by_pidfd_getfd(const struct aim *aim)
{
	int fd = -1, child_fd = socket_make(AF_INET, SOCK_STREAM, 0), pidfd;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	pidfd = syscall(434 /* pidfd_open */, pid, 0);
	close(child_fd);
	fd = syscall(438 /* pidfd_getfd */, pidfd, child_fd, 0);
	kill(pid, SIGKILL);
	need("pidfd_getfd", fd);
	connect(fd, AT(aim->in4));
}

struct low {
	unsigned int args[8];
	struct sockaddr_in address;
	char byte;
};

/* The address of a member in memory below 4 GiB. */
#define LOW(low, member) ((unsigned int)((long)(low) + (long)offsetof(struct low, member)))

static struct low *low_make(const struct aim *aim)
{
	const struct low low = {.address = aim->in4, .byte = 'x'};

	return low_memory(&low, sizeof(low));
}

static void by_int80_connect(const struct aim *aim)
{
	struct low *low = low_make(aim);
	long ret =
		call_i386(362, socket_make(AF_INET, SOCK_STREAM, 0), LOW(low, address), sizeof(low->address), 0, 0);

	need("int 0x80", ret < 0 && errno == ENOSYS ? -1 : 0);
}

static void by_int80_socketcall(const struct aim *aim)
{
	struct low *low = low_make(aim);

	low->args[0] = socket_make(AF_INET, SOCK_STREAM, 0);
	low->args[1] = LOW(low, address);
	low->args[2] = sizeof(low->address);
	need("int 0x80", call_i386(102, 3 /* connect */, LOW(low, args), 0, 0, 0) < 0 && errno == ENOSYS ? -1 : 0);
}

static void by_int80_socketcall_sendto(const struct aim *aim)
{
	struct low *low = low_make(aim);

	low->args[0] = socket_make(AF_INET, SOCK_DGRAM, 0);
	low->args[1] = LOW(low, byte);
	low->args[2] = 1;
	low->args[4] = LOW(low, address);
	low->args[5] = sizeof(low->address);
	need("int 0x80", call_i386(102, 11 /* sendto */, LOW(low, args), 0, 0, 0) < 0 && errno == ENOSYS ? -1 : 0);
}

static void by_int80_sendmsg(const struct aim *aim)
{
	struct low *low = low_make(aim);
	/* the message stands in args, its only iovec behind it */
	const unsigned int message[8] = {LOW(low, address), sizeof(low->address), LOW(low, args) + 28, 0, 0, 0, 0, 0};
	long ret;

	memcpy(low->args, message, sizeof(message));
	ret = call_i386(370, socket_make(AF_INET, SOCK_DGRAM, 0), LOW(low, args), 0, 0, 0);
	need("int 0x80", ret < 0 && errno == ENOSYS ? -1 : 0);
}

static void by_elf32(const struct aim *aim)
{
	elf32_send(in_work(aim, "open/elf32-send"), &aim->in4);
	run(in_work(aim, "open/elf32-send"));
	need("32-bit program", errno == ENOEXEC ? -1 : 0);
}

static void by_x32_connect(const struct aim *aim)
{
	long ret = syscall(X32 | 42, socket_make(AF_INET, SOCK_STREAM, 0), &aim->in4, sizeof(aim->in4));

	need("x32", ret < 0 && errno == ENOSYS ? -1 : 0);
}

static void by_x32_sendto(const struct aim *aim)
{
	long ret = syscall(X32 | 44, socket_make(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, &aim->in4, sizeof(aim->in4));

	need("x32", ret < 0 && errno == ENOSYS ? -1 : 0);
}

static void by_ring_connect(const struct aim *aim)
{
	struct ring_entry entry = {.opcode = RING_CONNECT,
				   .fd = socket_make(AF_INET, SOCK_STREAM, 0),
				   .address = (long)&aim->in4,
				   .offset = sizeof(aim->in4)};

	ring_do(&entry, 0);
}

/* By a kernel's thread, which has no task's call. */
static void by_ring_polled(const struct aim *aim)
{
	struct ring_entry entry = {.opcode = RING_CONNECT,
				   .fd = socket_make(AF_INET, SOCK_STREAM, 0),
				   .address = (long)&aim->in4,
				   .offset = sizeof(aim->in4)};

	ring_do(&entry, RING_SQPOLL);
}

static void by_ring_worker(const struct aim *aim)
{
	struct ring_entry entry = {.opcode = RING_CONNECT,
				   .flags = RING_ASYNC,
				   .fd = socket_make(AF_INET, SOCK_STREAM, 0),
				   .address = (long)&aim->in4,
				   .offset = sizeof(aim->in4)};

	ring_do(&entry, 0);
}

static void by_ring_sendmsg(const struct aim *aim)
{
	struct ring_entry entry = {.opcode = RING_SENDMSG,
				   .fd = socket_make(AF_INET, SOCK_DGRAM, 0),
				   .address = (long)message_to(AT(aim->in4)),
				   .len = 1};

	ring_do(&entry, 0);
}

static void by_ring_fast_open(const struct aim *aim)
{
	struct ring_entry entry = {.opcode = RING_SENDMSG,
				   .fd = socket_make(AF_INET, SOCK_STREAM, 0),
				   .address = (long)message_to(AT(aim->in4)),
				   .len = 1,
				   .operation_flags = MSG_FASTOPEN};

	ring_do(&entry, RING_SQPOLL);
}

/* Send with an address came with 6.0. */
static void ring_send(const struct aim *aim, int opcode)
{
	struct ring_entry entry = {.opcode = opcode,
				   .fd = socket_make(AF_INET, SOCK_DGRAM, 0),
				   .offset = (long)&aim->in4,
				   .address = (long)"x",
				   .len = 1,
				   .address_len = sizeof(aim->in4)};

	need("io_uring send with an address", ring_do(&entry, 0));
}

static void by_ring_send(const struct aim *aim)
{
	ring_send(aim, RING_SEND);
}

static void by_ring_send_zc(const struct aim *aim)
{
	ring_send(aim, RING_SEND_ZC);
}

struct lie {
	int uffd;
	char *page;
	unsigned int delay; /* in microseconds, between who reads first and who reads next */
	struct sockaddr_in told[2];
};

/* Whoever reads the page first gets one address, whoever reads it next the other. */
static void *lie_serve(void *arg)
{
	static char page[4096] __attribute__((aligned(4096)));
	const struct lie *lie = arg;
	struct uffd_msg msg;

	for (int turn = 0; read(lie->uffd, &msg, sizeof(msg)) == sizeof(msg); turn++) {
		struct uffdio_copy copy = {.dst = (long)lie->page, .src = (long)page, .len = 4096};

		memcpy(page, &lie->told[turn > 0], sizeof(lie->told[0]));
		ioctl(lie->uffd, UFFDIO_COPY, &copy);
		usleep(lie->delay);
		madvise(lie->page, 4096, MADV_DONTNEED);
	}
	return NULL;
}

static void lie_connect(const struct aim *aim, bool first, unsigned int delay)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	static struct lie lie;
	pthread_t thread;

	lie = (struct lie){.uffd = userfault_open(), .told = {aim->in4, aim->in4}, .delay = delay};
	need("userfaultfd", lie.uffd);
	lie.told[first].sin_port = htons(PORT_ALLOWED);
	lie.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (long)lie.page;
	range.range.len = 4096;
	need("UFFDIO_API", ioctl(lie.uffd, UFFDIO_API, &api));
	need("UFFDIO_REGISTER", ioctl(lie.uffd, UFFDIO_REGISTER, &range));
	need("thread", -pthread_create(&thread, NULL, lie_serve, &lie));
	connect(socket_make(AF_INET, SOCK_STREAM, 0), generic(lie.page), sizeof(struct sockaddr_in));
	_exit(0);
}

/* Without Mantlet the kernel is the first who reads: the second try is the control. */
static void by_userfault(const struct aim *aim)
{
	for (unsigned int delay = 1; delay < 3000; delay += delay / 2 + 1) {
		pid_t pid = fork();
		int status;

		/* told[first] is allowed: at last the other one */
		if (pid == 0)
			lie_connect(aim, delay > 2000, delay > 2000 ? 1000000 : delay);
		waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == TECHNIQUE_CANNOT)
			_exit(TECHNIQUE_CANNOT);
	}
}

static const struct technique techniques[] = {
	{"connect after vfork", by_vfork, SAME, 0, 0},
	{"connect by an orphan in a session of its own", by_orphan, SAME, 0, 0},
	{"connect by a thread", by_thread, SAME, 0, 0},
	{"connect by a task that has a former thread's number", by_former_thread, SAME, 0, 0},
	{"connect from namespaces of its own", by_namespaces, ANY, 0, 0},
	{"connect from a user namespace", by_user_namespace, ANY, 0, 0},
	{"socket that was made outside and passed", by_handed, SAME, 0, 0},
	{"socket taken from a child (pidfd_getfd)", by_pidfd_getfd, ANY, 0, 0},
	{"address that differs each time it is read (userfaultfd)", by_userfault, ANY, 0, 0},
	{"int 0x80 connect", by_int80_connect, ANY, 0, 0},
	{"int 0x80 socketcall connect", by_int80_socketcall, ANY, 0, 0},
	{"int 0x80 socketcall sendto", by_int80_socketcall_sendto, ANY, 0, 0},
	{"int 0x80 sendmsg", by_int80_sendmsg, ANY, 0, 0},
	{"32-bit program that sends", by_elf32, ANY, 0, 0},
	{"x32 connect", by_x32_connect, ANY, 0, 0},
	{"x32 sendto", by_x32_sendto, ANY, 0, 0},
	{"io_uring connect", by_ring_connect, ANY, 0, 0},
	{"io_uring connect by the kernel's polling thread", by_ring_polled, ANY, 0, 0},
	{"io_uring connect by a worker", by_ring_worker, ANY, 0, 0},
	{"io_uring sendmsg", by_ring_sendmsg, ANY, 0, 0},
	{"io_uring fast open, by the polling thread", by_ring_fast_open, ANY, 0, 0},
	{"io_uring send with an address", by_ring_send, ANY, 0, 0},
	{"io_uring send_zc with an address", by_ring_send_zc, ANY, 0, 0},
};

const struct technique_list connect_ways = TECHNIQUE_LIST(SECTION_CONNECT, techniques);
