#!/bin/bash
# The fuzz target, from its corpus on, for FUZZ_SECONDS (30).
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
"$root/build/fuzz/policy" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -max_len=1024 -artifact_prefix="$T/" \
	"$T" "$root/tests/fuzz/corpus/policy" >"$T/log" 2>&1
status=$?
runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$T/log")
if [ $status != 0 ] || [ "${runs:-0}" -le 100 ]; then
	echo -n 'not '
	tail -n 30 "$T/log" | sed 's/^/# /' >&2
	status=1
fi
echo "ok 1 - parse, compile, decide: ${runs:-0} inputs"
echo 1..1
exit $status
