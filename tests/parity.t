#!/bin/bash
# A policy means the same in the compiled image here, in the same image in this machine's kernel, and to a plain reading of
# the JSON: PARITY_PAIRS (300,000) random pairs of policy and question, PARITY_SEED to repeat them. TAP; needs root.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
pairs=${PARITY_PAIRS:-300000} seed=${PARITY_SEED:-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')}
count=0 failed=0
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

answer() # STATUS NAME, with what was said in $T/out
{
	local not=''
	count=$((count + 1))
	[ "$1" = 0 ] || { not='not ' failed=1; }
	echo "${not}ok $count - $2"
	[ -z "$not" ] || sed 's/^/# /' "$T/out"
}

[ "$(id -u)" = 0 ] || echo '# not root: the kernel will refuse'
"$root/tests/parity/compare" --pinned "$root/tests/parity/pinned" >"$T/out" 2>&1
answer $? 'what the design says, by hand'

"$root/tests/parity/compare" --pairs "$pairs" --seed "$seed" >"$T/out" 2>&1
answer $? "$pairs pairs of policy and question, seed $seed: no disagreement"
cp "$T/out" "$T/said"
[ $failed = 1 ] || sed 's/^/# /' "$T/said"
[ "$(grep -cE '^ *[0-9]{3,} (exec|connect|uid|gid) (allow|deny) ' "$T/said")" = 21 ]
answer $? 'each kind of answer was given hundreds of times'

while read -r verdict name; do
	case $verdict in
	'#') echo "# $name" ;;
	ok) : >"$T/out" && answer 0 "a planted bug is caught: $name" ;;
	*) echo "$verdict $name" >"$T/out" && answer 1 "a planted bug is caught: $name" ;;
	esac
done < <("$root/tests/parity/planted" 2>&1)
echo "1..$count"
[ $count -gt 3 ] && exit $failed
