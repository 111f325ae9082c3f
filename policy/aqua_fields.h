/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the two halves of the import: aqua_fields.c reads the fields, aqua.c writes the policy. */
#ifndef MANTLET_POLICY_AQUA_FIELDS_H
#define MANTLET_POLICY_AQUA_FIELDS_H

#include <stdio.h>
#include <string.h>

#include "aqua.h"
#include "json.h"
#include "quote.h"

enum list { EXEC_ALLOW, EXEC_DENY, PORTS, UID_ALLOW, UID_DENY, GID_ALLOW, GID_DENY, LISTS };

/* An import under way. */
struct import {
	const char *text;
	size_t len;
	struct policy_error *error;
	const struct aqua_accounts *accounts;
	FILE *said;
	size_t missing;
	bool no_memory;

	/* what becomes the policy */
	const char *name;
	struct json_object *list[LISTS]; /* NULL: the policy has none */
	bool enforce, off, drift, setid, no_root, log_exec, log_connect;
	bool fileless;
};

#define PATH_TEXT 160

#define import_fail(im, value, ...) json_fail((im)->text, (im)->len, json_offset(value), (im)->error, __VA_ARGS__)

static inline const char *quoted(const char *text, char buf[PATH_TEXT])
{
	return quote_text(text, strlen(text), buf, PATH_TEXT);
}

/* A line of what is said. */
__attribute__((format(printf, 3, 4))) void aqua_say(struct import *im, const char *kind, const char *format, ...);
#define say_lost(im, ...) aqua_say(im, "not imported", __VA_ARGS__)
#define say_note(im, ...) aqua_say(im, "note", __VA_ARGS__)

/* Refuses a value of another type. path is for the error. */
int aqua_expect(struct import *im, struct json_object *value, const char *path, enum json_type type,
		const char *what);

/* A block is an object, or, as Terraform has it, a list of one; NULL: it is none. */
struct json_object *aqua_block(struct json_object *value);

/* Appends to a list; takes the reference. */
void aqua_add(struct import *im, enum list list, struct json_object *element);

/* All fields of a policy. */
int aqua_take(struct import *im, struct json_object *policy);

#endif
