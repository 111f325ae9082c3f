/* SPDX-License-Identifier: BSD-2-Clause */
/* What mode seccomp needs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capability.h"
#include "probe.h"
#include "walls.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#define CANARY_ERRNO EXDEV /* nothing else answers getpriority() so */
#define CANARY_MS 5000

/* In the child: a filter that asks about getpriority() only. The listener, or -errno. */
static int install_listener(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(*code), .filter = code};
	int fd;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd < 0 ? -errno : fd;
}

static void send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	sendmsg(sock, &message, MSG_NOSIGNAL);
}

static int receive_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(sock, &message, MSG_CMSG_CLOEXEC) <= 0 || !(header = CMSG_FIRSTHDR(&message)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

__attribute__((noreturn)) static void be_canary(int sock)
{
	int listener = install_listener();

	if (listener < 0)
		_exit(-listener & 0x7f);
	send_fd(sock, listener);
	close(listener);
	errno = 0;
	_exit(syscall(SYS_getpriority, PRIO_PROCESS, 0) < 0 && errno == CANARY_ERRNO ? 0 : ENOSYS);
}

/* Answers the canary's one call. */
static void answer(int listener)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	struct seccomp_notif_sizes sizes = {0};
	struct seccomp_notif *ask;
	struct seccomp_notif_resp *reply;

	syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
	ask = calloc(1, sizes.seccomp_notif > sizeof(*ask) ? sizes.seccomp_notif : sizeof(*ask));
	reply = calloc(1, sizes.seccomp_notif_resp > sizeof(*reply) ? sizes.seccomp_notif_resp : sizeof(*reply));
	if (ask && reply && poll(&ready, 1, CANARY_MS) == 1 && !ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, ask)) {
		reply->id = ask->id;
		reply->error = -CANARY_ERRNO;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, reply);
	}
	free(ask);
	free(reply);
}

/* A child's getpriority() is answered by us. 0, or -errno; *sync: SYNC_WAKE_UP is there. */
static int fly(bool *sync)
{
	int pair[2], status, listener;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	child = fork();
	if (!child) {
		close(pair[0]);
		be_canary(pair[1]);
	}
	close(pair[1]);
	listener = child < 0 ? -1 : receive_fd(pair[0]);
	close(pair[0]);
	if (listener >= 0) {
		*sync = !ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1);
		answer(listener);
		close(listener);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

int probe_seccomp_canary(struct fault *fault)
{
	bool sync;
	int r = fly(&sync);

	if (r == -EBUSY)
		return fault_set(fault, EBUSY,
				 "another supervisor listens to this container's system calls already: "
				 "run without it (runc's and crun's seccomp notify, sysbox, another mantlet)");
	if (r < 0)
		return fault_set(fault, -r,
				 "a system call cannot be put before a supervisor: %s; it needs Linux 5.10, "
				 "and a seccomp profile that allows seccomp()",
				 strerror(-r));
	return 0;
}

static void check_action(struct probe_finding *finding)
{
	__u32 action = SECCOMP_RET_USER_NOTIF;

	if (!syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action))
		probe_found(finding, PROBE_OK, "", "filters, and user notification");
	else if (errno == EOPNOTSUPP)
		probe_found(finding, PROBE_LACKS, "run on Linux 5.10 or later", "filters, but no user notification");
	else
		probe_found(finding, PROBE_LACKS,
			    "allow seccomp() in the container's seccomp profile; gVisor has none",
			    "no seccomp filters: %s", strerror(errno));
}

static void check_verdict(struct probe_finding *finding)
{
	struct fault fault;

	if (probe_seccomp_canary(&fault) < 0)
		probe_found(finding, PROBE_LACKS, "", "%.190s", fault.text);
	else
		probe_found(finding, PROBE_OK, "", "a call was answered by a supervisor just now");
}

static void check_privileges(struct probe_finding *finding)
{
	if (capability_effective(CAP_SYS_ADMIN))
		probe_found(finding, PROBE_OK, "", "filters need no no_new_privs");
	else
		probe_found(finding, PROBE_LACKS, "expected in a container: let the image start as the user it needs",
			    "without CAP_SYS_ADMIN no_new_privs is set: set-id programs gain nothing");
}

static void check_ptrace_capability(struct probe_finding *finding)
{
	if (capability_effective(CAP_SYS_PTRACE))
		probe_found(finding, PROBE_OK, "", "CAP_SYS_PTRACE");
	else
		probe_found(
			finding, PROBE_LACKS,
			"add SYS_PTRACE to the container (ECS: linuxParameters.capabilities.add); in an image with a "
			"USER also setcap cap_sys_ptrace=p on this binary",
			"no CAP_SYS_PTRACE: what changes its uid, or is not dumpable, is refused every exec");
}

