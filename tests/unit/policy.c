/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies: what is refused and where, what a pattern matches, which rule decides, what an image withstands.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "policy/verdict.h"
#include "tap.h"

#define EXEC(body) "{\"exec\": {" body "}}"

/* Every refusal, with its whole message and place. */
static const struct {
	const char *text, *wanted;
} refused[] = {
	{"", "1:1: empty: a policy is a JSON object, {\"mantlet\": 1, …}"},
	{" \n ", "2:2: empty: a policy is a JSON object, {\"mantlet\": 1, …}"},
	{"{\"exec\": {", "1:11: the text ends too early: a bracket or a quote is not closed"},
	{"{\"name\": \"a", "1:12: the text ends too early: a bracket or a quote is not closed"},
	{"{\"name\": \"a\"} x", "1:15: not JSON: unexpected character"},
	{"{\"name\": \"a\"}\n{}", "2:1: not JSON: unexpected character"},
	{"[]", "1:1: not an object: a policy is a JSON object, {\"mantlet\": 1, …}"},
	{"7", "1:1: not an object: a policy is a JSON object, {\"mantlet\": 1, …}"},
	{"{\n  \"name\": 5\n}", "2:11: name: expected a name in quotes, got int"},
	{"{\"name\": null}", "1:10: null has no meaning in a policy: leave it out"},
	{"{\"mantlet\": 2}", "1:13: mantlet: expected 1, the version of the policy language"},
	{"{\"mantlet\": \"1\"}", "1:13: mantlet: expected 1, the version of the policy language"},
	{"{\"mode\": \"on\"}", "1:10: mode: expected \"enforce\" or \"audit\", got \"on\""},
	{"{\"mode\": 1}", "1:10: mode: expected \"enforce\" or \"audit\", got int"},
	{"{\"exce\": {}}",
	 "1:2: exce: unknown key; known here: mantlet, name, mode, match, exec, connect, identity, audit, "
	 "on_unenforceable"},
	{EXEC("\"alow\": []"),
	 "1:11: exec.alow: unknown key; known here: default, allow, deny, drift, trusted_mounts"},
	{EXEC("\"drift\": \"no\""), "1:20: exec.drift: expected \"allow\", \"audit\" or \"deny\", got \"no\""},
	{"{\"connect\": {\"allow\": [{}]}}", "1:24: connect.allow[0].cidr: is missing: which network is meant?"},
	{"{\"connect\": {\"allow\": [{\"cidr\": \"10.1.2.3/8\"}]}}",
	 "1:33: connect.allow[0].cidr: \"10.1.2.3/8\": has bits set behind the prefix: the network is "
	 "\"10.0.0.0/8\""},
	{"{\"connect\": {\"allow\": [{\"cidr\": \"::/0\", \"ports\": [\"9-8\"]}]}}",
	 "1:51: connect.allow[0].ports[0]: \"9-8\": an empty range: its ends are the wrong way round"},
	{"{\"identity\": {\"uid\": {\"allow\": [99999999999999999999999]}}}",
	 "1:33: identity.uid.allow[0]: expected an id from 0 to 4294967295"},
	{"{\"exec\": []}", "1:10: exec: expected an object {…}, got array"},
	{EXEC("\"default\": \"no\""), "1:22: exec.default: expected \"deny\" or \"allow\", got \"no\""},
	{EXEC("\"allow\": \"/bin/ls\""), "1:20: exec.allow: expected a list […], got string"},
	{EXEC("\"allow\": [\"/bin/ls\", 7]"), "1:32: exec.allow[1]: expected a path in quotes, got int"},
	{EXEC("\"deny\": [\"bin/ls\"]"),
	 "1:20: exec.deny[0]: expected an absolute path such as \"/usr/bin/env\", got \"bin/ls\""},
	{EXEC("\"deny\": [\"\"]"),
	 "1:20: exec.deny[0]: expected an absolute path such as \"/usr/bin/env\", got \"\""},
	{"{\"name\": \"a\", \"name\": \"b\"}", "1:15: \"name\": this key stands twice in one object"},
	{"{\"name\": \"a\", \"n\\u0061me\": \"b\"}", "1:15: \"n\\u0061me\": this key stands twice in one object"},
	{EXEC("\"allow\": [], \"deny\": [], \"allow\": []"), "1:36: \"allow\": this key stands twice in one object"},
	{"{\"name\": \"a\\u0000b\"}", "1:12: a string may not hold a NUL byte (\\u0000)"},
	{"{\"name\": \"\\ud800\"}", "1:11: a lone surrogate (\\ud800) is no character"},
	{"{\"name\": \"\\udc00\"}", "1:11: a lone surrogate (\\udc00) is no character"},
	{"{\"name\": \"\xff\"}", "1:11: byte 0xff is not UTF-8 here"},
	{"{\"name\": \"\xc0\xaf\"}", "1:11: byte 0xc0 is not UTF-8 here"},
	{"{\"name\": \"\xed\xa0\x80\"}", "1:11: byte 0xed is not UTF-8 here"},
	{"{\"name\": \"a\tb\"}", "1:12: control character in a string: write it as \\u0009"},
	{"{\"mantlet\": 01}", "1:15: not JSON: number expected"},
	{"{\"mantlet\": NaN}", "1:13: expected a value"},
	{EXEC("\"allow\": [\"/a[\"]"), "1:21: exec.allow[0]: \"/a[\": a class is not closed: \"[\" needs its "
				       "\"]\"; for a plain \"[\" write \"\\\\[\""},
	{EXEC("\"allow\": [\"/[]]\"]"),
	 "1:21: exec.allow[0]: \"/[]]\": an empty class; for a plain \"]\" in it write \"\\\\]\""},
	{EXEC("\"allow\": [\"/[z-a]\"]"),
	 "1:21: exec.allow[0]: \"/[z-a]\": an empty range in a class: its ends are the wrong way round"},
	{EXEC("\"allow\": [\"/[^a]\"]"),
	 "1:21: exec.allow[0]: \"/[^a]\": \"[^\": write \"[!…]\" to negate, \"[\\\\^…]\" for a plain \"^\""},
	{EXEC("\"allow\": [\"/[a/]\"]"), "1:21: exec.allow[0]: \"/[a/]\": \"/\" in a class can match nothing"},
	{EXEC("\"allow\": [\"/a\\\\\"]"), "1:21: exec.allow[0]: \"/a\\\": ends in a backslash that quotes nothing"},
	{EXEC("\"allow\": [\"/ok\"], \"deny\": [\"/ok\", \"/????????????????????????????a**\"]"),
	 "1:45: exec.deny[1]: \"/????????????????????????????a**\": this pattern makes the automaton too "
	 "large: use "
	 "fewer wildcards in it, or say \"**\" last"},
};

