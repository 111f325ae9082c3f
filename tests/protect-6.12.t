#!/bin/sh
# What a root task in a domain may try against Mantlet itself, in a VM with Linux 6.12.
exec "$(dirname "$0")/lsm/run" 6.12 inside-protect
