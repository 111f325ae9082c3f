#!/bin/bash
# The fuzz targets, each from its corpus on, for FUZZ_SECONDS (60).
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
count=0 failed=0

fuzz() # TARGET LENGTH WHAT
{
	local status=0 runs
	mkdir "$T/$1"
	"$root/build/fuzz/$1" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -max_len="$2" -artifact_prefix="$T/" \
		"$T/$1" "$root/tests/fuzz/corpus/$1" >"$T/log" 2>&1 || status=$?
	runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$T/log")
	count=$((count + 1))
	if [ $status != 0 ] || [ "${runs:-0}" -le 100 ]; then
		echo -n 'not '
		tail -n 30 "$T/log" | sed 's/^/# /' >&2
		failed=1
	fi
	echo "ok $count - $3: ${runs:-0} inputs"
}

fuzz policy 1024 'parse, compile, decide'
fuzz import 4096 'import'
fuzz image 512 'damaged images'
echo "1..$count"
exit $failed