static struct image_cell *compile(const char *text, size_t len, char *why, size_t size)
{
	struct policy_error error;
	struct image_cell *image = NULL;
	struct policy *policy;
	int r = policy_parse(text, len, &policy, &error);

	if (!r) {
		r = policy_compile(policy, text, len, &image, &error);
		policy_free(policy);
	}
	if (r < 0)
		snprintf(why, size, "%u:%u: %s", error.line, error.column, error.text);
	return r < 0 ? NULL : image;
}

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		char why[768] = "accepted";
		struct image_cell *image = compile(refused[i].text, strlen(refused[i].text), why, sizeof(why));

		is_text(why, refused[i].wanted, refused[i].wanted);
		free(image);
	}
}

static void test_refused_bytes(void)
{
	char *large = malloc(5 << 20);
	char why[768] = "accepted";

	memset(large, ' ', 5 << 20);
	memcpy(large, "{}", 2);
	compile(large, 5 << 20, why, sizeof(why));
	is_text(why, "1:4194305: longer than 4194304 bytes, the most that a policy may have", "5 MiB of text");
	free(large);
	compile("{\"a\0b\": 1}", 10, why, sizeof(why));
	is_text(why, "1:4: NUL byte: a policy is JSON text", "a NUL byte");
}

/* Every proper prefix of a good policy is refused, and never read beyond its end. */
static void test_truncated(void)
{
	const char *text = "{\"mantlet\": 1, \"exec\": {\"default\": \"deny\", \"allow\": "
			   "[\"/a\\u00e9[!a-z]*\", \"/b\"]}}";
	size_t len = strlen(text), accepted = 0;

	for (size_t n = 0; n < len; n++) {
		char *exact = malloc(n ? n : 1); /* so that the sanitizer sees the end */
		char why[768];
		struct image_cell *image;

		memcpy(exact, text, n);
		image = compile(exact, n, why, sizeof(why));
		accepted += image != NULL;
		free(image);
		free(exact);
	}
	ok(!accepted, "each of %zu truncations is refused", len);
}

