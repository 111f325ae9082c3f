/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A damaged image: the input says which words of a sound one to overwrite. With a wrong checksum it is refused;
 * with a right one, what policy_image_check() passes must be readable by every question without leaving it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/checksum.h"
#include "policy/policy.h"
#include "policy/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"{\"exec\": {\"allow\": [\"/usr/bin/*\", \"/opt/**\", \"/a[b-d]?\"], \"deny\": [\"/x\"], \"trusted_mounts\": "
	"[\"/p\"]}, \"connect\": {\"allow\": [{\"cidr\": \"10.0.0.0/8\", \"ports\": [443, \"8000-8999\"]}, "
	"{\"cidr\": "
	"\"2001:db8::/32\"}]}, \"identity\": {\"uid\": {\"allow\": [0, \"10-19\"]}, \"gid\": {\"deny\": [5]}}}";

static struct image_cell *sound_image(void)
{
	static struct image_cell *image;
	struct policy_error error;
	struct policy *policy;

	if (image)
		return image;
	if (policy_parse(text, strlen(text), &policy, &error) < 0 ||
	    policy_compile(policy, text, strlen(text), &image, &error) < 0)
		abort();
	policy_free(policy);
	return image;
}

static void ask_everything(const struct image_cell *image)
{
	static const char path[] = "/opt/app/\xff/usr/bin/ls";
	struct verdict_walk walk;

	verdict_exec(image, path, strlen(path));
	verdict_mount_begin(image, &walk);
	verdict_exec_name(image, &walk, "p", 1);
	for (unsigned int i = 0; i < 64; i++) {
		verdict_connect(image, i % 2 ? IMAGE_TCP : IMAGE_UDP, verdict_ipv6(~0ull >> i, ~0ull << i),
				1u << i % 16);
		verdict_connect(image, IMAGE_TCP, verdict_ipv4(~0u << i % 32), 443 + i);
		verdict_id(image, i % 2 ? IMAGE_UID : IMAGE_GID, 1u << i % 32);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = policy_image_size(sound_image()), words = length / 4;
	/* of its exact size, so that a read behind the end is seen */
	uint32_t *image = malloc(length), at, word;
	struct image_header *header = (struct image_header *)image;

	memcpy(image, sound_image(), length);
	for (; size >= 8; size -= 8, data += 8) {
		memcpy(&at, data, 4);
		memcpy(&word, data + 4, 4);
		image[at % words] = word;
	}
	if (header->cells == length / 16 && size % 2 == 0)
		header->checksum = image_checksum(header);
	if (!policy_image_check(image, length))
		ask_everything((struct image_cell *)image);
	free(image);
	return 0;
}
