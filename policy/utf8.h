/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef MANTLET_POLICY_UTF8_H
#define MANTLET_POLICY_UTF8_H

#include <stddef.h>

/* The length in bytes of the character that s begins with, or 0 if the first of its n bytes begin none. */
static inline size_t utf8_length(const char *s, size_t n)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t len = !n            ? 0
		     : b[0] < 0x80 ? 1
		     : b[0] < 0xc2 ? 0
		     : b[0] < 0xe0 ? 2
		     : b[0] < 0xf0 ? 3
		     : b[0] < 0xf5 ? 4
				   : 0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] >= 0xa0) || (b[0] == 0xf0 && b[1] < 0x90) ||
	    (b[0] == 0xf4 && b[1] >= 0x90))
		return 0;
	return len;
}

#endif
