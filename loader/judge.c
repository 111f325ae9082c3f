/* SPDX-License-Identifier: BSD-2-Clause */
#include "judge.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "resolve.h"

#define HEAD_SIZE 256 /* BINPRM_BUF_SIZE: what the kernel looks at to tell what a file is */
#define CHAIN_MAX 6   /* a file and the five rewrites that the kernel allows */

#if defined(__x86_64__)
#define MACHINE_64 EM_X86_64
#define MACHINE_32 EM_386
#elif defined(__aarch64__)
#define MACHINE_64 EM_AARCH64
#define MACHINE_32 EM_ARM
#endif

static int fd_path(const struct task *task, int fd, char *path, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	len = readlinkat(task->proc, link, path, size - 1);
	if (len < 0)
		return -errno;
	path[len] = 0;
	return 0;
}

/* Does the container's root have the file under that name? A private mount namespace, a file that is deleted
 * or never had a name, and a root that was pivoted away all fail here. No component of the name may be a link: what the
 * kernel says a file is called has none, unless it says so of another mount namespace, where anything may have been
 * mounted where we have a link. */
static bool name_holds(const struct judge *judge, const struct file_id *id, const char *path)
{
	struct file_id there;
	int fd;

	if (path[0] != '/')
		return false;
	fd = resolve_plainly(judge->root, path);
	if (fd < 0)
		return false;
	if (file_identify(fd, "", AT_EMPTY_PATH, &there))
		there.ino = ~id->ino;
	close(fd);
	return file_same(id, &there);
}

static const char *name_file(const struct judge *judge, const struct task *task, int fd, char *path)
{
	struct file_id id;

	if (file_identify(fd, "", AT_EMPTY_PATH, &id))
		return "its attributes cannot be read";
	if (fd_path(task, fd, path, PATH_MAX))
		return "its path is too long or cannot be read";
	if (name_holds(judge, &id, path))
		return NULL;
	return id.links ? "no such file under this name from the container's root"
			: "the file has no name: deleted or memfd";
}

const char *judge_file(const struct judge *judge, const struct task *task, int fd, char *path,
		       struct verdict *verdict)
{
	struct verdict_walk walk;
	const char *reason;

	path[0] = 0;
	if (!verdict_exec_begin(judge->image, &walk)) {
		*verdict = verdict_exec_end(judge->image, &walk);
		fd_path(task, fd, path, PATH_MAX);
		return NULL;
	}
	reason = name_file(judge, task, fd, path);
	if (reason)
		*verdict = verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
	else
		*verdict = verdict_exec(judge->image, path, strlen(path));
	return reason;
}

/* The first bytes, the rest zeros, as the kernel sees them. Reopened without blocking: a lease of the
 * application must not hold us. */
