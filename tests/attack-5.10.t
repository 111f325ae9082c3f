#!/bin/sh
# Under attack in a VM with Linux 5.10: the table of techniques in both modes, and the races in LSM mode. RACES is their tries
# (100 with LONG=1; the programs take long to load there, so it is fewer than on others).
exec "$(dirname "$0")/attack/vm" 5.10 "${RACES:-$([ -n "${LONG:-}" ] && echo 100 || echo 20)}" lsm seccomp
