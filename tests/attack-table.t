#!/bin/bash
# The table of techniques in SECURITY.md is what the program prints: `build/attack/techniques --table`.
cd "$(dirname "$0")/.." || exit 2
echo 1..2
if diff <(build/attack/techniques --table) <(sed -n '/^| technique | aims at /,$p' SECURITY.md) | sed 's/^/# /' | head -n 20 | tee /dev/stderr | grep -q .; then
	echo 'not ok 1 - SECURITY.md has another table than build/attack/techniques --table prints'
else
	echo 'ok 1 - the table of SECURITY.md'
fi
rows=$(build/attack/techniques --table | tail -n +3 | sort)
if [ "$(uniq -d <<<"$rows")" ]; then echo 'not ok 2 - two rows are the same'; else echo "ok 2 - $(wc -l <<<"$rows") techniques, each once"; fi
