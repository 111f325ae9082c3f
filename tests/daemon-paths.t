#!/bin/sh
# Long paths of cgroups, where the kernel has no loops for programs: in a VM with Linux 5.10.
exec "$(dirname "$0")/daemon/run" 5.10 paths
