#!/bin/bash
# That a program gives nothing is remembered as long as its change time is the same. On a file system that counts whole
# seconds it can be the same although the program was given capabilities meanwhile: then the exec event tells.
set -u
if [ "${1-}" != inside ]; then
	exec unshare -m "$0" inside
fi
root=$(cd "$(dirname "$0")/.." && pwd)
mantlet=${MANTLET:-$root/build/mantlet}
work=$(mktemp -d /tmp/remembered.XXXXXX) || exit 2
trap 'umount "$work/disk"; rm -rf "$work"' EXIT
cd "$work" && mkdir disk || exit 2
chmod 755 . # nobody is to get here
truncate -s 8M image
mke2fs -q -t ext4 -I 128 -O ^has_journal image >/dev/null 2>&1 && mount -o loop image disk || exit 2

# A new program is executed without anything, and with capabilities: what nobody has by them, without Mantlet and with
# it. Again, where the second changed in between.
cat >both <<END
for try in 1 2 3 4 5 6 7 8 9; do
	cp "$root/build/attack/setid" disk/program
	first=\$("$root/build/attack/setid" drop disk/program who)
	setcap cap_net_raw+ep disk/program
	then=\$("$root/build/attack/setid" drop disk/program who 2>/dev/null)
	again=\$("$root/build/attack/setid" drop disk/program who 2>/dev/null)
	again="\$again \$?"
	[ \$(stat -c %Y disk/program) != \$(stat -c %Z disk/program) ] || break
done
echo "\$try \$first, \$then, \$again"
END
ok() { # NUMBER HAVE WANT NAME
	# shellcheck disable=SC2254 # it is a pattern
	case $2 in
	$3) echo "ok $1 - $4" ;;
	*) echo "not ok $1 - $4: $2" ;;
	esac
}
policy='{"identity": {"setid_exec": "deny"}}'
ok 1 "$(sh both)" '[1-8] 65534 65534, 65534 65534 +, 65534 65534 + 0' 'within one second a program is given capabilities, without Mantlet'
ok 2 "$("$mantlet" run -m seccomp -p "$policy" -o audit -- sh both 2>/dev/null)" '[1-8] 65534 65534, ,  126' 'nobody gets them by it, and the next is refused'
grep -q '"event":"exec","verdict":"deny","enforced":true' audit
ok 3 $? 0 'and it is told'
echo 1..3
