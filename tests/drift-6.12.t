#!/bin/sh
# What was not in the image is neither executed nor mapped to be: LSM mode in a VM with Linux 6.12.
exec "$(dirname "$0")/lsm/run" 6.12 drift.inside
