#!/bin/sh
# What a guard that was killed leaves. In a VM with Linux 6.1.
exec "$(dirname "$0")/daemon/run" 6.1 left
