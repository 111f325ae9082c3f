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
#include "setid.h"

#define HEAD_SIZE 256 /* BINPRM_BUF_SIZE: what the kernel looks at to tell what a file is */

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

/* Does the container's root have the file under that name, and as what? A private mount namespace, a file that is
 * deleted or never had a name, and a root that was pivoted away all fail here. No component of the name may be a link:
 * what the kernel says a file is called has none, unless it says so of another mount namespace, where anything may have
 * been mounted where we have a link. */
static bool name_holds(const struct judge *judge, const struct file_id *id, const char *path, struct file_id *there)
{
	int fd;

	if (path[0] != '/')
		return false;
	fd = resolve_plainly(judge->origin.root, path);
	if (fd < 0)
		return false;
	if (file_identify(fd, "", AT_EMPTY_PATH, there))
		there->ino = ~id->ino;
	close(fd);
	return file_same(id, there);
}

/* As mode lsm shows it: without what the kernel's text for people adds. */
static void show_nameless(char *path)
{
	static const char deleted[] = " (deleted)", memory[] = "/memfd:";
	size_t len = strlen(path), end = sizeof(deleted) - 1;

	if (len > end && !strcmp(path + len - end, deleted))
		path[len -= end] = '\0';
	if (!strncmp(path, memory, sizeof(memory) - 1))
		memmove(path, path + 1, len);
}

static const char *name_file(const struct judge *judge, const struct task *task, int fd, char *path,
			     struct file_id *there)
{
	struct file_id id;

	if (file_identify(fd, "", AT_EMPTY_PATH, &id))
		return "its attributes cannot be read";
	if (fd_path(task, fd, path, PATH_MAX))
		return "its path is too long or cannot be read";
	if (name_holds(judge, &id, path, there))
		return NULL;
	show_nameless(path);
	return id.links ? "no such file under this name from the container's root"
			: "the file has no name: deleted or memfd";
}

/* The verdict on the file that has this path from the container's root, and is this there. */
static struct verdict judge_named(const struct judge *judge, const char *path, const struct file_id *there)
{
	struct verdict by_path = verdict_exec(judge->image, path, strlen(path));
	struct verdict_origin origin;

	if (by_path.denied || !verdict_drift_asked(judge->image))
		return by_path;
	origin = origin_of(&judge->origin, judge->image, path, there);
	return verdict_drift(judge->image, by_path, &origin);
}

const char *judge_file(const struct judge *judge, const struct task *task, int fd, char *path,
		       struct verdict *verdict)
{
	struct verdict_walk walk;
	struct file_id there;
	const char *reason;

