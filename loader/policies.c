/* SPDX-License-Identifier: BSD-2-Clause */
#include "policies.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "policy/policy.h"

/* As Docker, containerd, CRI-O and Podman name them, with systemd and without, and under ECS and Kubernetes. */
const char *const policies_parents[] = {
	"/system.slice/docker-*.scope",
	"/docker/*",
	"/ecstasks.slice/**/docker-*.scope",
	"/ecs/*/*",
	"/kubepods.slice/**/*-*.scope",
	"/kubepods/**/pod*/*",
	"/system.slice/nerdctl-*.scope",
	"/machine.slice/libpod-*.scope",
	NULL,
};

static int only_json(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".json") &&
	       strlen(entry->d_name) < sizeof(((struct catalog *)0)->file);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What only the container's engine knows is not asked for yet. */
static int check_match(const struct policy_source *source, struct fault *fault)
{
	const struct policy_match *match = &source->policy->match;

	if (!match->cluster && !match->family && !match->container && !match->image && !match->labels)
		return 0;
	return fault_set(fault, ENOTSUP, "%s: match: only \"cgroup\" can be matched yet: write that instead",
			 source->label);
}

static int check_demands(const struct policy_source *source, struct fault *fault)
{
	struct demands_offer offer = {.mode = guard_lsm.name, .met = guard_lsm.meets};

	if (guard_lsm.lacks)
		offer.lacks = guard_lsm.lacks(demands_of(source->policy), &offer.why);
	return demands_check(source, &offer, fault);
}

static struct policy_file *find_file(const struct policies *policies, const char *name)
{
	for (size_t i = 0; policies && i < policies->count; i++)
		if (!strcmp(policies->file[i].file, name))
			return &policies->file[i];
	return NULL;
}

static int copy_text(struct policy_file *file, const struct policy_file *before)
{
	if (!before->text)
		return 0;
	file->text = malloc(before->len + 1);
	if (!file->text)
		return -ENOMEM;
	memcpy(file->text, before->text, before->len);
	file->len = before->len;
	return 0;
}

/* What is in force of a file stays so. */
static int keep_before(struct policy_file *file, const struct policy_file *before)
{
	if (!before || !before->generation)
		return 0;
	file->name = strdup(before->name);
	file->cgroup = before->cgroup ? strdup(before->cgroup) : NULL;
	/* without its pattern it would be for all containers */
	if (!file->name || (before->cgroup && !file->cgroup) || copy_text(file, before) < 0)
		return -ENOMEM;
	file->policy = before->policy;
	file->generation = before->generation;
	return 0;
}

static bool is_in_force(const struct policy_file *before, const struct policy_source *source)
{
	return before && before->generation && before->text && before->len == source->len &&
	       !memcmp(before->text, source->text, source->len);
}

static int make_file(struct policy_file *file, const struct policy_file *before, struct fault *fault)
{
	int r;

	if (is_in_force(before, &file->source)) {
		policy_unload(&file->source);
		return keep_before(file, before);
	}
	r = policy_make(&file->source, fault);
	if (!r && ((r = check_match(&file->source, fault)) < 0 || (r = check_demands(&file->source, fault)) < 0))
		policy_unload(&file->source);
	return r;
}

static int read_file(const char *directory, struct policy_file *file, const struct policies *before)
{
	struct fault fault = {0};
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", directory, file->file) < 0)
		return -ENOMEM;
	r = policy_read(path, &file->source, &fault);
	if (!r)
		r = make_file(file, find_file(before, file->file), &fault);
	free(path);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !(file->error = strdup(fault.text)))
		return -ENOMEM;
	return 0;
}

