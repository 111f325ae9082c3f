#!/bin/sh
# The scenarios in a container with Docker's default profile and --user=1000, in seccomp mode.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-docker-user
"$root/tests/stage" "$stage" &&
	exec "$root/tests/docker/run" -o --user=1000 -t 600 -f "$stage" -- /mnt/run /mantlet /mnt/helpers seccomp
