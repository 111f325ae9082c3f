/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A path as a task means it: from its root, its working directory or one of its descriptors, with /proc/self
 * being the task and not us. The kernel's own look-up cannot be borrowed for that, so the walk is made here,
 * one component at a time.
 */
#ifndef MANTLET_RESOLVE_H
#define MANTLET_RESOLVE_H

#include "task.h"

/*
 * An O_PATH descriptor of the file, never of a symbolic link, or:
 *   -ENOENT -ENOTDIR -ELOOP -ENAMETOOLONG -EBADF   what the kernel would tell the task, too
 *   -EACCES                                        a directory on the way may not be searched, by us
 *   -EPERM                                         the task itself may not be looked at
 *   others                                         it could not be found out
 * flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, as of execveat(2).
 */
int resolve_path(const struct task *task, int dirfd, const char *path, int flags);

/* The same by one look-up of the kernel's, for an absolute path and a task that has this root and our mounts. What that
 * cannot tell is -EAGAIN: walk. plain: there was no link on the way, so the path is the file's name. */
int resolve_quickly(int root, const char *path, bool *plain);

/* What a name leads to from a directory if no component of it is a link. -errno. */
int resolve_plainly(int root, const char *name);

#endif
