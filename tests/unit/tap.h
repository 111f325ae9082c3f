/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP from C: one line a check, the plan at the end, and diagnostics that say what was seen. */
#ifndef MANTLET_TESTS_TAP_H
#define MANTLET_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3))) static inline bool ok(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	tap_failed += !good;
	return good;
}

static inline bool is_text(const char *got, const char *wanted, const char *what)
{
	bool same = ok(!strcmp(got, wanted), "%s", what);

	if (!same)
		printf("# got    %s\n# wanted %s\n", got, wanted);
	return same;
}

static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
