#!/bin/sh
# Under attack in a VM with Linux 5.10 for arm64, which cannot call LSM programs: the table of techniques in seccomp mode.
exec "$(dirname "$0")/attack/vm" 5.10-arm64 0 seccomp
