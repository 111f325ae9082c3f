#!/bin/bash
# Sandboxes in which mode seccomp has no ground to stand on: it says so, in one line, and starts nothing.
set -u
cd "$(dirname "$0")/.." || exit 2
mantlet=$PWD/build/mantlet without=$PWD/build/attack/without
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
policy='{"exec": {"allow": ["/**"]}}'
count=0

refuses() # NAME MODE TEXT COMMAND…
{
	local name=$1 mode=$2 text=$3 status
	shift 3
	rm -f "$work/started"
	"$@" "$mantlet" run -m "$mode" -p "$policy" -- touch "$work/started" 2>"$work/err"
	status=$?
	count=$((count + 1))
	if [ $status = 125 ] && [ ! -e "$work/started" ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -qF -e "$text" "$work/err"; then
		echo "ok $count - $mode: $name"
	else
		echo "not ok $count - $mode: $name"
		sed 's/^/# /' "$work/err"
	fi
}

for mode in seccomp auto; do
	refuses 'no listeners' $mode 'Linux 5.10' "$without" listener
	refuses 'no user notification' $mode 'Linux 5.10' "$without" actions
	refuses 'no seccomp at all' $mode 'seccomp' "$without" seccomp
	refuses 'another supervisor' $mode 'another' "$mantlet" run -m seccomp -o /dev/null -p "$policy" --
done
policy='{"connect": {"default": "deny"}}'
refuses 'no copies of descriptors, which connect needs' seccomp 'connect: mode seccomp' "$without" pidfd
policy='{"on_unenforceable": "warn", "connect": {"default": "deny"}}'
count=$((count + 1))
if "$without" pidfd "$mantlet" run -m seccomp -p "$policy" -- touch "$work/started" 2>"$work/err" && [ -e "$work/started" ] &&
	grep -q 'connect: mode seccomp.*going on without it' "$work/err" && grep -q '"connect":"nothing"' "$work/err"; then
	echo "ok $count - unless the policy says so"
else
	echo "not ok $count - unless the policy says so"
	sed 's/^/# /' "$work/err"
fi
echo "1..$count"
