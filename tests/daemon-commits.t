#!/bin/sh
# The daemon is killed at the instants that count. In a VM with Linux 6.1.
exec "$(dirname "$0")/daemon/run" 6.1 commits
