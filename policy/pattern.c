/* SPDX-License-Identifier: BSD-2-Clause */
#include "pattern.h"

#include <errno.h>

static struct byteset set_but_slash(void)
{
	struct byteset set;

	memset(&set, 0xff, sizeof(set));
	set.w['/' / 64] &= ~(1ull << '/' % 64);
	return set;
}

static struct byteset set_of(unsigned char byte)
{
	struct byteset set = {{0}};

	byteset_add(&set, byte);
	return set;
}

bool pattern_literal(const char *pattern, char *buf, size_t *len)
{
	size_t n = 0;

	for (; *pattern; pattern++) {
		if (strchr("*?[", *pattern))
			return false;
		if (*pattern == '\\' && !*++pattern)
			return false;
		buf[n++] = *pattern;
	}
	*len = n;
	return true;
}

/* One byte of a class, perhaps quoted; *p moves past it. */
static int class_byte(const char **p, unsigned char *byte, const char **why)
{
	if (**p == '\\')
		++*p;
	*byte = **p;
	*why = !*byte          ? "a class is not closed: \"[\" needs its \"]\"; for a plain \"[\" write \"\\\\[\""
	       : *byte == '/'  ? "\"/\" in a class can match nothing"
	       : *byte >= 0x80 ? "a class holds single bytes, so only ASCII; for other characters use ? or *"
			       : NULL;
	if (*why)
		return -EINVAL;
	++*p;
	return 0;
}

/* p is behind the '['; on success it is behind the ']'. */
static int class_set(const char **p, struct byteset *set, const char **why)
{
	bool negated = **p == '!';
	struct byteset in = {{0}};

	*p += negated;
	if (**p == ']' || **p == '^') {
		*why = **p == ']' ? "an empty class; for a plain \"]\" in it write \"\\\\]\""
				  : "\"[^\": write \"[!…]\" to negate, \"[\\\\^…]\" for a plain \"^\"";
		return -EINVAL;
	}
	while (**p != ']') {
		unsigned char first, last;

		if (class_byte(p, &first, why) < 0)
			return -EINVAL;
		last = first;
		if (**p == '-' && (*p)[1] != ']') {
			++*p;
			if (class_byte(p, &last, why) < 0)
				return -EINVAL;
		}
		if (last < first) {
			*why = "an empty range in a class: its ends are the wrong way round";
			return -EINVAL;
		}
		for (unsigned int b = first; b <= last; b++)
			byteset_add(&in, b);
	}
	++*p;
	if (negated)
		for (int i = 0; i < 4; i++)
			in.w[i] = ~in.w[i];
	in.w['/' / 64] &= ~(1ull << '/' % 64);
	*set = in;
	return 0;
}

static int next_token(const char **p, struct token *token, const char **why)
{
	unsigned char byte = *(*p)++;

	*token = (struct token){0};
	switch (byte) {
	case '*':
		token->repeats = true;
		token->set = set_but_slash();
		for (; **p == '*'; ++*p)
			memset(&token->set, 0xff, sizeof(token->set));
		return 0;
	case '?':
		token->set = set_but_slash();
		return 0;
	case '[':
		return class_set(p, &token->set, why);
	case '\\':
		if (!**p) {
			*why = "ends in a backslash that quotes nothing";
			return -EINVAL;
		}
		byte = *(*p)++;
		break;
	}
	token->set = set_of(byte);
	return 0;
}

int pattern_tokens(const char *pattern, struct token *tokens, size_t *count, const char **why)
{
	size_t n = 0;

	for (const char *p = pattern; *p; n++)
		if (next_token(&p, &tokens[n], why) < 0)
			return -EINVAL;
	for (size_t i = 0; i < n / 2; i++) {
		struct token swap = tokens[i];

		tokens[i] = tokens[n - 1 - i];
		tokens[n - 1 - i] = swap;
	}
	*count = n;
	return 0;
}
