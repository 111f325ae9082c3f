#!/bin/sh
# The table of techniques in a container with Docker's default profile, in seccomp mode.
exec "$(dirname "$0")/attack/docker"
