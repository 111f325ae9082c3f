#!/bin/sh
# What a root task in a domain may try against Mantlet itself, in a VM with Linux 6.12 for arm64.
exec "$(dirname "$0")/lsm/run" 6.12-arm64 inside-protect
