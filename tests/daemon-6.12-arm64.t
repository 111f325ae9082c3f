#!/bin/sh
# The daemon's life, in a VM with Linux 6.12 for arm64.
exec "$(dirname "$0")/daemon/run" 6.12-arm64 basic
