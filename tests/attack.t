#!/bin/bash
# Mode seccomp under attack, on this machine: tests/attack/*.c, each under a policy of its own. LONG=1 races as
# often as the mission asks (2,000 tries a variant); else a tenth of it.
set -u
cd "$(dirname "$0")/.." || exit 2
ulimit -c 0
export SCRIPT_TEXT=1

mantlet=${MANTLET:-$PWD/build/mantlet}
breach=${BREACH:-$PWD/build/breach/mantlet}
attack=${ATTACK:-$PWD/build/attack}
tries=$([ -n "${LONG:-}" ] && echo 2000 || echo 200)
work=$(mktemp -d /tmp/attack.XXXXXX) || exit 2
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"
count=0

ok() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

# The policy that tests/attack/attack.h asks for.
policy() {
	local programs
	programs=$(printf '"%s",' "$attack"/{allowed,race,errnos,walls})
	printf '{"mantlet":1,"name":"attack","mode":"enforce","exec":{"default":"deny","allow":[%s"%s/open/**"]}}' \
		"$programs" "$work"
}

guarded() { # MANTLET PROGRAM [ARG...]
	local mantlet=$1 program=$2
	shift 2
	"$mantlet" run -m seccomp -p "$(policy)" -o "$work/audit" -- "$attack/$program" "$attack/allowed" \
		"$attack/forbidden" "$work" "$@"
}

# Its TAP is shown indented: one test here.
attacked() { # PROGRAM [ARG...]
	local out status
	rm -f "$work/audit"
	out=$(guarded "$mantlet" "$@" 2>&1)
	status=$?
	grep -q '^1\.\.' <<<"$out" || status=1
	printf '    %s\n' "${out//$'\n'/$'\n    '}"
	ok $status "$1: $(grep -c '^ok' <<<"$out") of them hold"
}

denials() {
	grep -c '"event":"exec"' "$work/audit"
}

out=$(unshare -npf --mount-proc tests/attack/table "$mantlet" "$attack" seccomp 2>&1)
status=$?
printf '    %s\n' "${out//$'\n'/$'\n    '}"
ok $status "the table of techniques"
attacked errnos
[ "$(denials)" -le 2 ]
ok $? "an exec that fails by itself is no denial: $(denials) records"
attacked walls
attacked race "$tries"
[ "$(grep -c 'changed while' "$work/audit")" -gt 0 ]
ok $? "what was changed under the supervisor's eyes is reported: $(grep -c 'changed while' "$work/audit") records"

out=$(guarded "$breach" race 300 2>&1)
grep -q '^not ok' <<<"$out"
ok $? "without the check at the exec event the same races get through: $(grep -c '^not ok' <<<"$out") variants"

# Those of addresses, ten times as often. Without new privileges no exec is asked about: then nobody sees one of those
# who change their groups be replaced. Then without the cures.
raced() { # MANTLET TRIES
	out=$(setpriv --no-new-privs unshare -npf --mount-proc tests/attack/races "$1" "$attack" seccomp "$2" 2>&1)
	status=$?
	printf '    %s\n' "${out//$'\n'/$'\n    '}"
}
raced "$mantlet" "$((10 * tries))"
grep -q '^1\.\.' <<<"$out" || status=1
ok $status "races of connect and setgroups: $(grep -c '^ok' <<<"$out") of them hold"
raced "$breach" 1000
[ "$(grep -c '^not ok' <<<"$out")" -ge 6 ]
ok $? "without own copies of what they name they get through: $(grep -c '^not ok' <<<"$out") variants"

rm -f "$work/ready"
"$mantlet" run -m seccomp -p "$(policy)" -- "$attack/walls" "$attack/allowed" "$attack/forbidden" "$work" after >/dev/null 2>&1 &
for _ in {1..100}; do
	[ -s "$work/ready" ] && break
	sleep 0.1
done
kill -9 $!
wait $! 2>/dev/null
sleep 0.2
! grep -q '^State:.[RSDTt]' "/proc/$(cat "$work/ready")/status" 2>/dev/null # nobody may have reaped it
ok $? "killing the supervisor ends the command"
for _ in {1..50}; do
	grep -qs '^1\.\.' "$work/after.tap" && break
	sleep 0.1
done
sed 's/^/    /' "$work/after.tap"
[ "$(grep -c '^ok' "$work/after.tap")" = 8 ] && ! grep -q '^not ok' "$work/after.tap"
ok $? "and leaves what it left behind closed"

echo "1..$count"
