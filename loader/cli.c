/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/quote.h"

int say(int code, const char *format, ...)
{
	char text[1024], line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "mantlet: %s\n", quote_text(text, strlen(text), line, sizeof(line)));
	return code;
}

static int read_file(const char *path, char **text, size_t *len, struct fault *fault)
{
	struct stat st;
	ssize_t n = 0;
	char *buffer = NULL;
	/* O_NONBLOCK: a pipe that nobody writes to must not stop us from saying so */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = 0;

	if (fd < 0)
		return fault_set(fault, errno, "%s: cannot read the policy: %s; name one with -p or MANTLET_POLICY",
				 path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		r = fault_set(fault, EINVAL, "%s: is not a regular file; a policy is a JSON file", path);
	/* one byte more than is allowed, so that too long a text is seen as such, whatever fstat() said */
	if (!r && !(buffer = malloc(POLICY_TEXT_MAX + 1)))
		r = fault_set(fault, ENOMEM, "out of memory");
	for (*len = 0; !r && *len < POLICY_TEXT_MAX + 1; *len += n) {
		n = read(fd, buffer + *len, POLICY_TEXT_MAX + 1 - *len);
		if (n < 0)
			r = fault_set(fault, errno, "%s: cannot read the policy: %s", path, strerror(errno));
		if (n <= 0)
			break;
	}
	close(fd);
	if (r < 0) {
		free(buffer);
		return r;
	}
	/* a host has a thousand of them: the daemon could not fork any more, for what it only seems to use */
	*text = realloc(buffer, *len + 1);
	if (!*text)
		*text = buffer;
	return 0;
}

static int find_text(const char *where, struct policy_source *out, struct fault *fault)
{
	const char *label = where;
	const char *start;

	if (!where) {
		where = getenv("MANTLET_POLICY");
		label = "MANTLET_POLICY";
	}
	if (where && !*where)
		return fault_set(fault, EINVAL, "%s is empty: give the path of a policy, or its JSON",
				 label ? label : "the policy's name");
	if (!where)
		where = DEFAULT_POLICY;
	for (start = where; isspace((unsigned char)*start); start++)
		;
	if (*start == '{') {
		out->label = strdup(label == where ? "POLICY" : label);
		out->text = strdup(where);
		out->len = strlen(where);
		if (out->label && out->text)
			return 0;
		fault_set(fault, ENOMEM, "out of memory");
		return -ENOMEM;
	}
	out->label = strdup(where);
	return out->label ? read_file(where, &out->text, &out->len, fault)
			  : fault_set(fault, ENOMEM, "out of memory");
}

int policy_read(const char *where, struct policy_source *out, struct fault *fault)
{
	int r;

	*out = (struct policy_source){0};
	r = find_text(where, out, fault);
	if (r < 0)
		policy_unload(out);
	return r;
}

int policy_make(struct policy_source *source, struct fault *fault)
{
	struct policy_error error = {0};
	int r = policy_parse(source->text, source->len, &source->policy, &error);

	if (!r)
		r = policy_compile(source->policy, source->text, source->len, &source->image, &error);
	if (r < 0 && error.line)
		fault_set(fault, 0, "%s:%u:%u: %s", source->label, error.line, error.column, error.text);
	else if (r < 0)
		fault_set(fault, 0, "%s: %s", source->label, error.text);
	if (r < 0)
		policy_unload(source);
	return r;
}

int policy_load(const char *where, struct policy_source *out, struct fault *fault)
{
	int r = policy_read(where, out, fault);

	return r < 0 ? r : policy_make(out, fault);
}

void policy_unload(struct policy_source *source)
{
	policy_free(source->policy);
	free(source->image);
	free(source->text);
	free(source->label);
	*source = (struct policy_source){0};
}

void policy_settle(struct policy_source *source)
{
	policy_free(source->policy);
	free(source->text);
	source->policy = NULL;
	source->text = NULL;
	malloc_trim(0);
}
