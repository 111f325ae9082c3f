#!/bin/sh
# The scenarios on this machine, in seccomp mode.
root=$(cd "$(dirname "$0")/.." && pwd)
exec "$root/tests/behaviour/run" "$root/build/mantlet" "$root/build/attack" seccomp
