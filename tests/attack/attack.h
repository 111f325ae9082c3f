/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the attack programs: TAP, and effects, by which alone an attempt is judged. They are static, take all
 * paths as arguments and know nothing of the mode, so they run under either: in a container, and in a VM.
 *
 * The policy is the caller's, and says: allowed are ALLOWED, the attack program itself, and what is below
 * WORK/open; all else is denied.
 */
#ifndef MANTLET_TESTS_ATTACK_H
#define MANTLET_TESTS_ATTACK_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *allowed, *forbidden, *work;
static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3))) static void tap_ok(int ok, const char *format, ...)
{
	va_list args;

	tap_failed += !ok;
	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

/* A file below the work directory. Rotates through a few buffers. */
__attribute__((format(printf, 1, 2))) static const char *in_work(const char *format, ...)
{
	static char buffers[8][PATH_MAX];
	static unsigned int next;
	char *buf = buffers[next++ % 8];
	int len = snprintf(buf, PATH_MAX, "%s/", work);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, PATH_MAX - len, format, args);
	va_end(args);
	return buf;
}

/* How often a program of that effect ran since effects_clear(). */
static long effects(const char *effect)
{
	struct stat st;

	return stat(in_work("%s", effect), &st) ? 0 : st.st_size;
}

static void effects_clear(void)
{
	unlink(in_work("allowed"));
	unlink(in_work("forbidden"));
}

__attribute__((noreturn)) static void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(2);
}

__attribute__((unused)) static void file_write(const char *path, const char *text, mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "we");
	if (!file || fputs(text, file) < 0 || fclose(file) || chmod(path, mode))
		bail(path);
}

__attribute__((unused)) static void script_write(const char *path, const char *interpreter, const char *effect)
{
	char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "#!%s\n%s\n", interpreter, effect);
	file_write(path, text, 0755);
}

__attribute__((unused)) static void link_make(const char *target, const char *path)
{
	unlink(path);
	if (symlink(target, path))
		bail(path);
}

static void attack_begin(char **argv)
{
	allowed = argv[1];
	forbidden = argv[2];
	work = argv[3];
	setenv("EFFECT_DIR", work, 1);
	mkdir(in_work("open"), 0755);
	effects_clear();
}

#endif
