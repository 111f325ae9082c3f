#!/bin/sh
# What was not in the image is neither executed nor mapped to be: LSM mode in a VM with Linux 6.12 for arm64.
exec "$(dirname "$0")/lsm/run" 6.12-arm64 drift.inside
