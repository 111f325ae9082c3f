#!/bin/sh
# The daemon's life, in a VM with Linux 6.12.
exec "$(dirname "$0")/daemon/run" 6.12 basic
