#!/bin/bash
# Real programs of Debian in a container, each without Mantlet and with it: tests/real.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-real
rm -rf "$stage" && mkdir -p "$stage" && cp "$root"/tests/real/{run,policy.json,*.sh} "$stage" || exit 1
"$root/tests/docker/run" -i busybox -- /bin/true && "$root/tests/real/make" || exit 1
exec "$root/tests/docker/run" -i real -o --cap-add=SYS_PTRACE -o --tmpfs=/tmp:exec -o "--env=V=${V-}" -t 900 -f "$stage" -- /mnt/run /mantlet "$@"
