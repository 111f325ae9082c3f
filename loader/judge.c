/* SPDX-License-Identifier: BSD-2-Clause */
#include "judge.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

/* What a name leads to from the root, if no component of it is a link: what the kernel says a file is called has none,
 * unless it says so of another mount namespace, where anything may have been mounted where we have a link. */
static int open_plainly(int root, const char *path)
{
	char name[NAME_MAX + 1];
	int at = fcntl(root, F_DUPFD_CLOEXEC, 0), next;
	struct file_id id;

	while (at >= 0 && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		if (len > NAME_MAX) {
			close(at);
			return -1;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		at = next;
		if (at >= 0 && (file_identify(at, "", AT_EMPTY_PATH, &id) || S_ISLNK(id.mode))) {
			close(at);
			return -1;
		}
	}
	return at;
}

/* Does the container's root have the file under that name? A private mount namespace, a file that is deleted
 * or never had a name, and a root that was pivoted away all fail here. */
static bool name_holds(const struct judge *judge, const struct file_id *id, const char *path)
{
	struct file_id there;
	int fd;

	if (path[0] != '/')
		return false;
	fd = open_plainly(judge->root, path);
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

void judge_format(const struct task *task, int fd, struct judgement *out)
{
	unsigned char head[HEAD_SIZE];

	read_head(task, fd, head);
	format_of(head, out);
}

/* Errors that tell of the path and not of us: the kernel would give the task the same. */
static bool own_error(const struct task *task, int err)
{
	struct task_text text;

	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
	case -ENAMETOOLONG:
	case -EBADF:
	case -EFAULT:
		return true;
	case -EACCES:
		/* with our own rights the task could not search there either; with others, we cannot know */
		task_describe(task, &text);
		return text.pid && text.fsuid == geteuid();
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

void judge_exec(const struct judge *judge, const struct task *task, const struct exec_call *call,
		struct judgement *out)
{
	unsigned char head[HEAD_SIZE];
	char script[PATH_MAX];
	const char *path = call->path;
	int dirfd = call->dirfd, flags = call->flags;

	*out = (struct judgement){.named = -1, .program = -1};
	for (int step = 0; step < CHAIN_MAX; step++) {
		int fd = resolve_path(task, dirfd, path, flags);

		out->interpreter = step > 0;
		if (fd < 0 && own_error(task, fd)) {
			out->error = fd;
			return;
		}
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
		out->reason = judge_file(judge, task, fd, out->path, &out->verdict);
		if (out->verdict.denied)
			return;
		read_head(task, fd, head);
		if (!script_interpreter(head, script)) {
			format_of(head, out);
			if (out->elf32)
				refuse_elf32(judge, out);
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