	path[0] = 0;
	if (!verdict_exec_begin(judge->image, &walk)) {
		*verdict = verdict_exec_end(judge->image, &walk);
		fd_path(task, fd, path, PATH_MAX);
		return NULL;
	}
	reason = name_file(judge, task, fd, path, &there);
	if (reason)
		*verdict = verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
	else
		*verdict = judge_named(judge, path, &there);
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
static struct judge_seen *seen_place(const struct judge *judge, const struct file_id *id)
{
	return &judge->seen[(id->ino ^ id->dev) % JUDGE_SEEN];
}

static bool seen(const struct judge *judge, const struct file_id *id)
{
	const struct judge_seen *place = seen_place(judge, id);

	return file_unchanged(&place->id, id) && id->changed;
}

/* With our rights, what we are told of a path it is told, too; with others we cannot know. */
static bool same_user(const struct task *task)
{
	uid_t fsuid;

	return !task_fsuid(task, &fsuid) && fsuid == geteuid();
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

static void unresolved(const struct judge *judge, struct judgement *out, struct exec_finding *step, const char *named,
		       int err)
{
	if (err == -EPERM)
		step->reason = "the task may not be looked at: give the container SYS_PTRACE";
	else
		step->reason = out->reason_text;
	snprintf(out->reason_text, sizeof(out->reason_text), "the path cannot be resolved: %s", strerror(-err));
	snprintf(step->path, sizeof(step->path), "%s", named);
	step->verdict = verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
}

/* The filter refuses each of its system calls: it would die at the first, for no reason that it could tell. */
static void refuse_elf32(const struct judge *judge, struct exec_finding *step)
{
	step->reason = "a 32-bit program: mode seccomp guards 64-bit system calls only";
	step->verdict = verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
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

	return task_identify(task, "root", &id) || !file_same(&id, &judge->origin.root_id) ||
	       id.mount != judge->origin.root_id.mount;
}

static int open_step(const struct judge *judge, const struct task *task, int dirfd, const char *path, int flags,
		     bool *plain)
{
	int fd = -EAGAIN;

	*plain = false;
	if (!(flags & AT_SYMLINK_NOFOLLOW) && !(judge->apart && elsewhere(judge, task)))
		fd = resolve_quickly(judge->origin.root, path, plain);
	return fd == -EAGAIN ? resolve_path(task, dirfd, path, flags) : fd;
}

static void judge_step(const struct judge *judge, const struct task *task, const char *path, bool plain,
		       const struct judgement *chain, struct exec_finding *step)
{
	if (plain) {
		snprintf(step->path, sizeof(step->path), "%s", path);
		step->verdict = judge_named(judge, path, &chain->program_id);
	} else {
		step->reason = judge_file(judge, task, chain->program, step->path, &step->verdict);
	}
}

void judgement_tell(struct judgement *judgement, const struct exec_finding *finding)
{
	if (finding->verdict.reported && judgement->told_count <= EXEC_CHAIN_MAX)
		judgement->told[judgement->told_count++] = *finding;
}

/* Keeps of two findings the one that matters more. */
static void finding_keep(struct exec_finding *kept, const struct exec_finding *step)
{
	if (!kept->verdict.denied || step->verdict.enforced)
		*kept = *step;
}

/* One file of the chain. True: it is a script, whose interpreter comes next. */
static bool chain_step(const struct judge *judge, const struct task *task, struct exec_call *call, bool interpreter,
		       struct judgement *out)
{
	struct exec_finding step = {.interpreter = interpreter};
	unsigned char head[HEAD_SIZE];
	bool plain, script = false;
	int fd = open_step(judge, task, call->dirfd, call->path, call->flags, &plain);

	out->script = interpreter;
	if (fd < 0 && own_error(task, fd, out))
		return false;
	if (fd < 0 || chain_file(out, fd)) {
		unresolved(judge, out, &step, call->path, fd < 0 ? fd : -EIO);
	} else if (!executable(&out->program_id)) {
		/* a directory, a device, a file without x: the kernel says so itself, and no policy is asked */
		out->unjudged = true;
		return false;
	} else {
		judge_step(judge, task, call->path, plain, out, &step);
		if (!step.verdict.enforced && !seen(judge, &out->program_id)) {
			read_head(task, fd, head);
			script = script_interpreter(head, call->path);
			if (!script)
				format_of(head, out);
			if (out->elf32)
				refuse_elf32(judge, &step);
			else if (!script && !out->foreign)
				*seen_place(judge, &out->program_id) = (struct judge_seen){.id = out->program_id};
		}
	}
	judgement_tell(out, &step);
	finding_keep(&out->file, &step);
	return script && !out->file.verdict.enforced;
}

static void chain_judge(const struct judge *judge, const struct task *task, const struct exec_call *call,
			struct judgement *out)
{
	struct exec_call at = *call;

	for (int step = 0; step < EXEC_CHAIN_MAX; step++) {
		if (!chain_step(judge, task, &at, step > 0, out))
			return;
		at.dirfd = AT_FDCWD;
		at.flags = 0;
	}
	out->unjudged = true; /* ELOOP, says the kernel */
}

static void identity_set(struct judgement *out, struct verdict verdict, enum identity_kind kind, uint32_t from,
			 uint32_t to)
{
	if (!verdict.denied || out->identity.denied)
		return;
	out->identity = verdict;
	out->kind = kind;
	out->from = from;
	out->to = to;
}

/* Does it give nothing to anyone? Capabilities come and go with the change time, too; and should that be forged, the
 * kernel tells at the exec event. */
static bool gives_nothing(const struct judge *judge, const struct task *task, struct judgement *out)
{
	struct judge_seen *place = seen_place(judge, &out->program_id);
	const bool known = seen(judge, &out->program_id);

	out->remembered = known && place->gives_nothing && !(out->program_id.mode & (S_ISUID | S_ISGID));
	if (out->remembered)
		return true;
	if (setid_gives(task, out->program, &out->program_id))
		return false;
	if (known)
		place->gives_nothing = true;
	return true;
}

/* What the program gives, held against what the policy says of identities. */
static void identity_judge(const struct judge *judge, const struct task *task, struct judgement *out)
{
	struct setid_gain gain;

	if (gives_nothing(judge, task, out))
		return;
	if (setid_gain(task, out->program, &out->program_id, &gain)) {
		identity_set(out, verdict_of(judge->image, VERDICT_UNRESOLVED(RULE_IDENTITY)), IDENTITY_SETID, 0, 0);
		return;
	}
	if (gain.uid || gain.gid || gain.capabilities)
		identity_set(out, verdict_setid(judge->image), IDENTITY_SETID, gain.from_uid, gain.to_uid);
	if (gain.uid)
		identity_set(out, verdict_id(judge->image, IMAGE_UID, gain.to_uid), IDENTITY_UID, gain.from_uid,
			     gain.to_uid);
	if (gain.gid)
		identity_set(out, verdict_id(judge->image, IMAGE_GID, gain.to_gid), IDENTITY_GID, gain.from_gid,
			     gain.to_gid);
}

static bool identity_asked(image_ref image)
{
	const struct image_table *uid = (const void *)image_cell(image, IMAGE_UID);
	const struct image_table *gid = (const void *)image_cell(image, IMAGE_GID);

	return verdict_flags(image) & IMAGE_SETID_DENY || !uid || uid->count || !gid || gid->count;
}

bool judge_asked(const struct judge *judge)
{
	struct verdict_walk walk;

	return verdict_exec_begin(judge->image, &walk) || judge->identity;
}

bool judgement_refuses(const struct judgement *judgement)
{
	return judgement->file.verdict.enforced || judgement->identity.enforced;
}

int judge_open(struct judge *judge, image_ref image, int root, bool no_new_privs)
{
	*judge = (struct judge){.image = image,
				.identity = !no_new_privs && identity_asked(image),
				.seen = calloc(JUDGE_SEEN, sizeof(*judge->seen))};
	return judge->seen ? origin_open(root, &judge->origin) : -ENOMEM;
}

void judge_close(struct judge *judge)
{
	free(judge->seen);
	judge->seen = NULL;
}

void judge_forget(const struct judge *judge, const struct file_id *id)
{
	seen_place(judge, id)->gives_nothing = false;
}

void judgement_begin(struct judgement *judgement)
{
	*judgement = (struct judgement){.named = -1, .program = -1};
}

void judge_exec(const struct judge *judge, const struct task *task, const struct exec_call *call,
		struct judgement *out)
{
	chain_judge(judge, task, call, out);
	if (judge->identity && !out->error && !out->unjudged && !out->file.verdict.enforced)
		identity_judge(judge, task, out);
}

void judgement_drop(struct judgement *judgement)
{
	if (judgement->program >= 0 && judgement->program != judgement->named)
		close(judgement->program);
	if (judgement->named >= 0)
		close(judgement->named);
	judgement->named = judgement->program = -1;
}
