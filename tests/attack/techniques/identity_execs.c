/* SPDX-License-Identifier: BSD-2-Clause */
/* An identity by exec: of this program, with set-id bits or file capabilities. See main.c for what it does then. */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "run.h"
#include "technique.h"

/* Who may not make one takes that which the harness laid beside ALLOWED. */
static const char *set_id_laid(const struct aim *aim, uid_t uid, gid_t gid, mode_t mode)
{
	static char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%.*s/set-id-%u-%u", (int)(strrchr(aim->allowed, '/') - aim->allowed),
		 aim->allowed, uid, gid);
	need("chown",
	     stat(path, &st) || st.st_uid != uid || st.st_gid != gid || (st.st_mode & 07777) != mode ? -1 : 0);
	return path;
}

/* A copy of this program of that owner and with those bits. */
static const char *set_id(const struct aim *aim, uid_t uid, gid_t gid, mode_t mode)
{
	const char *path = in_work(aim, "open/set-id");

	copy_to("/proc/self/exe", path);
	if (chown(path, uid, gid))
		return set_id_laid(aim, uid, gid, mode);
	need("chmod", chmod(path, mode));
	return path;
}

static void run_stopped(const char *path)
{
	execl(path, path, "stop", NULL);
}

static void by_set_uid(const struct aim *aim)
{
	run_stopped(set_id(aim, aim->id, 0, 04755));
}

static void by_set_gid(const struct aim *aim)
{
	run_stopped(set_id(aim, 0, aim->id, 02755));
}

static void by_set_id_fd(const struct aim *aim)
{
	char *const args[] = {(char *)"x", (char *)"stop", NULL};

	fexecve(open(set_id(aim, aim->id, 0, 04755), O_RDONLY | O_CLOEXEC), args, environ);
}

static void by_set_id_link(const struct aim *aim)
{
	link_make(set_id(aim, aim->id, 0, 04755), in_work(aim, "open/set-id-link"));
	run_stopped(in_work(aim, "open/set-id-link"));
}

static void *thread_run(void *path)
{
	run_stopped(path);
	return NULL;
}

static void by_set_id_thread(const struct aim *aim)
{
	pthread_t thread;

	need("thread", -pthread_create(&thread, NULL, thread_run, (void *)set_id(aim, aim->id, 0, 04755)));
	pthread_join(thread, NULL);
}

/* As an interpreter: its bits count, those of the script do not. */
static void by_set_id_interpreter(const struct aim *aim)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "#!%.900s stop\n", set_id(aim, aim->id, 0, 04755));
	text_write(in_work(aim, "open/set-id-script"), text, 0755);
	run(in_work(aim, "open/set-id-script"));
}

static void become_nobody(void)
{
	if (geteuid())
		return;
	need("setgroups", setgroups(0, NULL));
	need("setgid", setresgid(1000, 1000, 1000));
	need("setuid", setresuid(1000, 1000, 1000));
}

static void run_gained(const struct aim *aim, const char *path)
{
	execl(path, path, "gained", in_work(aim, "%s", aim->forbidden ? "forbidden" : "allowed"), NULL);
}

/* Back to root, which is no forbidden id. */
static void by_set_uid_root(const struct aim *aim)
{
	const char *path = set_id(aim, 0, 0, 04755);

	become_nobody();
	run_gained(aim, path);
}

static const char *with_capability(const struct aim *aim)
{
	const struct vfs_cap_data capability = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {{.permitted = 1u << CAP_CHOWN}},
	};
	const char *path = set_id(aim, 0, 0, 0755);

	need("file capability", setxattr(path, "security.capability", &capability, sizeof(capability), 0));
	return path;
}

static void by_capability(const struct aim *aim)
{
	const char *path = with_capability(aim);

	become_nobody();
	run_gained(aim, path);
}

static void by_capability_fd(const struct aim *aim)
{
	char *const args[] = {(char *)"x", (char *)"gained",
			      (char *)in_work(aim, "%s", aim->forbidden ? "forbidden" : "allowed"), NULL};
	int fd = open(with_capability(aim), O_PATH | O_CLOEXEC);

	become_nobody();
	syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
}

static const struct technique techniques[] = {
	{"set-uid program", by_set_uid, NEVER, 0, 0},
	{"set-gid program", by_set_gid, NEVER, 0, 0},
	{"set-uid program by descriptor", by_set_id_fd, NEVER, 0, 0},
	{"set-uid program by a link", by_set_id_link, NEVER, 0, 0},
	{"set-uid program from a thread", by_set_id_thread, NEVER, 0, 0},
	{"set-uid program as an interpreter", by_set_id_interpreter, NEVER, 0, 0},
	{"set-uid root program", by_set_uid_root, NEVER, 0, 0},
	{"file capability", by_capability, NEVER, 0, 0},
	{"file capability by descriptor", by_capability_fd, NEVER, 0, 0},
};

const struct technique_list identity_execs = TECHNIQUE_LIST(SECTION_IDENTITY, techniques);