int policies_read(const char *directory, const struct policies *before, struct policies *out, struct fault *fault)
{
	struct dirent **entry;
	int count = scandir(directory, &entry, only_json, by_name), r = 0;

	if (count < 0)
		return fault_set(fault, errno, "%s: cannot read the directory of policies: %s; name one with -d",
				 directory, strerror(errno));
	*out = (struct policies){.file = calloc(count + 1, sizeof(*out->file))};
	for (int i = 0; i < count; i++) {
		if (out->file && !r) {
			struct policy_file *file = &out->file[out->count++];

			file->file = strdup(entry[i]->d_name);
			r = file->file ? read_file(directory, file, before) : -ENOMEM;
		}
		free(entry[i]);
	}
	free(entry);
	if (!out->file || r < 0) {
		policies_free(out);
		return fault_set(fault, ENOMEM, "out of memory");
	}
	return 0;
}

/* ---- in force */

static int find_place(const struct programs *programs, const char *file)
{
	int empty = -ENOSPC;

	for (uint32_t i = 0; i < OPEN_POLICY; i++) {
		const struct catalog *entry = programs_catalog(programs, i);

		if (!strncmp(entry->file, file, sizeof(entry->file)))
			return i;
		if (!entry->file[0] && empty < 0)
			empty = i;
	}
	return empty;
}

/* The image first: a daemon that is killed in between finds a place that nobody is sent to yet. */
static int put_file(struct policy_file *file, struct programs *programs, struct fault *fault)
{
	int place = find_place(programs, file->file);
	const struct image_header *header = (const void *)file->source.image;
	const char *cgroup = file->source.policy->match.cgroup;
	struct catalog *entry;
	struct host_image now;
	int r;

	if (place < 0)
		return fault_set(fault, ENOSPC, "%s: there are more than %u policies", file->file, OPEN_POLICY);
	file->name = strdup(file->source.policy->name);
	file->cgroup = cgroup ? strdup(cgroup) : NULL;
	if (!file->name || (cgroup && !file->cgroup))
		return fault_set(fault, ENOMEM, "out of memory");
	entry = programs_catalog(programs, place);
	host_image(programs, place, &now);
	file->policy = place;
	file->changed =
		!now.generation || !entry->file[0] || now.checksum != header->checksum || now.cells != header->cells;
	file->generation = now.generation + file->changed;
	if (file->changed) {
		r = programs_set_image(programs, place, file->source.image, file->generation, fault);
		if (r < 0)
			return r;
	}
	snprintf(entry->name, sizeof(entry->name), "%s", file->source.policy->name);
	snprintf(entry->file, sizeof(entry->file), "%s", file->file);
	file->text = file->source.text;
	file->len = file->source.len;
	file->source.text = NULL;
	return 0;
}

/* ---- which policy a cgroup has */

struct class
{
	struct policy_rule rule[POLICY_SLOTS];
	uint32_t policy[POLICY_SLOTS];
	size_t count;
};

static void add_class(struct class *class, const char *pattern, uint32_t policy)
{
	if (class->count == POLICY_SLOTS)
		return;
	class->rule[class->count].text = (char *)pattern;
	class->policy[class->count++] = policy;
}

static void collect_classes(struct policies *policies, struct class *class)
{
	const struct policy_file *rest = NULL;

	for (size_t i = 0; i < policies->count; i++) {
		struct policy_file *file = &policies->file[i];

		if (!file->generation)
			continue;
		if (file->cgroup)
			add_class(class, file->cgroup, file->policy);
		else if (!rest)
			rest = file;
		else if (!policies->warning && asprintf(&policies->warning,
							"%s: has no match.cgroup, as %s has: that one is for all "
							"other containers, and this one for none",
							file->file, rest->file) < 0)
			policies->warning = NULL;
	}
	for (size_t i = 0; rest && policies_parents[i]; i++)
		add_class(class, policies_parents[i], rest->policy);
}

static int compile_classes(const struct class *class, struct image_cell **image, struct fault *fault)
{
	struct policy policy = {
		.name = "cgroups",
		.enforce = true,
		.exec = {.present = true,
			 .deny_default = true,
			 .allow = {(struct policy_rule *)class->rule, class->count}},
	};
	struct policy_error error = {0};
	int r = policy_compile(&policy, "", 0, image, &error);

	return r < 0 ? fault_set(fault, -r, "the policies' match.cgroup, taken together: %s", error.text) : 0;
}

