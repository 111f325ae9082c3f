/* SPDX-License-Identifier: BSD-2-Clause */
#include "capability.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static int sets_get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, data) < 0 ? -errno : 0;
}

static int sets_set(const struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

bool capability_effective(int capability)
{
	struct __user_cap_data_struct data[2] = {0};

	return sets_get(data) == 0 && data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

bool capability_permitted(int capability)
{
	struct __user_cap_data_struct data[2] = {0};

	return sets_get(data) == 0 && data[CAP_TO_INDEX(capability)].permitted & CAP_TO_MASK(capability);
}

void capability_raise(int capability)
{
	struct __user_cap_data_struct data[2] = {0};

	if (sets_get(data))
		return;
	data[CAP_TO_INDEX(capability)].effective |= CAP_TO_MASK(capability);
	sets_set(data); /* refused if it is not permitted: then nothing has changed */
}

int capability_drop(int capability)
{
	struct __user_cap_data_struct data[2];
	const int word = CAP_TO_INDEX(capability);
	const __u32 keep = ~CAP_TO_MASK(capability);
	int ret = sets_get(data);

	if (ret)
		return ret;
	data[word].effective &= keep;
	data[word].permitted &= keep;
	data[word].inheritable &= keep; /* takes it out of the ambient set, too */
	return sets_set(data);
}
