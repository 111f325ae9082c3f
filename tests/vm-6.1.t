#!/bin/sh
# The scenarios in a VM with Linux 6.1, in LSM mode.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-vm-6.1
"$root/tests/stage" "$stage" &&
	exec "$root/tests/vm/run" -k 6.1 -t 2400 -f "$stage" -- /mnt/run /mantlet /mnt/helpers lsm
