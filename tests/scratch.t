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

# a program of another libc, which is all that is in its image, beside the binary
# shellcheck source=tests/docker/common.bash
. "$root/tests/docker/common.bash"
mkdir -p "$T/image/etc/mantlet" && musl-gcc -static -O2 -D_GNU_SOURCE -o "$T/image/musl" "$root/tests/real/musl.c" &&
	cp "$root/build/mantlet" "$T/image/microenforcer" &&
	printf '{"exec": {"allow": ["/musl"]}}' >"$T/image/etc/mantlet/policy.json" &&
	tar -C "$T/image" -c . | "${docker[@]}" import - scratch >/dev/null
alone() { "$root/tests/docker/run" -i scratch -- "$@" 2>"$T/audit"; }
bare=$(alone /musl; echo "exit $?")
guarded=$(alone /microenforcer /musl; echo "exit $?")
[ "$guarded" = "$bare" ] && grep -q '^exit 5$' <<<"$bare" && grep -q '^loopback works$' <<<"$bare"
ok $? 'a static musl program in a scratch image: the same output and exit code'
! grep '"verdict":"deny"' "$T/audit" | grep . && grep -q '"event":"stop"' "$T/audit"
ok $? 'and nothing of it was refused'
echo "1..$count"
