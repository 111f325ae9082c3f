#!/bin/sh
# The scenarios in a container with Docker's default profile, in seccomp mode.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-docker
"$root/tests/stage" "$stage" &&
	exec "$root/tests/docker/run" -t 600 -f "$stage" -- /mnt/run /mantlet /mnt/helpers seccomp
