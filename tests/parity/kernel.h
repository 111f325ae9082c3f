/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel as one that answers questions. A function that fails says why on standard error. */
#ifndef MANTLET_TESTS_PARITY_KERNEL_H
#define MANTLET_TESTS_PARITY_KERNEL_H

#include "ask.h"

struct kernel;

/* Loads the program. NULL on failure. */
struct kernel *kernel_open(void);
void kernel_close(struct kernel *kernel);

/* Where to put questions and the names of their paths, and where the answers are. */
struct ask_question *kernel_questions(const struct kernel *kernel);
struct ask_name *kernel_names(const struct kernel *kernel);

/* Puts an image in the place of the last one. 0 or -errno. */
int kernel_policy(struct kernel *kernel, const struct image_cell *image);

/* 0 or -errno. */
int kernel_ask(const struct kernel *kernel, unsigned int count, unsigned int times);

#endif
