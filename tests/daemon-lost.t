#!/bin/sh
# Events that nobody reads: the daemon asleep, and dead. In a VM with Linux 6.1.
exec "$(dirname "$0")/daemon/run" 6.1 lost
