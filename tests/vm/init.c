/*
 * init.c - process 1 of a test VM (see tests/vm/run, which builds its initramfs and reads what it sends).
 *
 * Loads the modules it was given, takes the disk /dev/vda as root, unpacks the job (a tar archive on
 * /dev/vdb) over it and runs the command of /run/vm/argv with standard output and standard error on pipes.
 * Their bytes go to one virtio-serial port each, the exit status to a third, and the machine resets. A port
 * has no line discipline, and a write to it returns when the host has the bytes: nothing is changed and
 * nothing is lost at the end.
 *
 * Whatever goes wrong goes to the kernel log, and the status port stays silent: the host takes that for a
 * failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The numbers of the ports, as tests/vm/run gives them. */
enum { PORT_OUT = 1, PORT_ERR, PORT_STATUS };

static char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
				    "LANG=C.UTF-8", "TERM=dumb", NULL};

/* One stream of the command: from the pipe that it writes to, to the port that the host reads. */
struct stream {
	int pipe;
	int port;
};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	FILE *log = fopen("/dev/kmsg", "we");
	if (log) {
		fputs("<2>vm-init: ", log);
		vfprintf(log, format, args);
		fclose(log);
	}
	va_end(args);
}

/* Nothing is synced: what the VM wrote to its disk is lost anyway. */
static _Noreturn void leave(void)
{
	reboot(RB_AUTOBOOT);
	_exit(1);
}

#define die(...) (say(__VA_ARGS__), leave())

static void mount_at(const char *source, const char *target, const char *type, unsigned long flags, const char *data)
{
	if (mkdir(target, 0755) && errno != EEXIST)
		die("mkdir %s: %m", target);
	if (mount(source, target, type, flags, data))
		die("mount %s: %m", target);
}

/* Waits for a device, which appears a moment after its driver. */
static int open_device(const char *path, int flags)
{
	for (int tries = 0; tries < 1000; tries++) {
		int fd = open(path, flags | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		usleep(5000);
	}
	die("open %s: %m", path);
}

static void run(char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %m");
	if (!pid) {
		execve(argv[0], argv, environment);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		die("%s %s: status %#x", argv[0], argv[1], status);
}

static void load_modules(void)
{
	char names[1024];
	char *argv[64] = {"/bin/busybox", "modprobe", "-a"};
	size_t n = 3;
	int fd = open("/modules", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, names, sizeof(names) - 1);

	if (size < 0)
		die("read /modules: %m");
	close(fd);
	names[size] = '\0';
	for (char *name = strtok(names, "\n"); name && n < 63; name = strtok(NULL, "\n"))
		argv[n++] = name;
	run(argv);
}

/* The initramfs is no place to live: its root mount cannot be pivoted. The disk's takes its place. */
static void switch_root(void)
{
	close(open_device("/dev/vda", O_RDONLY));
	mount_at("/dev/vda", "/root", "ext4", MS_NOATIME, NULL);
	mount_at("/lib/modules", "/root/lib/modules", NULL, MS_BIND, NULL);
	if (umount2("/proc", MNT_DETACH) || umount2("/dev", MNT_DETACH) || chdir("/root") ||
	    mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		die("switch root: %m");
}

static void mount_all(void)
{
	const unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	mount_at("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL);
	mount_at("proc", "/proc", "proc", safe, NULL);
	mount_at("sysfs", "/sys", "sysfs", safe, NULL);
	mount_at("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666");
	mount_at("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL);
	mount_at("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mount_at("tmpfs", "/tmp", "tmpfs", MS_NODEV, NULL);
	mount_at("cgroup2", "/sys/fs/cgroup", "cgroup2", safe, NULL);
	mount_at("bpf", "/sys/fs/bpf", "bpf", safe, "mode=700");
	mount_at("securityfs", "/sys/kernel/security", "securityfs", safe, NULL);
	mount_at("tracefs", "/sys/kernel/tracing", "tracefs", safe, NULL);
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		die("symlinks of /dev: %m");
}

static void bring_up_network(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) || sethostname("vm", 2))
		die("network: %m");
	close(fd);
}

/* The command's arguments: each ended by a NUL byte, as in /proc/PID/cmdline. */
static char **read_arguments(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %m", path);
	char *text = malloc((size_t)st.st_size + 1);
	char **argv = calloc((size_t)st.st_size + 1, sizeof(*argv));
	if (!text || !argv || read(fd, text, (size_t)st.st_size) != st.st_size)
		die("%s: cannot read", path);
	close(fd);
	unlink(path);

	size_t n = 0;
	for (char *word = text; word < text + st.st_size; word += strlen(word) + 1)
		argv[n++] = word;
	return argv;
}

static int open_port(int number)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/vport0p%d", number);
	return open_device(path, O_WRONLY);
}

static struct stream open_stream(int port, int *write_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) || fcntl(fds[0], F_SETFL, O_NONBLOCK) || fcntl(fds[0], F_SETPIPE_SZ, 1 << 20) < 0)
		die("pipe: %m");
	*write_end = fds[1];
	return (struct stream){.pipe = fds[0], .port = open_port(port)};
}

static void send_all(int port, const char *bytes, size_t size)
{
	while (size) {
		ssize_t sent = write(port, bytes, size);
		if (sent < 0 && errno != EINTR)
			die("port: %m");
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		}
	}
}

