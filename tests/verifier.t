#!/bin/bash
# What each BPF program costs the verifier of each kernel, held against tests/vm/ceilings.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
count=0

ok() # STATUS NAME
{
	count=$((count + 1))
	[ "$1" = 0 ] || echo -n 'not '
	echo "ok $count - $2"
}

for kernel in 6.1 6.12 6.18; do
	counts=$("$root/tests/vm/run" -k $kernel -- /mantlet probe | sed -n 's/.*instructions verified: //p')
	while read -r program ceiling; do
		seen=$(tr ',' '\n' <<<"$counts" | awk -v name="$program" '$1 == name { print $2 }')
		[ "${seen:-0}" -gt 0 ] && [ "$seen" -le "$ceiling" ]
		ok $? "$kernel: $program: ${seen:-unknown} of at most $ceiling"
	done < <(grep -v '^#' "$root/tests/vm/ceilings")
done
echo "1..$count"
