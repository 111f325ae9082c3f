#!/bin/sh
# The daemon's life, in a VM with Linux 5.10.
exec "$(dirname "$0")/daemon/run" 5.10 basic