/* Which rule decides. */
static const struct {
	const char *policy, *path, *wanted;
} decided[] = {
	{"{}", "/bin/ls", "allow -"},
	{EXEC(""), "/bin/ls", "allow exec.default"},
	{EXEC("\"allow\": []"), "/bin/ls", "deny exec.default"},
	{EXEC("\"default\": \"deny\""), "/bin/ls", "deny exec.default"},
	{EXEC("\"default\": \"allow\", \"allow\": [\"/a\"]"), "/b", "allow exec.default"},
	{EXEC("\"deny\": [\"/a\"]"), "/b", "allow exec.default"},
	{EXEC("\"allow\": [\"/bin/ls\"]"), "/bin/ls", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/bin/ls\"]"), "/bin/lsx", "deny exec.default"},
	{EXEC("\"allow\": [\"/bin/ls\"]"), "/bin/l", "deny exec.default"},
	{EXEC("\"allow\": [\"/bin/ls\"]"), "/x/bin/ls", "deny exec.default"},
	{EXEC("\"allow\": [\"/bin/ls\"]"), "", "deny exec.default"},
	{EXEC("\"allow\": [\"/x\", \"/bin/*\", \"/bin/ls\"]"), "/bin/ls", "allow exec.allow[1]"},
	{EXEC("\"allow\": [\"/bin/ls\", \"/bin/*\"]"), "/bin/ls", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/a\", \"/a\"]"), "/a", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/opt/**\"], \"deny\": [\"/x\", \"/opt/tmp/*\"]"), "/opt/tmp/a", "deny exec.deny[1]"},
	{EXEC("\"allow\": [\"/opt/**\"], \"deny\": [\"/x\", \"/opt/tmp/*\"]"), "/opt/tmp/a/b", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/opt/tmp/a\"], \"deny\": [\"/opt/**\"]"), "/opt/tmp/a", "deny exec.deny[0]"},
	{EXEC("\"allow\": [\"/opt/**\"]"), "/opt", "deny exec.default"},
	{EXEC("\"allow\": [\"/opt/*\"]"), "/opt/a/b", "deny exec.default"},
	{EXEC("\"allow\": [\"/opt/*/c\"]"), "/opt/b/c", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/a?c\"]"), "/a/c", "deny exec.default"},
	{EXEC("\"allow\": [\"/a?c\"]"),
	 "/a\xff"
	 "c",
	 "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/[a-cx]z\"]"), "/bz", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/[a-cx]z\"]"), "/xz", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/[a-cx]z\"]"), "/dz", "deny exec.default"},
	{EXEC("\"allow\": [\"/[!a-c]z\"]"), "/dz", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/[!a-c]z\"]"), "/az", "deny exec.default"},
	{EXEC("\"allow\": [\"/a[!b]c\"]"), "/a/c", "deny exec.default"},
	{EXEC("\"allow\": [\"/[a-]z\"]"), "/-z", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/[\\\\]]z\"]"), "/]z", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/a\\\\*\"]"), "/a*", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/a\\\\*\"]"), "/ab", "deny exec.default"},
	{EXEC("\"allow\": [\"/\xc3\xa9\"]"), "/\xc3\xa9", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/a**b\"]"), "/a/x/yb", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/a**b\"]"), "/ab", "allow exec.allow[0]"},
	/* the dynamic loader: only by name, without a wildcard */
	{EXEC("\"allow\": [\"/**\"]"), "/lib64/ld-linux-x86-64.so.2", "deny exec.loader"},
	{EXEC("\"allow\": [\"/lib64/*\"]"), "/lib64/ld-linux-x86-64.so.2", "deny exec.loader"},
	{EXEC("\"allow\": [\"/lib64/ld-linux-x86-64.so.2\"]"), "/lib64/ld-linux-x86-64.so.2", "allow exec.allow[0]"},
	{EXEC("\"allow\": [\"/lib64/*\", \"/lib64/ld.so\"]"), "/lib64/ld.so", "allow exec.allow[0]"},
	{EXEC(""), "/lib/ld-musl-x86_64.so.1", "deny exec.loader"},
	{EXEC(""), "/ld.so", "deny exec.loader"},
	{EXEC(""), "/lib/x/ld-2.31.so", "deny exec.loader"},
	{EXEC(""), "/lib/ld-linux/x.so", "allow exec.default"},
	{EXEC(""), "/lib/xld.so", "allow exec.default"},
	{EXEC("\"deny\": [\"/lib/*\"]"), "/lib/ld.so", "deny exec.deny[0]"},
};

