#!/bin/sh
# The scenarios in a container with Docker's default profile and --cap-add=SYS_PTRACE, in seccomp mode.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-docker-ptrace
"$root/tests/stage" "$stage" &&
	exec "$root/tests/docker/run" -o --cap-add=SYS_PTRACE -t 600 -f "$stage" -- /mnt/run /mantlet /mnt/helpers seccomp
