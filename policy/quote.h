/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that somebody else chose, made fit for one line that people read. */
#ifndef MANTLET_POLICY_QUOTE_H
#define MANTLET_POLICY_QUOTE_H

#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* Copies text into buf: control characters and bytes that are no UTF-8 become \xHH, and what does not fit
 * becomes "...". size is at least 8. Returns buf. */
static inline const char *quote_text(const char *text, size_t len, char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_length(text + i, len - i);
		if (at + 4 + 4 > size) {
			memcpy(buf + at, "...", 4);
			return buf;
		}
		if (n && (n > 1 || ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f))) {
			memcpy(buf + at, text + i, n);
			at += n;
		} else {
			n = 1;
			at += sprintf(buf + at, "\\x%02x", (unsigned char)text[i]);
		}
	}
	buf[at] = '\0';
	return buf;
}

#endif
