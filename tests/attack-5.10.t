#!/bin/sh
# Under attack in a VM with Linux 5.10: the table of techniques, in seccomp mode.
exec "$(dirname "$0")/attack/vm" 5.10 0 seccomp
