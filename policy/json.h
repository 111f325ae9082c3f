/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON as policy files need it: json-c's reader and tree, with what json-c does not give: the place of every
 * value in the text, and refusal of what RFC 8259 leaves undefined or json-c lets pass (duplicate keys, NUL,
 * control characters in strings, lone surrogates, malformed UTF-8, trailing text). null has no meaning in a
 * policy and is refused, so no value of the tree is NULL.
 */
#ifndef MANTLET_POLICY_JSON_H
#define MANTLET_POLICY_JSON_H

#include <json-c/json.h>

#include "policy.h"

/* *root is freed with json_object_put(). -EINVAL, -E2BIG (text too long), -ENOMEM: see error. */
int json_read(const char *text, size_t len, struct json_object **root, struct policy_error *error);

/* Where a value, or the key that it stands under, begins in the text. */
size_t json_offset(struct json_object *value);
size_t json_key_offset(struct json_object *value);

/* Fills an error at an offset of the text; returns -EINVAL. */
__attribute__((format(printf, 5, 6))) int json_fail(const char *text, size_t len, size_t offset,
						    struct policy_error *error, const char *format, ...);

#endif