static bool classes_same(const struct policies *a, const struct policies *b)
{
	const struct image_header *class = (const void *)a->class;

	return b && class->checksum == ((const struct image_header *)b->class)->checksum &&
	       !memcmp(a->class_policy, b->class_policy, POLICY_SLOTS * sizeof(*a->class_policy));
}

static int put_classes(struct policies *policies, const struct policies *before, struct programs *programs,
		       struct fault *fault)
{
	struct class *class = calloc(1, sizeof(*class));
	int r;

	policies->class_policy = calloc(POLICY_SLOTS, sizeof(*policies->class_policy));
	if (!class || !policies->class_policy) {
		free(class);
		return fault_set(fault, ENOMEM, "out of memory");
	}
	collect_classes(policies, class);
	memcpy(policies->class_policy, class->policy, sizeof(class->policy));
	r = compile_classes(class, &policies->class, fault);
	if (!r && !classes_same(policies, before))
		r = host_set_classes(programs, policies->class, class->policy, class->count, fault);
	free(class);
	return r;
}

/* Of containers that lost their policy. */
static int put_open(struct programs *programs, struct fault *fault)
{
	const struct policy nothing = {.name = "none"};
	struct policy_error error = {0};
	struct host_image now;
	struct image_cell *image;
	int r;

	host_image(programs, OPEN_POLICY, &now);
	if (now.generation)
		return 0;
	r = policy_compile(&nothing, "", 0, &image, &error);
	if (r < 0)
		return fault_set(fault, -r, "the policy of those that have none: %s", error.text);
	r = programs_set_image(programs, OPEN_POLICY, image, 1, fault);
	free(image);
	return r;
}

/* Nobody knows which of them are still in force. */
static void forget_texts(struct policies *policies)
{
	for (size_t i = 0; i < policies->count; i++) {
		free(policies->file[i].text);
		policies->file[i].text = NULL;
	}
}

int policies_apply(struct policies *policies, struct policies *before, struct programs *programs, struct fault *fault)
{
	int r = 0;

	policies->bad = 0;
	for (size_t i = 0; i < policies->count && !r; i++) {
		struct policy_file *file = &policies->file[i];

		policies->bad += !!file->error;
		if (file->error && keep_before(file, find_file(before, file->file)) < 0)
			r = fault_set(fault, ENOMEM, "out of memory");
		else if (!file->error && !file->generation) /* else it is in force as it stands */
			r = put_file(file, programs, fault);
		policy_unload(&file->source);
	}
	malloc_trim(0); /* the kernel has them now */
	if (!r)
		r = put_open(programs, fault);
	if (!r)
		r = put_classes(policies, before, programs, fault);
	if (r < 0 && before)
		forget_texts(before);
	return r;
}

uint32_t policies_class(const struct policies *policies, const char *cgroup)
{
	struct verdict verdict = verdict_exec(policies->class, cgroup, strlen(cgroup));

	return RULE_LIST(verdict.rule) == RULE_ALLOW ? policies->class_policy[RULE_INDEX(verdict.rule)] : OPEN_POLICY;
}

const struct policy_file *policies_at(const struct policies *policies, uint32_t policy)
{
	for (size_t i = 0; i < policies->count; i++)
		if (policies->file[i].generation && policies->file[i].policy == policy)
			return &policies->file[i];
	return NULL;
}

void policies_free(struct policies *policies)
{
	for (size_t i = 0; i < policies->count; i++) {
		policy_unload(&policies->file[i].source);
		free(policies->file[i].file);
		free(policies->file[i].error);
		free(policies->file[i].name);
		free(policies->file[i].cgroup);
		free(policies->file[i].text);
	}
	free(policies->file);
	free(policies->class);
	free(policies->class_policy);
	free(policies->warning);
	*policies = (struct policies){0};
}
