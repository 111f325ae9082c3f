/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

_Static_assert(sizeof(void *) == 8, "a value's two offsets are kept in its userdata pointer");

/* The text is read twice: by json-c for its values, then by this scanner for their places, in document order.
 * The scanner sees only text that json-c took, so it may rely on balanced brackets and a bounded depth. */
struct place {
	uint32_t key, value;
};

struct scanner {
	const char *text;
	size_t len, at;
	struct place *place;
	size_t count, room;
	struct policy_error *error;
};

void policy_place(const char *text, size_t len, size_t offset, struct policy_error *place)
{
	size_t line_start = 0;

	if (offset > len)
		offset = len;
	place->line = 1;
	for (size_t i = 0; i < offset; i++)
		if (text[i] == '\n') {
			place->line++;
			line_start = i + 1;
		}
	place->column = offset - line_start + 1;
}

int json_fail(const char *text, size_t len, size_t offset, struct policy_error *error, const char *format, ...)
{
	va_list args;

	policy_place(text, len, offset, error);
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

#define scan_fail(s, offset, ...) json_fail((s)->text, (s)->len, offset, (s)->error, __VA_ARGS__)

static void scan_space(struct scanner *s)
{
	while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]))
		s->at++;
}

static int scan_hex(const struct scanner *s, size_t at)
{
	char digits[5] = "";

	if (at + 4 > s->len)
		return -1;
	memcpy(digits, s->text + at, 4);
	for (int i = 0; i < 4; i++)
		if (!isxdigit((unsigned char)digits[i]))
			return -1;
	return strtol(digits, NULL, 16);
}

/* At a backslash. */
static int scan_escape(struct scanner *s)
{
	int code, low;

	if (s->at + 1 >= s->len || !strchr("\"\\/bfnrtu", s->text[s->at + 1]))
		return scan_fail(s, s->at,
				 "unknown escape in a string: JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
	if (s->text[s->at + 1] != 'u') {
		s->at += 2;
		return 0;
	}
	code = scan_hex(s, s->at + 2);
	if (code < 0)
		return scan_fail(s, s->at, "\\u needs four hexadecimal digits");
	if (code == 0)
		return scan_fail(s, s->at, "a string may not hold a NUL byte (\\u0000)");
	if (code >= 0xdc00 && code <= 0xdfff)
		return scan_fail(s, s->at, "a lone surrogate (\\u%04x) is no character", code);
	if (code >= 0xd800 && code <= 0xdbff) {
		low = s->at + 7 < s->len && s->text[s->at + 6] == '\\' && s->text[s->at + 7] == 'u'
			      ? scan_hex(s, s->at + 8)
			      : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return scan_fail(s, s->at, "a lone surrogate (\\u%04x) is no character", code);
		s->at += 6;
	}
	s->at += 6;
	return 0;
}

static int scan_string(struct scanner *s)
{
	int r;

	if (s->at >= s->len || s->text[s->at] != '"')
		return scan_fail(s, s->at, "expected a string in double quotes");
	for (s->at++; s->at < s->len && s->text[s->at] != '"';) {
		if ((unsigned char)s->text[s->at] < 0x20)
			return scan_fail(s, s->at, "control character in a string: write it as \\u%04x",
					 (unsigned char)s->text[s->at]);
		if (s->text[s->at] != '\\') {
			s->at++;
			continue;
		}
		r = scan_escape(s);
		if (r < 0)
			return r;
	}
	s->at++;
	return 0;
}

static int scan_push(struct scanner *s, size_t key, size_t value)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		struct place *grown = reallocarray(s->place, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->place = grown;
		s->room = room;
	}
	s->place[s->count++] = (struct place){key, value};
	return 0;
}

/* Notes a key in `seen`, decoded as json-c decodes it: "a" and "\u0061" are one key. */
static int scan_key(struct scanner *s, struct json_object *seen, size_t start)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *key;
	int r = 0;

	if (!tokener)
		return -ENOMEM;
	key = json_tokener_parse_ex(tokener, s->text + start, s->at - start);
	if (!key)
		r = -ENOMEM;
	else if (json_object_object_get_ex(seen, json_object_get_string(key), NULL))
		r = scan_fail(s, start, "%.*s: this key stands twice in one object", (int)(s->at - start),
			      s->text + start);
	else
		r = json_object_object_add(seen, json_object_get_string(key), NULL) ? -ENOMEM : 0;
	json_object_put(key);
	json_tokener_free(tokener);
	return r;
}

static int scan_value(struct scanner *s, size_t key);

static int scan_object(struct scanner *s)
{
	struct json_object *seen = json_object_new_object();
	int r = seen ? 0 : -ENOMEM;

	while (!r) {
		size_t start;

		s->at++; /* '{' or ',' */
		scan_space(s);
		if (s->at < s->len && s->text[s->at] == '}')
			break;
		start = s->at;
		r = scan_string(s);
		if (!r)
			r = scan_key(s, seen, start);
		if (r)
			break;
		scan_space(s);
		s->at++; /* ':' */
		r = scan_value(s, start);
		scan_space(s);
		if (s->at >= s->len || s->text[s->at] != ',')
			break;
	}
	json_object_put(seen);
	s->at++;
	return r;
}

static int scan_array(struct scanner *s)
{
	int r = 0;

	while (!r) {
		s->at++; /* '[' or ',' */
		scan_space(s);
		if (s->at < s->len && s->text[s->at] == ']')
			break;
		r = scan_value(s, s->at);
		scan_space(s);
		if (s->at >= s->len || s->text[s->at] != ',')
			break;
	}
	s->at++;
	return r;
}

