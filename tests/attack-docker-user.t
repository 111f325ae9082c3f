#!/bin/sh
# The table of techniques in a container with Docker's default profile and --user=1000, in seccomp mode.
exec "$(dirname "$0")/attack/docker" -o --user=1000
