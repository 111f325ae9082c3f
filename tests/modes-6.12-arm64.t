#!/bin/sh
# Both modes under the same policies, operation by operation, in a VM with Linux 6.12 for arm64.
KERNEL=6.12-arm64 exec "$(dirname "$0")/modes.t"
