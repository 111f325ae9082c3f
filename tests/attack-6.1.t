#!/bin/sh
# LSM mode under attack, in a VM with Linux 6.1: the programs of tests/attack.t. RACES is the tries of each of its 13 races
# (300 with LONG=1, as in make test; else 50).
tries=$([ -n "${LONG:-}" ] && echo 300 || echo 50)
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-attack-6.1
rm -rf "$stage" && mkdir -p "$stage" && cp "$root"/build/attack/* "$root/tests/attack/inside" "$stage" &&
	exec "$root/tests/vm/run" -k 6.1 -t 1200 -f "$stage" -- /mnt/inside "${RACES:-$tries}"
