/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

uint64_t clock_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000;
}

/* Of the coarse clocks: they stand still between two ticks, so their difference is exact. */
int64_t clock_offset(void)
{
	uint64_t mono, real;

	do {
		mono = read_ns(CLOCK_MONOTONIC_COARSE);
		real = read_ns(CLOCK_REALTIME_COARSE);
	} while (mono != read_ns(CLOCK_MONOTONIC_COARSE));
	return real - mono;
}

uint64_t clock_of_files(void)
{
	return read_ns(CLOCK_REALTIME_COARSE);
}

int clock_watch(void)
{
	const struct itimerspec never = {.it_value.tv_sec = LONG_MAX};
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0 && !timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL))
		return fd;
	if (fd >= 0)
		close(fd);
	return -errno;
}

_Bool clock_was_set(int fd)
{
	uint64_t times;

	return read(fd, &times, sizeof(times)) < 0 && errno == ECANCELED;
}
