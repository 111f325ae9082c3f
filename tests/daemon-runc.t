#!/bin/sh
# Containers that runc starts. In a VM with Linux 6.1.
exec "$(dirname "$0")/daemon/run" 6.1 engine
