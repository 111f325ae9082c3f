#!/bin/sh
# The scenarios in a VM with Linux 6.1 for arm64, which cannot call LSM programs: in seccomp mode.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-vm-6.1-arm64
"$root/tests/stage" "$stage" 6.1-arm64 &&
	exec "$root/tests/vm/run" -k 6.1-arm64 -t 3600 -f "$stage" -- /mnt/run /mantlet /mnt/helpers seccomp
