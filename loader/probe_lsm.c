/* SPDX-License-Identifier: BSD-2-Clause */
/* What mode lsm needs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "capability.h"
#include "object.h"
#include "probe.h"
#include "programs.h"

#define SECURITYFS "/sys/kernel/security"
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static void check_kernel(struct probe_finding *finding)
{
	unsigned int major = 0, minor = 0, patch = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u.%u", &major, &minor, &patch);
	if (major < 5 || (major == 5 && minor < 10))
		probe_found(finding, PROBE_LACKS, "run on Linux 5.10 or later, best 6.1", "Linux %s", name.release);
	else
		probe_found(finding, PROBE_OK, "", "Linux %s", name.release);
}

static void check_btf(struct probe_finding *finding)
{
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		probe_found(finding, PROBE_OK, "", "the kernel describes its types");
	else if (errno == ENOENT)
		probe_found(finding, PROBE_LACKS, "mount /sys; else use a kernel built with CONFIG_DEBUG_INFO_BTF",
			    "there is no /sys/kernel/btf/vmlinux");
	else
		probe_found(finding, PROBE_UNKNOWN, "run as root", "/sys/kernel/btf/vmlinux: %s", strerror(errno));
}

/* Opens a file of securityfs; if it is not mounted, in an instance that nobody else sees. */
static int open_security(const char *name)
{
	char path[128];
	int fd, fs, mount;

	snprintf(path, sizeof(path), SECURITYFS "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	fs = syscall(SYS_fsopen, "securityfs", FSOPEN_CLOEXEC);
	if (fs < 0)
		return -1;
	mount = syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0
			? -1
			: (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	if (mount < 0)
		return -1;
	fd = openat(mount, name, O_RDONLY | O_CLOEXEC);
	close(mount);
	return fd;
}

static bool read_security(const char *name, char *text, size_t size)
{
	int fd = open_security(name);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return n >= 0;
}

static bool listed(char *list, const char *name)
{
	char *rest;

	for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		if (!strcmp(word, name))
			return true;
	return false;
}

static void check_list(struct probe_finding *finding)
{
	char list[160], words[160];

	if (!read_security("lsm", list, sizeof(list))) {
		probe_found(finding, PROBE_UNKNOWN, "mount -t securityfs none " SECURITYFS ", or run as root",
			    SECURITYFS "/lsm cannot be read");
		return;
	}
	memcpy(words, list, sizeof(words));
	if (listed(words, "bpf"))
		probe_found(finding, PROBE_OK, "", "the kernel asks %s", list);
	else
		probe_found(finding, PROBE_LACKS, "boot with the list and ,bpf in lsm= on the kernel's command line",
			    "the kernel asks %s, not bpf", list);
}

static void check_lockdown(struct probe_finding *finding)
{
	char text[160];

	bool known = read_security("lockdown", text, sizeof(text));

	if (!known && !capability_effective(CAP_SYS_ADMIN))
		probe_found(finding, PROBE_UNKNOWN, "run as root", SECURITYFS "/lockdown cannot be read");
	else if (known && strstr(text, "[confidentiality]"))
		probe_found(finding, PROBE_LACKS, "boot with lockdown=integrity",
			    "the kernel is locked down: programs may not read its memory");
	else
		probe_found(finding, PROBE_OK, "", "programs may read the kernel's memory");
}

static void check_capabilities(struct probe_finding *finding)
{
	bool bpf = capability_effective(CAP_BPF), perfmon = capability_effective(CAP_PERFMON);

	if (capability_effective(CAP_SYS_ADMIN) || (bpf && perfmon))
		probe_found(finding, PROBE_OK, "", "may load programs");
	else
		probe_found(finding, PROBE_LACKS,
			    "run as root of the host; in a container, with --cap-add BPF --cap-add PERFMON",
			    "no %s%s%s, nor CAP_SYS_ADMIN", bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
			    perfmon ? "" : "CAP_PERFMON");
}

/* What libbpf finds out by trying: 1, 0, or -errno. */
static void found_by_trying(struct probe_finding *finding, int r, const char *what, const char *since)
{
	char remedy[160];

	snprintf(remedy, sizeof(remedy), "run on Linux %s or later", since);
	if (r > 0)
		probe_found(finding, PROBE_OK, "", "%s", what);
	else if (!r && !capability_effective(CAP_SYS_ADMIN) && !capability_effective(CAP_BPF))
		probe_found(finding, PROBE_UNKNOWN, "run as root of the host", "not permitted to try");
	else if (!r)
		probe_found(finding, PROBE_LACKS, remedy, "no %s, or not permitted", what);
	else
		probe_found(finding, PROBE_UNKNOWN, "", "cannot be tried: %s", strerror(-r));
}

static void check_type(struct probe_finding *finding)
{
	found_by_trying(finding, libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_LSM, NULL), "programs of type LSM",
			"5.7, with CONFIG_BPF_LSM, where its owner lets them load,");
}

static void check_ring(struct probe_finding *finding)
{
	found_by_trying(finding, libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL), "ring buffer", "5.8");
}

static void check_loop(struct probe_finding *finding)
{
	/* libbpf takes any refusal but "no such function" for a yes */
	bool may = capability_effective(CAP_SYS_ADMIN) ||
		   (capability_effective(CAP_BPF) && capability_effective(CAP_PERFMON));
	int r = may ? libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) : -EPERM;

	found_by_trying(finding, r, "bpf_loop: paths of any depth", "5.17");
	if (finding->status == PROBE_LACKS)
		snprintf(finding->found, sizeof(finding->found),
			 "no bpf_loop: paths of more than 85 bytes are denied");
}

static void check_setgroups(struct probe_finding *finding)
{
	if (object_kernel().setgroups)
		probe_found(finding, PROBE_OK, "", "setgroups() can be judged");
	else
		probe_found(finding, PROBE_LACKS, "run on Linux 6.0 or later",
			    "setgroups() passes no LSM hook: identity.gid is refused");
}

int probe_lsm_canary(struct fault *fault)
{
	struct programs *programs;
	int r = programs_load(&programs, false, fault);

	if (r < 0)
		return r;
	r = programs_attach(programs, fault);
	if (!r)
		r = programs_prove(programs, fault);
	programs_close(programs);
	return r;
}

static void check_verdict(struct probe_finding *finding)
{
	struct fault fault;

	if (probe_lsm_canary(&fault) < 0)
		probe_found(finding, PROBE_LACKS, "", "%.190s", fault.text);
	else
		probe_found(finding, PROBE_OK, "", "an exec was refused just now");
}

static void check_verifier(struct probe_finding *finding)
{
	struct programs *programs;
	char verified[900];

	if (programs_load(&programs, true, NULL) < 0) {
		probe_found(finding, PROBE_UNKNOWN, "", "the programs do not load");
		return;
	}
	programs_verified(programs, verified, sizeof(verified));
	probe_found(finding, verified[0] ? PROBE_OK : PROBE_UNKNOWN, "", "instructions verified: %s",
		    verified[0] ? verified : "this kernel does not tell");
	programs_close(programs);
}

const struct probe_check probe_lsm_checks[] = {
	{"kernel", true, check_kernel},
	{"capabilities", true, check_capabilities},
	{"btf", true, check_btf},
	{"lsm list", true, check_list},
	{"lockdown", true, check_lockdown},
	{"program type", true, check_type},
	{"ring buffer", true, check_ring},
	{"bpf_loop", false, check_loop},
	{"setgroups", false, check_setgroups},
	{"verifier", false, check_verifier},
	{"verdict", true, check_verdict},
	{0},
};