static const char *verdict_text(const struct image_cell *image, const char *path, size_t len, char *buf, size_t size)
{
	char name[POLICY_RULE_NAME_MAX];
	struct verdict verdict = verdict_exec(image, path, len);

	snprintf(buf, size, "%s %s", verdict.denied ? "deny" : "allow", policy_rule_name(verdict.rule, name));
	return buf;
}

static void test_decided(void)
{
	for (size_t i = 0; i < sizeof(decided) / sizeof(*decided); i++) {
		char why[768], got[128], what[512];
		struct image_cell *image = compile(decided[i].policy, strlen(decided[i].policy), why, sizeof(why));

		snprintf(what, sizeof(what), "%s: %zu bytes of path: %s", decided[i].policy, strlen(decided[i].path),
			 decided[i].wanted);
		is_text(image ? verdict_text(image, decided[i].path, strlen(decided[i].path), got, sizeof(got)) : why,
			decided[i].wanted, what);
		free(image);
	}
}

static const char whole[] =
	"{\"exec\": {\"allow\": [\"/usr/bin/*\", \"/opt/**\"], \"drift\": \"audit\", \"trusted_mounts\": "
	"[\"/plugins\"]},"
	"\"connect\": {\"allow\": [{\"cidr\": \"10.0.0.0/8\", \"ports\": [443, \"8000-8999\"], \"protocol\": "
	"\"tcp\"},"
	"{\"cidr\": \"::/0\"}, {\"cidr\": \"127.0.0.0/8\"}], \"deny\": [{\"cidr\": \"::1/128\"}]},"
	"\"identity\": {\"uid\": {\"allow\": [0, \"1000-1999\"]}, \"setid_exec\": \"deny\"}}";

/* A place of connect (high, low, port) or, with kind IMAGE_UID or IMAGE_GID, an id in low. */
static const struct {
	enum image_layout kind;
	__u64 high, low;
	unsigned int port;
	const char *wanted;
} questions[] = {
	{IMAGE_TCP, 0, 0xffff0a000000, 443, "allow connect.allow[0]"},
	{IMAGE_TCP, 0, 0xffff0affffff, 8999, "allow connect.allow[0]"},
	{IMAGE_TCP, 0, 0xffff0affffff, 9000, "deny connect.default"},
	{IMAGE_UDP, 0, 0xffff0a000000, 443, "deny connect.default"},
	{IMAGE_TCP, 0, 0xffff0b000000, 443, "deny connect.default"},
	{IMAGE_TCP, 0, 0xfffeffffffff, 1, "allow connect.allow[1]"},
	{IMAGE_TCP, ~0ull, ~0ull, 65535, "allow connect.allow[1]"},
	{IMAGE_TCP, 0, 1, 1, "deny connect.deny[0]"},
	/* the unspecified address is judged as loopback, too */
	{IMAGE_TCP, 0, 0, 1, "deny connect.deny[0]"},
	{IMAGE_TCP, 0, 0xffff00000000, 1, "deny connect.default"},
	{IMAGE_UID, 0, 0, 0, "allow identity.uid.allow[0]"},
	{IMAGE_UID, 0, 999, 0, "deny identity.uid.default"},
	{IMAGE_UID, 0, 1999, 0, "allow identity.uid.allow[1]"},
	{IMAGE_UID, 0, 0xffffffff, 0, "deny identity.uid.default"},
	{IMAGE_GID, 0, 7, 0, "allow -"},
};

