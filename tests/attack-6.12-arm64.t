#!/bin/sh
# Under attack in a VM with Linux 6.12 for arm64: the table of techniques in both modes, and the races in LSM mode. RACES
# is their tries (300 with LONG=1).
exec "$(dirname "$0")/attack/vm" 6.12-arm64 "${RACES:-$([ -n "${LONG:-}" ] && echo 300 || echo 50)}" lsm seccomp