/* Passes on what the pipe holds now. Forgets the pipe at its end. */
static void relay(struct stream *stream)
{
	static char buffer[32 << 10];
	ssize_t size;

	while ((size = read(stream->pipe, buffer, sizeof(buffer))) > 0)
		send_all(stream->port, buffer, (size_t)size);
	if (size == 0)
		stream->pipe = -1;
	else if (errno != EAGAIN)
		die("pipe: %m");
}

static pid_t start(char **argv, int out, int err)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %m");
	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (dup2(open("/dev/null", O_RDONLY), STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(err, STDERR_FILENO) < 0)
		_exit(125);
	execvpe(argv[0], argv, environment);
	dprintf(STDERR_FILENO, "vm: %s: %m\n", argv[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Buries the dead. Whether the command is among them: then its exit status is set. */
static int reap(pid_t command, int *status)
{
	int found = 0, last;
	pid_t pid;

	while ((pid = waitpid(-1, &last, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*status = WIFSIGNALED(last) ? 128 + WTERMSIG(last) : WEXITSTATUS(last);
		found = 1;
	}
	return found;
}

/* Runs the command to its end; then whatever it left behind is killed, and its last words are passed on. */
static int supervise(char **argv)
{
	int out, err, status = 0;
	struct stream streams[] = {open_stream(PORT_OUT, &out), open_stream(PORT_ERR, &err)};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	int deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (deaths < 0)
		die("signalfd: %m");

	pid_t command = start(argv, out, err);
	close(out);
	close(err);
	do {
		struct signalfd_siginfo death;
		struct pollfd ready[] = {
			{streams[0].pipe, POLLIN, 0}, {streams[1].pipe, POLLIN, 0}, {deaths, POLLIN, 0}};
		if (poll(ready, 3, -1) < 0 && errno != EINTR)
			die("poll: %m");
		for (size_t i = 0; i < 2; i++)
			if (ready[i].revents)
				relay(&streams[i]);
		while (read(deaths, &death, sizeof(death)) > 0)
			;
	} while (!reap(command, &status));

	kill(-1, SIGKILL);
	for (size_t i = 0; i < 2; i++)
		if (streams[i].pipe >= 0)
			relay(&streams[i]);
	return status;
}

int main(void)
{
	static char *const unpack[] = {"/bin/busybox", "tar", "-x", "-f", "/dev/vdb", NULL};
	char report[32];

	mount_at("proc", "/proc", "proc", 0, NULL);
	mount_at("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	load_modules();
	switch_root();
	mount_all();
	bring_up_network();
	close(open_device("/dev/vdb", O_RDONLY));
	run(unpack);

	int port = open_port(PORT_STATUS);
	send_all(port, "start\n", strlen("start\n"));
	int status = supervise(read_arguments("/run/vm/argv"));
	send_all(port, report, (size_t)snprintf(report, sizeof(report), "exit %d\n", status));
	leave();
}
