#!/bin/sh
# Under attack in a VM with Linux 6.18: the table of techniques, in LSM mode.
exec "$(dirname "$0")/attack/vm" 6.18 0 lsm
