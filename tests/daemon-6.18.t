#!/bin/sh
# The daemon's life, in a VM with Linux 6.18.
exec "$(dirname "$0")/daemon/run" 6.18 basic
