#!/bin/bash
# The binary in a root that holds nothing but it, a busybox and a policy: no library, no /etc, no shell.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
T=$root/build/stage-scratch
rm -rf "$T"
mkdir -p "$T"
printf '{"exec": {"allow": ["/usr/bin/busybox"]}}' >"$T/policy.json"
count=0

ok() # STATUS NAME
{
	count=$((count + 1))
	[ "$1" = 0 ] || echo -n 'not '
	echo "ok $count - $2"
}

ldd "$root/build/mantlet" >/dev/null 2>&1
[ $? = 1 ]
ok $? 'the binary is static'
run() { "$root/tests/docker/run" -i busybox -f "$T" -- "$@" 2>&1; }
out=$(run /mantlet run -m seccomp -p /mnt/policy.json -- /bin/busybox echo ran)
grep -q '^ran$' <<<"$out"
ok $? 'it runs an allowed program'
run /mantlet run -m seccomp -p '{"exec": {"allow": []}}' -- /bin/busybox echo ran >"$T/out"
[ $? = 126 ] && ! grep -q '^ran$' "$T/out"
ok $? 'and refuses another'
run /mantlet explain /mnt/policy.json exec /bin/sh >/dev/null
[ $? = 1 ]
ok $? 'and explains'
echo "1..$count"