static void test_asked(void)
{
	char why[768], name[POLICY_RULE_NAME_MAX], got[128];
	struct image_cell *image = compile(whole, strlen(whole), why, sizeof(why));

	if (!ok(image != NULL, "a policy with every section compiles"))
		printf("# %s\n", why);
	for (size_t i = 0; image && i < sizeof(questions) / sizeof(*questions); i++) {
		struct verdict v = questions[i].kind >= IMAGE_UID
					   ? verdict_id(image, questions[i].kind, questions[i].low)
					   : verdict_connect(image, questions[i].kind,
							     verdict_ipv6(questions[i].high, questions[i].low),
							     questions[i].port);

		snprintf(got, sizeof(got), "%s %s", v.denied ? "deny" : "allow", policy_rule_name(v.rule, name));
		is_text(got, questions[i].wanted, questions[i].wanted);
	}
	ok(verdict_setid(image).denied && verdict_family(image).denied, "setid_exec, and families without addresses");
	free(image);
}

static void test_origin(void)
{
	char why[768];
	struct image_cell *image = compile(whole, strlen(whole), why, sizeof(why));
	struct verdict by_path = verdict_exec(image, "/usr/bin/ls", 11), v;
	struct verdict_walk walk;

	for (int missing = 0; missing < 4; missing++) {
		struct verdict_origin origin = {missing != 0, missing != 1, missing != 2};

		v = verdict_drift(image, by_path, &origin);
		ok(missing == 3 ? !v.denied : v.denied && !v.enforced && RULE_LIST(v.rule) == RULE_DRIFT,
		   "drift audit: origin %d", missing);
	}
	verdict_mount_begin(image, &walk);
	verdict_exec_name(image, &walk, "plugins", 7);
	ok(walk.at->rule == RULE(RULE_EXEC, RULE_MOUNT, 0) && verdict_mount_end(&walk), "a trusted mount");
	verdict_mount_begin(image, &walk);
	verdict_exec_name(image, &walk, "home", 4);
	ok(!verdict_mount_end(&walk), "a mount that is not");
	free(image);
}

static void test_mode(void)
{
	const char *text = "{\"mode\": \"audit\", \"exec\": {\"allow\": []}}";
	char why[768];
	struct image_cell *image = compile(text, strlen(text), why, sizeof(why));
	struct verdict verdict = verdict_exec(image, "/a", 2);

	ok(verdict.denied && !verdict.enforced, "mode audit: denied, not enforced");
	free(image);
	image = compile("{\"exec\": {\"allow\": []}}", 23, why, sizeof(why));
	verdict = verdict_exec(image, "/a", 2);
	ok(verdict.denied && verdict.enforced, "mode enforce is the default: denied, enforced");
	free(image);
}

