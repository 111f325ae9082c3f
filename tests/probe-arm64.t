#!/bin/bash
# Linux 5.10 and 6.1 for arm64 cannot call LSM programs: `probe` says so, and `auto` takes seccomp mode.
root=$(cd "$(dirname "$0")/.." && pwd)
policy='{"exec":{"allow":["/usr/bin/busybox","/mnt/*"]}}'
count=0

says() # NAME PATTERN
{
	count=$((count + 1))
	grep -q "$2" <<<"$said" || echo -n 'not '
	echo "ok $count - $kernel: $1"
}

for kernel in 5.10-arm64 6.1-arm64; do
	said=$("$root/tests/vm/run" -k $kernel -- sh -c "/mantlet probe --json; echo
		/mantlet run -p '$policy' -- busybox sh -c '/usr/bin/ls; echo ls: \$?' 2>&1
		/mantlet run -m lsm -p '$policy' -- busybox id 2>&1; echo lsm: \$?")
	says 'probe: why' 'on arm64 it takes Linux 6.4'
	says 'probe: auto would take seccomp mode' '"auto":"seccomp"'
	says 'auto: seccomp mode enforces' '"mode":"seccomp".*"rule":"exec.default"'
	says 'auto: what is refused does not run' '^ls: 126$'
	says 'mode lsm: refused at start, and why' '^mantlet: .*on arm64 it takes Linux 6.4: use -m seccomp$'
	says 'mode lsm: nothing is run' '^lsm: 125$'
	echo "# ${said//$'\n'/$'\n'# }"
done
echo "1..$count"
