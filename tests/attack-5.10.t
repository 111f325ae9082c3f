#!/bin/sh
# Under attack in a VM with Linux 5.10: the table of techniques in both modes, and the races in LSM mode. RACES is their tries:
# as many with LONG=1, since the programs take long to load there.
exec "$(dirname "$0")/attack/vm" 5.10 "${RACES:-50}" lsm seccomp