/* A number, true or false, as RFC 8259 spells them. */
static int scan_word(struct scanner *s)
{
	size_t start = s->at, end, digits;
	const char *t = s->text;

	while (s->at < s->len && !strchr(",]} \t\r\n", t[s->at]))
		s->at++;
	end = s->at - start;
	if (end == 4 && !memcmp(t + start, "null", 4))
		return scan_fail(s, start, "null has no meaning in a policy: leave it out");
	if ((end == 4 && !memcmp(t + start, "true", 4)) || (end == 5 && !memcmp(t + start, "false", 5)))
		return 0;
	digits = start + (t[start] == '-');
	if (digits < s->at && t[digits] == '0' && digits + 1 < s->at && isdigit((unsigned char)t[digits + 1]))
		return scan_fail(s, start, "a number may not begin with 0");
	if (digits == s->at || !isdigit((unsigned char)t[digits]) || !isdigit((unsigned char)t[s->at - 1]))
		return scan_fail(s, start, "expected a value");
	return 0;
}

static int scan_value(struct scanner *s, size_t key)
{
	int r;

	scan_space(s);
	r = scan_push(s, key, s->at);
	if (r < 0 || s->at >= s->len)
		return r;
	switch (s->text[s->at]) {
	case '{':
		return scan_object(s);
	case '[':
		return scan_array(s);
	case '"':
		return scan_string(s);
	default:
		return scan_word(s);
	}
}

/* Gives each value of the tree its place: both are in document order. */
static bool place_values(struct json_object *value, const struct scanner *s, size_t *next)
{
	if (!value || *next >= s->count)
		return false;
	if (json_object_is_type(value, json_type_double)) /* its serializer would read its text there */
		json_object_set_serializer(value, NULL, NULL, NULL);
	json_object_set_userdata(value, (void *)((uintptr_t)s->place[*next].key << 32 | s->place[*next].value), NULL);
	++*next;
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			if (!place_values(member, s, next))
				return false;
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			if (!place_values(json_object_array_get_idx(value, i), s, next))
				return false;
	}
	return true;
}

size_t json_offset(struct json_object *value)
{
	return (uintptr_t)json_object_get_userdata(value) & 0xffffffff;
}

size_t json_key_offset(struct json_object *value)
{
	return (uintptr_t)json_object_get_userdata(value) >> 32;
}

static int check_bytes(struct scanner *s)
{
	if (s->len > POLICY_TEXT_MAX) {
		scan_fail(s, POLICY_TEXT_MAX, "longer than %u bytes, the most that a policy may have",
			  POLICY_TEXT_MAX);
		return -E2BIG;
	}
	for (size_t at = 0, n; at < s->len; at += n) {
		n = utf8_length(s->text + at, s->len - at);
		if (!n)
			return scan_fail(s, at, "byte 0x%02x is not UTF-8 here", (unsigned char)s->text[at]);
		if (!s->text[at])
			return scan_fail(s, at, "NUL byte: a policy is JSON text");
	}
	return 0;
}

/* json-c says little of the mistake that is made most. */
static const char *syntax_error(const struct scanner *s, size_t at, enum json_tokener_error why)
{
	size_t before = at;

	while (before && strchr(" \t\r\n", s->text[before - 1]))
		before--;
	if (before && at < s->len && s->text[before - 1] == ',' && strchr("]}", s->text[at]))
		return "a comma with nothing behind it";
	return json_tokener_error_desc(why);
}

static int read_tree(struct scanner *s, struct json_object **root)
{
	struct json_tokener *tokener = json_tokener_new();
	enum json_tokener_error why;
	int r = 0;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	*root = json_tokener_parse_ex(tokener, s->text, s->len);
	why = json_tokener_get_error(tokener);
	if (why == json_tokener_continue)
		r = scan_fail(s, s->len, "the text ends too early: a bracket or a quote is not closed");
	else if (why == json_tokener_error_depth)
		r = scan_fail(s, json_tokener_get_parse_end(tokener), "nested too deep");
	else if (why != json_tokener_success)
		r = scan_fail(s, json_tokener_get_parse_end(tokener), "not JSON: %s",
			      syntax_error(s, json_tokener_get_parse_end(tokener), why));
	json_tokener_free(tokener);
	return r;
}

static int scan_text(struct scanner *s, struct json_object *root)
{
	size_t next = 0;
	int r = scan_value(s, s->at);

	if (r < 0)
		return r;
	scan_space(s);
	if (s->at < s->len)
		return scan_fail(s, s->at, "text after the end of the policy");
	if (!place_values(root, s, &next) || next != s->count)
		return scan_fail(s, 0, "not JSON as RFC 8259 has it");
	return 0;
}

int json_read(const char *text, size_t len, struct json_object **root, struct policy_error *error)
{
	struct scanner s = {.text = text, .len = len, .error = error};
	struct json_object *tree = NULL;
	int r;

	memset(error, 0, sizeof(*error));
	r = check_bytes(&s);
	if (!r)
		scan_space(&s);
	if (!r && (s.at == s.len || text[s.at] != '{'))
		r = scan_fail(&s, s.at, "%s: a policy is a JSON object, {\"mantlet\": 1, …}",
			      s.at == s.len ? "empty" : "not an object");
	if (!r) {
		s.at = 0;
		r = read_tree(&s, &tree);
	}
	if (!r)
		r = scan_text(&s, tree);
	free(s.place);
	if (r == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "out of memory");
	if (r < 0) {
		json_object_put(tree);
		return r;
	}
	*root = tree;
	return 0;
}