/* Tracing one's own child: what verifies an exec. */
static void check_ptrace(struct probe_finding *finding)
{
	pid_t child = fork();
	int err = 0;

	if (!child) {
		pause();
		_exit(0);
	}
	if (child < 0 || ptrace(PTRACE_SEIZE, child, 0, 0) < 0)
		err = errno;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	if (err)
		probe_found(finding, PROBE_LACKS,
			    "set sysctl kernel.yama.ptrace_scope to 2 or less; allow ptrace() in the seccomp profile",
			    "a child cannot be traced: %s", strerror(err));
	else
		probe_found(finding, PROBE_OK, "", "a child can be traced");
}

static void check_pidfd(struct probe_finding *finding)
{
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0), fd = -1;

	if (pidfd >= 0)
		fd = syscall(SYS_pidfd_getfd, pidfd, STDERR_FILENO, 0);
	/* EBADF: standard error is closed, so it was looked for */
	if (fd >= 0 || (pidfd >= 0 && errno == EBADF))
		probe_found(finding, PROBE_OK, "", "pidfd_open, pidfd_getfd");
	else
		probe_found(finding, PROBE_LACKS,
			    "run on Linux 5.10 or later; Docker's profile wants SYS_PTRACE for it", "%s: %s",
			    pidfd < 0 ? "pidfd_open" : "pidfd_getfd", strerror(errno));
	close(fd);
	close(pidfd);
}

static void check_proc(struct probe_finding *finding)
{
	struct statfs fs;

	if (!statfs("/proc", &fs) && fs.f_type == PROC_SUPER_MAGIC && !access("/proc/self/exe", F_OK))
		probe_found(finding, PROBE_OK, "", "/proc is mounted");
	else
		probe_found(finding, PROBE_LACKS, "mount -t proc proc /proc", "/proc is not mounted");
}

/* A known flag gets as far as the program that is not there. */
static void check_killable(struct probe_finding *finding)
{
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, NULL);
	if (errno == EFAULT)
		probe_found(finding, PROBE_OK, "", "a call being answered is interrupted by death only");
	else
		probe_found(finding, PROBE_LACKS, "run on Linux 5.19 or later",
			    "no WAIT_KILLABLE_RECV: a signal restarts a call that is being answered");
}

static void check_sync(struct probe_finding *finding)
{
	bool sync = false;

	if (!fly(&sync) && sync)
		probe_found(finding, PROBE_OK, "", "the supervisor wakes on its caller's processor");
	else
		probe_found(finding, PROBE_LACKS, "run on Linux 6.6 or later", "no SYNC_WAKE_UP: answers are slower");
}

static void check_landlock(struct probe_finding *finding)
{
	int abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	if (walls_landlock_possible())
		probe_found(finding, PROBE_OK, "", "Landlock ABI %d: tasks beside the command cannot be traced by it",
			    abi);
	else if (abi >= 2)
		probe_found(finding, PROBE_LACKS, "expected where the command may mount",
			    "Landlock ABI %d is not used: it would forbid to mount", abi);
	else
		probe_found(finding, PROBE_LACKS,
			    "boot with landlock in lsm=, on Linux 5.19 or later; allow it in the seccomp profile",
			    "no Landlock that is of use: tasks beside the command can be traced by it (%s)",
			    abi < 0 ? strerror(errno) : "ABI 1");
}

static void check_dac(struct probe_finding *finding)
{
	if (geteuid() || capability_effective(CAP_DAC_OVERRIDE) || capability_effective(CAP_DAC_READ_SEARCH))
		probe_found(finding, PROBE_OK, "", "files are seen as the command sees them");
	else
		probe_found(finding, PROBE_LACKS, "do not drop DAC_OVERRIDE from the container",
			    "no CAP_DAC_OVERRIDE: programs below directories that are closed to root are refused");
}

const struct probe_check probe_seccomp_checks[] = {
	{"filter", true, check_action},
	{"proc", true, check_proc},
	{"pidfd", false, check_pidfd},
	{"ptrace", true, check_ptrace},
	{"verdict", true, check_verdict},
	{"SYS_PTRACE", false, check_ptrace_capability},
	{"new privileges", false, check_privileges},
	{"WAIT_KILLABLE_RECV", false, check_killable},
	{"SYNC_WAKE_UP", false, check_sync},
	{"Landlock", false, check_landlock},
	{"DAC_OVERRIDE", false, check_dac},
	{0},
};