static bool read_head(const struct task *task, int fd, unsigned char head[HEAD_SIZE])
{
	char link[32];
	ssize_t got;
	int in;

	memset(head, 0, HEAD_SIZE);
	snprintf(link, sizeof(link), "self/fd/%d", fd);
	in = openat(task->proc, link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (in < 0)
		return false;
	got = pread(in, head, HEAD_SIZE, 0);
	close(in);
	return got >= 0;
}

/* The interpreter that a head names, by the rules of binfmt_script. */
static bool script_interpreter(const unsigned char head[HEAD_SIZE], char path[PATH_MAX])
{
	size_t from = 2, to;

	if (head[0] != '#' || head[1] != '!')
		return false;
	while (from < HEAD_SIZE && (head[from] == ' ' || head[from] == '\t'))
		from++;
	for (to = from; to < HEAD_SIZE && head[to] && !strchr(" \t\n", head[to]);)
		to++;
	/* a name that the head cuts short is refused by the kernel */
	if (to == from || to == HEAD_SIZE)
		return false;
	memcpy(path, head + from, to - from);
	path[to - from] = 0;
	return true;
}

static void format_of(const unsigned char head[HEAD_SIZE], struct judgement *out)
{
	Elf32_Ehdr elf; /* both classes have e_machine at the same place */

	memcpy(&elf, head, sizeof(elf));
	out->elf32 = elf.e_ident[EI_CLASS] == ELFCLASS32;
	out->foreign =
		memcmp(elf.e_ident, ELFMAG, SELFMAG) || (elf.e_machine != MACHINE_64 && elf.e_machine != MACHINE_32);
}

/* Files do not often change: what one was need not be read again while its change time is the same. Were it changed
 * within one tick of that clock, the exec would turn out to be another than was judged. */
static struct file_id *seen_place(const struct judge *judge, const struct file_id *id)
{
	return &judge->seen[(id->ino ^ id->dev) % JUDGE_SEEN];
}

static bool seen(const struct judge *judge, const struct file_id *id)
{
	const struct file_id *place = seen_place(judge, id);

	return file_same(place, id) && place->changed == id->changed && id->changed;
}

/* With our rights, what we are told of a path it is told, too; with others we cannot know. */
static bool same_user(const struct task *task)
{
	struct task_text text;

	task_describe(task, &text);
	return text.pid && text.fsuid == geteuid();
}

/* Errors that tell of the path and not of us. Those that depend on who looks are left to the kernel: a user who may not
 * search a directory is not to learn from us what is in it. */
static bool own_error(const struct task *task, int err, struct judgement *out)
{
	switch (err) {
	case -ENAMETOOLONG:
	case -EBADF:
	case -EFAULT:
		out->error = err;
		return true;
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
		if (same_user(task))
			out->error = err;
		else
			out->unjudged = true;
		return true;
	case -EACCES:
		if (same_user(task))
			out->error = err;
		return out->error;
	default:
		return false;
	}
}

static void unresolved(const struct judge *judge, struct judgement *out, const char *named, int err)
{
	if (err == -EPERM)
		out->reason = "the task may not be looked at: give the container SYS_PTRACE";
	else
		out->reason = out->reason_text;
	snprintf(out->reason_text, sizeof(out->reason_text), "the path cannot be resolved: %s", strerror(-err));
	snprintf(out->path, sizeof(out->path), "%s", named);
	out->verdict = verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
}

/* The filter refuses each of its system calls: it would die at the first, for no reason that it could tell. */
static void refuse_elf32(const struct judge *judge, struct judgement *out)
{
	out->reason = "a 32-bit program: mode seccomp guards 64-bit system calls only";
	out->verdict = verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
}

/* Takes fd: the file at this step of the chain. */
static int chain_file(struct judgement *out, int fd)
{
	struct file_id id;
	int ret = file_identify(fd, "", AT_EMPTY_PATH, &id);

	if (out->program >= 0 && out->program != out->named)
		close(out->program);
	out->program = fd;
	out->program_id = id;
	if (out->named < 0) {
		out->named = fd;
		out->named_id = id;
	}
	return ret;
}

static bool executable(const struct file_id *id)
{
	return S_ISREG(id->mode) && id->mode & 0111;
}

static bool elsewhere(const struct judge *judge, const struct task *task)
{
	struct file_id id;

	return task_identify(task, "root", &id) || !file_same(&id, &judge->root_id) ||
	       id.mount != judge->root_id.mount;
}

static int open_step(const struct judge *judge, const struct task *task, int dirfd, const char *path, int flags,
		     bool *plain)
{
	int fd = -EAGAIN;

	*plain = false;
	if (!(flags & AT_SYMLINK_NOFOLLOW) && !(judge->apart && elsewhere(judge, task)))
		fd = resolve_quickly(judge->root, path, plain);
	return fd == -EAGAIN ? resolve_path(task, dirfd, path, flags) : fd;
}

static void judge_step(const struct judge *judge, const struct task *task, const char *path, bool plain,
		       struct judgement *out)
{
	if (plain) {
		out->reason = NULL;
		snprintf(out->path, sizeof(out->path), "%s", path);
		out->verdict = verdict_exec(judge->image, path, strlen(path));
	} else {
		out->reason = judge_file(judge, task, out->program, out->path, &out->verdict);
	}
}

int judge_open(struct judge *judge)
{
	judge->seen = calloc(JUDGE_SEEN, sizeof(*judge->seen));
	return judge->seen ? file_identify(judge->root, "", AT_EMPTY_PATH, &judge->root_id) : -ENOMEM;
}

void judge_close(struct judge *judge)
{
	free(judge->seen);
	judge->seen = NULL;
}

void judge_exec(const struct judge *judge, const struct task *task, const struct exec_call *call,
		struct judgement *out)
{
	unsigned char head[HEAD_SIZE];
	char script[PATH_MAX];
	const char *path = call->path;
	int dirfd = call->dirfd, flags = call->flags;
	bool plain;

	*out = (struct judgement){.named = -1, .program = -1};
	for (int step = 0; step < CHAIN_MAX; step++) {
		int fd = open_step(judge, task, dirfd, path, flags, &plain);

		out->interpreter = step > 0;
		if (fd < 0 && own_error(task, fd, out))
			return;
		if (fd < 0 || chain_file(out, fd)) {
			unresolved(judge, out, path, fd < 0 ? fd : -EIO);
			return;
		}
		/* a directory, a device, a file without x: the kernel says so itself, and no policy is asked
		 */
		if (!executable(&out->program_id)) {
			out->unjudged = true;
			return;
		}
		judge_step(judge, task, path, plain, out);
		if (out->verdict.denied || seen(judge, &out->program_id))
			return;
		read_head(task, fd, head);
		if (!script_interpreter(head, script)) {
			format_of(head, out);
			if (out->elf32)
				refuse_elf32(judge, out);
			else if (!out->foreign)
				*seen_place(judge, &out->program_id) = out->program_id;
			return;
		}
		path = script;
		dirfd = AT_FDCWD;
		flags = 0;
	}
	out->unjudged = true; /* ELOOP, says the kernel */
}

void judgement_drop(struct judgement *judgement)
{
	if (judgement->program >= 0 && judgement->program != judgement->named)
		close(judgement->program);
	if (judgement->named >= 0)
		close(judgement->named);
	judgement->named = judgement->program = -1;
}
