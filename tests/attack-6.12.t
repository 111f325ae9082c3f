#!/bin/sh
# Under attack in a VM with Linux 6.12: the table of techniques in both modes, and the races in LSM mode. RACES is their tries
# (300 with LONG=1, as in make test).
exec "$(dirname "$0")/attack/vm" 6.12 "${RACES:-$([ -n "${LONG:-}" ] && echo 300 || echo 50)}" lsm seccomp