/* A slow, plain matcher to hold the automaton against: patterns without classes and quotes. */
static bool matches(const char *pattern, const char *path)
{
	if (!*pattern)
		return !*path;
	if (pattern[0] == '*') {
		bool deep = pattern[1] == '*';
		const char *rest = pattern;

		while (*rest == '*')
			rest++;
		for (;; path++) {
			if (matches(rest, path))
				return true;
			if (!*path || (*path == '/' && !deep))
				return false;
		}
	}
	return *path && (*pattern == '?' ? *path != '/' : *path == *pattern) && matches(pattern + 1, path + 1);
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void random_text(uint32_t *seed, const char *alphabet, char *out)
{
	size_t len = random_next(seed) % 7;

	*out++ = '/';
	for (size_t i = 0; i < len; i++)
		*out++ = alphabet[random_next(seed) % strlen(alphabet)];
	*out = '\0';
}

#define RULES 12

static size_t first_match(char rule[][16], size_t from, size_t to, const char *path)
{
	while (from < to && !matches(rule[from], path))
		from++;
	return from;
}

/* Random policies over a tiny alphabet, so that rules overlap all the time. */
static void test_random(void)
{
	uint32_t seed = 20261122;
	size_t asked = 0, wrong = 0;

	for (int round = 0; round < 400; round++) {
		char rule[RULES][16], text[1024] = EXEC(""), why[768];
		size_t at = 0;
		struct image_cell *image;

		for (size_t i = 0; i < RULES; i++) {
			random_text(&seed, round % 2 ? "ab/*?" : "ab/*", rule[i]);
			at += snprintf(text + at, sizeof(text) - at, "%s\"%s\"",
				       !i               ? "{\"exec\": {\"deny\": ["
				       : i == RULES / 2 ? "], \"allow\": ["
							: ", ",
				       rule[i]);
		}
		snprintf(text + at, sizeof(text) - at, "]}}");
		image = compile(text, strlen(text), why, sizeof(why));
		if (!ok(image != NULL, "random policy %d compiles", round))
			printf("# %s\n# %s\n", text, why);
		for (int i = 0; image && i < 200; i++) {
			char path[16], wanted[64], got[64];
			size_t deny, allow;

			random_text(&seed, "ab/", path);
			deny = first_match(rule, 0, RULES / 2, path);
			allow = first_match(rule, RULES / 2, RULES, path);
			if (deny < RULES / 2)
				snprintf(wanted, sizeof(wanted), "deny exec.deny[%zu]", deny);
			else if (allow < RULES)
				snprintf(wanted, sizeof(wanted), "allow exec.allow[%zu]", allow - RULES / 2);
			else
				snprintf(wanted, sizeof(wanted), "deny exec.default");
			asked++;
			if (strcmp(verdict_text(image, path, strlen(path), got, sizeof(got)), wanted) && wrong++ < 5)
				printf("# %s\n# %s: got %s, wanted %s\n", text, path, got, wanted);
		}
		if (image && policy_image_check(image, policy_image_size(image)))
			wrong++;
		free(image);
	}
	ok(!wrong, "%zu random questions are answered as a plain matcher answers them", asked);
}

static void ask_everything(const struct image_cell *image)
{
	verdict_exec(image, "/usr/bin/../sh", 14);
	verdict_connect(image, IMAGE_TCP, verdict_ipv4(0x0a000001), 6);
	verdict_connect(image, IMAGE_UDP, verdict_ipv6(~0ull, 5), 65535);
	verdict_id(image, IMAGE_UID, 8);
	verdict_id(image, IMAGE_GID, 8);
}

/* A corrupted image is refused; one that is walked all the same is never left. */
static void test_image(void)
{
	const char *text = whole;
	char why[768];
	struct image_cell *image = compile(text, strlen(text), why, sizeof(why));
	struct image_cell *again = compile(text, strlen(text), why, sizeof(why));
	size_t size = policy_image_size(image), refused_flips = 0;
	uint32_t seed = 7;

	ok(!policy_image_check(image, size), "an image is sound");
	ok(size == policy_image_size(again) && !memcmp(image, again, size), "the same policy gives the same bytes");
	ok(policy_image_check(image, size - 16) < 0, "a shortened image is refused");
	for (int i = 0; i < 2000; i++) {
		uint32_t bit = random_next(&seed) % (size * 8);

		((unsigned char *)image)[bit / 8] ^= 1 << bit % 8;
		refused_flips += policy_image_check(image, size) < 0;
		if (bit / 8 < 8 || bit / 8 >= 12) /* a reader trusts the length that the header tells */
			ask_everything(image);
		((unsigned char *)image)[bit / 8] ^= 1 << bit % 8;
	}
	ok(refused_flips == 2000, "each of 2000 flipped bits is noticed: %zu", refused_flips);
	free(image);
	free(again);
}

static void test_names(void)
{
	char name[POLICY_RULE_NAME_MAX];

	is_text(policy_rule_name(RULE(RULE_EXEC, RULE_ALLOW, 3), name), "exec.allow[3]", "a rule's name");
	is_text(policy_rule_name(RULE_DENY | RULE(RULE_EXEC, RULE_DENIED, RULE_INDEX_MAX), name),
		"exec.deny[16777215]", "the last index has a name");
	is_text(policy_rule_name(RULE_NONE, name), "-", "no rule");
	is_text(policy_rule_name(~0u, name), "-", "a number that names nothing");
}

int main(void)
{
	test_refused();
	test_refused_bytes();
	test_truncated();
	test_decided();
	test_asked();
	test_origin();
	test_mode();
	test_random();
	test_image();
	test_names();
	return tap_end();
}
