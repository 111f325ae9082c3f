#!/bin/sh
# The table of techniques in a container with Docker's default profile and --cap-add=SYS_PTRACE, in seccomp mode.
exec "$(dirname "$0")/attack/docker" -o --cap-add=SYS_PTRACE
