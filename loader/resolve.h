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

#endif
