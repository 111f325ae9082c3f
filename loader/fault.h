/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a failure travels up: a negative errno, and one line for people that says what to do. Library code
 * fills a fault and returns; only the top prints it.
 */
#ifndef MANTLET_FAULT_H
#define MANTLET_FAULT_H

#include <stdarg.h>
#include <stdio.h>

struct fault {
	char text[1024];
};

/* return fault_set(fault, EPERM, "cannot do %s: do that", what);  -> -EPERM. fault may be NULL. */
__attribute__((format(printf, 3, 4))) static inline int fault_set(struct fault *fault, int err, const char *format,
								  ...)
{
	va_list args;

	if (fault) {
		va_start(args, format);
		vsnprintf(fault->text, sizeof(fault->text), format, args);
		va_end(args);
	}
	return -err;
}

#endif
