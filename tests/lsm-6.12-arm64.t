#!/bin/sh
# Every way to an exec that LSM mode judges, in a VM with Linux 6.12 for arm64.
exec "$(dirname "$0")/lsm/run" 6.12-arm64
