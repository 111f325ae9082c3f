#!/bin/bash
# Both modes under the same policies, operation by operation: 2,400 real operations (run a file, connect, send, change an
# id) under random policies, in a VM in LSM mode and in seccomp mode. What came of each, and every record of the audit,
# must be the same. SEED chooses others.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
kernel=${KERNEL:-6.12} policies=12 operations=200 seed=${SEED:-1}
stage=$root/build/stage-modes-$kernel
products=$root/$("$root/tests/vm/machine" -b "$kernel") || exit 1
rm -rf "$stage" && mkdir -p "$stage" && cp "$products/modes/operate" "$products/bench/nothing" "$root/tests/modes/inside" "$stage" &&
	python3 "$root/tests/modes/generate.py" "$seed" $policies $operations "$stage" || exit 1
"$root/tests/vm/run" -k "$kernel" -t 900 -f "$stage" -- /mnt/inside >"$stage.out" || exit 1
count=0

ok() # STATUS NAME
{
	count=$((count + 1))
	[ "$1" = 0 ] || echo -n 'not '
	echo "ok $count - $2"
}

of_mode() { sed -n "s/^$1 $2//p" "$stage.out"; }

done_in_all=0 refused_in_all=0
for ((number = 0; number < policies; number++)); do
	diff <(of_mode lsm "$number:") <(of_mode seccomp "$number:") >"$stage.diff"
	ok $? "policy $number: $(of_mode lsm "$number:" | grep -c ': done$') of $operations operations done, the same in both modes"
	head -n 20 "$stage.diff" | sed 's/^/# /'
	diff <(of_mode lsm "$number audit:") <(of_mode seccomp "$number audit:") >"$stage.diff"
	ok $? "policy $number: $(of_mode lsm "$number audit:" | wc -l) records, the same in both modes"
	head -n 20 "$stage.diff" | sed 's/^/# /'
	done_in_all=$((done_in_all + $(of_mode lsm "$number:" | grep -c ': done$')))
	refused_in_all=$((refused_in_all + $(of_mode lsm "$number:" | grep -c ': E\(ACCES\|PERM\)$')))
done
[ $done_in_all -gt 400 ] && [ $refused_in_all -gt 400 ]
ok $? "of all, $done_in_all were done and $refused_in_all refused"
echo "1..$count"
