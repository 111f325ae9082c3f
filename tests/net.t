#!/bin/bash
# The network in seccomp mode, on this machine, in a network namespace of its own: that applications do not notice
# (tests/net/manners.c), and that what they change under the supervisor's eyes gets them nowhere (tests/net/race.c).
# LONG=1 races 20,000 times a variant; else 1,000.
set -u
cd "$(dirname "$0")/.." || exit 2
if [ "${1-}" != inside ]; then
	exec unshare -n "$0" inside
fi

mantlet=${MANTLET:-$PWD/build/mantlet}
breach=${BREACH:-$PWD/build/breach/mantlet}
net=$PWD/build/net
tries=$([ -n "${LONG:-}" ] && echo 20000 || echo 1000)
work=$(mktemp -d /tmp/net.XXXXXX) || exit 2
sink=
trap '[ -z "$sink" ] || kill $sink; rm -rf "$work"' EXIT
chmod 777 "$work"
cd "$work" || exit 2
count=0

ok() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

show() { sed 's/^/# /' "$@"; }

manners_policy='{"mantlet":1,"name":"manners","connect":{"default":"deny","allow":[
	{"cidr":"127.0.0.1/32","ports":["4901-4902"]},{"cidr":"10.99.0.2/32"},{"cidr":"fe80::/10"}]}}'

# Two lines: the supervisor's size and threads, from among its 500 parked connections.
# shellcheck disable=SC2016 # the program's shell expands it
export MANNERS_CROWD='while read -r key value _; do
		case $key in PPid:) parent=$value ;; esac
	done </proc/$PPID/status
	exec grep -E "^(VmRSS|Threads)" "/proc/$parent/status" >crowd'

manners() { # NAME [threads]
	local name=$1
	shift
	mkdir -m 777 bare guarded
	(cd bare && timeout 60 "$net/manners" setup "$net/manners" "$@" >../out.bare 2>&1)
	(cd guarded && timeout 60 "$net/manners" setup "$mantlet" run -m seccomp -p "$manners_policy" -o ../audit -- \
		"$net/manners" "$@" >../out.guarded 2>&1)
	[ "$(wc -l <out.bare)" -gt 60 ] && diff out.bare out.guarded >difference
	ok $? "$name: $(wc -l <out.bare) things are as without Mantlet"
	show difference
	! grep -q '"verdict":"deny"' audit
	ok $? "$name: nothing was denied"
	[ "$(awk '/VmRSS/ { print ($2 <= 3072) } /Threads/ { print $2 }' guarded/crowd | tr '\n' ' ')" = '1 1 ' ]
	ok $? "$name: with 500 connections on their way the supervisor is one thread of $(awk '/VmRSS/ { print $2 }' guarded/crowd) kB"
	rm -rf bare guarded audit
}

race_policy='{"mantlet":1,"name":"race","connect":{"allow":[{"cidr":"127.0.0.1/32","ports":[4901]}]},
	"identity":{"gid":{"deny":[54321]}}}'

raced() { # MANTLET TRIES
	: >arrived
	"$net/race" sink arrived &
	sink=$!
	sleep 0.5
	timeout 550 "$1" run -m seccomp -p "$race_policy" -o audit -- "$net/race" try "$2" >raced
	status=$?
	kill $sink
	wait $sink 2>/dev/null
	sink=
}

manners 'one thread'
manners 'two threads' threads

# shellcheck disable=SC2016 # perl expands it
handed=$(perl -MSocket -e '$^F = 255; socket(S, AF_INET, SOCK_RAW, 6) or die; $ENV{HELD} = fileno(S); exec @ARGV' \
	"$mantlet" run -m seccomp -p "$race_policy" -o audit -- perl -MSocket -e '
	open(S, "+<&=", $ENV{HELD}) or die;
	print connect(S, sockaddr_in(4901, INADDR_LOOPBACK)) ? "connected" : $!{EACCES} ? "refused" : $!')
[ "$handed" = refused ] && grep -q '"verdict":"deny".*"rule":"connect.family".*"protocol":"raw"' audit
ok $? "a raw socket that it was handed is a door, although its protocol is TCP: $handed"
rm -f audit

raced "$mantlet" "$tries"
while read -r number name; do
	! grep -qx "$number" arrived && grep -q "^$number .*tried$" raced
	ok $? "$tries times $name: nothing forbidden was reached"
done < <("$net/race" names)
[ $status = 0 ]
ok $? "the races ran to their end: $status"
[ "$(grep -c '"event":"connect"' audit)" -gt 100 ] && [ "$(grep -c '"kind":"group"' audit)" -gt 10 ]
ok $? "what was seen to be forbidden was denied: $(grep -c '"verdict":"deny"' audit) records"
show raced

raced "$breach" 1000
while read -r number name; do
	grep -qx "$number" arrived || grep -q "^$number .*BREACHED$" raced
	ok $? "without the cures, forbidden was reached by $name"
done < <("$net/race" names)

echo "1..$count"
