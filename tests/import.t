#!/bin/bash
# `mantlet import aqua`: made-up policies of Aqua's become what stands beside them (NAME.out), which is a policy, and what has
# no counterpart is named (NAME.err). `tests/import.t update` writes what it says now: read the difference.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
mantlet=$root/build/mantlet
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
cd "$root/tests/import" || exit 1
count=0 failed=0

ok() # STATUS NAME
{
	count=$((count + 1))
	[ "$1" = 0 ] && { echo "ok $count - $2"; return; }
	echo "not ok $count - $2"
	failed=$((failed + 1))
}

# NAME STATUS ARG…: what comes of NAME.json
becomes()
{
	local name=$1 status=$2 got=0
	shift 2
	"$mantlet" import aqua "$@" >"$T/out" 2>"$T/err" || got=$?
	[ "$got" = "$status" ]
	ok $? "$name: exit $status"
	[ "${update-}" != update ] || cp "$T/out" "$name.out"
	[ "${update-}" != update ] || cp "$T/err" "$name.err"
	diff -u "$name.out" "$T/out" | sed 's/^/# /'
	[ "${PIPESTATUS[0]}" = 0 ]
	ok $? "$name: the policy"
	diff -u "$name.err" "$T/err" | sed 's/^/# /'
	[ "${PIPESTATUS[0]}" = 0 ]
	ok $? "$name: what is said"
	"$mantlet" check "$T/out" >/dev/null
	[ $? -le 1 ]
	ok $? "$name: check takes it, perhaps with findings"
	python3 - "$T/out" "$root/policy/schema.json" <<'END'
import json, sys
import jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), jsonschema.Draft202012Validator)
END
	ok $? "$name: the schema takes it"
}

# TEXT ERROR: it is refused with that line, and nothing is printed
bad()
{
	local got=0
	printf '%b' "$1" >"$T/bad"
	(cd "$T" && "$mantlet" import aqua bad) >"$T/out" 2>"$T/err" || got=$?
	[ "$got" = 125 ] && [ ! -s "$T/out" ] && [ "$(<"$T/err")" = "mantlet: bad$2" ]
	ok $? "bad: $1"
	[ "$(<"$T/err")" = "mantlet: bad$2" ] || sed 's/^/# /' "$T/err"
}

update=${1-}
for name in full terraform function lists; do becomes $name 1 $name.json; done
becomes clean 0 clean.json
becomes accounts 0 --passwd accounts.passwd --group accounts.group accounts.json
becomes accounts-named 1 accounts.json

"$mantlet" import aqua - <clean.json 2>/dev/null | cmp -s - clean.out
ok $? 'standard input'

what="expected a runtime policy of Aqua's: a JSON object {\"name\": …}, or a list of one"
bad '' ":1:1: $what"
bad '  \n' ":2:1: $what"
bad '"name"' ":1:1: $what"
bad 'null' ":1:1: $what"
bad '[]' ":1:3: $what"
bad '[ "a" ]' ":1:3: $what"
bad '[ {}, {} ]' ':1:5: expected one policy, got a list of more: import them one at a time'
bad '[\n{"name": "a"},\n{"name": "b"}]' ':2:14: expected one policy, got a list of more: import them one at a time'
bad '{' ':1:2: the text ends too early: a bracket or a quote is not closed'
bad '{"name": "a", "name": "b"}' ':1:15: "name": this key stands twice in one object'
bad '{"name": "\xff"}' ':1:11: byte 0xff is not UTF-8 here'
bad '{"name": 1}' ':1:10: name: expected a name in quotes, got a number'
bad '{"enabled": "yes"}' ':1:13: enabled: expected true or false, got a string'
bad '{"enforce": 1}' ':1:13: enforce: expected true or false, got a number'
bad '{"no_new_privileges": {}}' ':1:23: no_new_privileges: expected true or false, got an object'
bad '{"allowed_executables": true}' ':1:25: allowed_executables: expected a block {…}, got true or false'
bad '{"allowed_executables": [{"enabled": true}, {"enabled": true}]}' \
	':1:25: allowed_executables: expected one block, got a list of 2'
bad '{"allowed_executables": {"enabled": "true"}}' \
	':1:37: allowed_executables.enabled: expected true or false, got a string'
bad '{"allowed_executables": {"enabled": true, "allow_executables": "/a"}}' \
	':1:64: allowed_executables.allow_executables: expected a list […], got a string'
bad '{"allowed_executables": {"enabled": true,\n"allow_executables": ["/a", 2]}}' \
	":2:29: allowed_executables.allow_executables[1]: expected a program's path or name in quotes, got a number"
bad '{"blocked_executables": ["/a", null]}' \
	":1:32: blocked_executables[1]: expected a program's path or name in quotes, got null"
for port in '"65536"' '"http"' '"9-8"' '"01"' '-1' '70000' '""' '"1-2-3"'; do
	bare=${port#\"}
	bad "{\"blocked_outbound_ports\": [$port]}" \
		":1:29: blocked_outbound_ports[0]: expected a port from 0 to 65535 or a range such as \"8000-8999\", got \"${bare%\"}\""
done
bad '{"blocked_outbound_ports": [1.5]}' \
	':1:29: blocked_outbound_ports[0]: expected a port from 0 to 65535 or a range such as "8000-8999", got a fraction'
bad '{"whitelisted_os_users": {"enabled": true, "user_white_list": [true]}}' \
	':1:64: whitelisted_os_users.user_white_list[0]: expected a name or an id in quotes, got true or false'
bad '{"whitelisted_os_users": {"enabled": true, "user_white_list": [-1]}}' \
	':1:64: whitelisted_os_users.user_white_list[0]: expected an id from 0 to 4294967295, got -1'
bad '{"resource": []}' ':1:14: resource: expected one type of resource, got a list'
bad '{"resource": {"aws_instance": {"a": {}}}}' \
	':1:15: resource.aws_instance: expected aquasec_container_runtime_policy or aquasec_function_runtime_policy'
bad '{"resource": {"aquasec_container_runtime_policy": {"a": {}, "b": {}}}}' \
	':1:51: resource: expected one policy, got 2 of them: import them one at a time'
bad '{"resource": {"aquasec_container_runtime_policy": {"a": 1}}}' ':1:57: a: expected a policy {…}, got a number'
got=0
# each may have been met, or not, when the next is read: 2^24 combinations, with different ends
many=$(for i in {1..24}; do echo "\"/s$i/*b$i*\","; done)
printf '{"blocked_executables": [%s "z"]}' "$many" >"$T/bad"
"$mantlet" import aqua "$T/bad" >"$T/out" 2>"$T/err" || got=$?
[ $got = 125 ] && [ ! -s "$T/out" ] && [ "$(wc -l <"$T/err")" = 1 ] && grep -q 'the policy that it makes cannot be used: exec.deny\[' "$T/err"
ok $? 'bad: patterns that multiply'

usage='mantlet: import: usage: mantlet import aqua [--passwd FILE] [--group FILE] FILE'
for args in '' 'aqua' 'nosuch clean.json' 'aqua clean.json full.json'; do
	# shellcheck disable=SC2086 # words
	err=$("$mantlet" import $args 2>&1 >/dev/null)
	[ $? = 2 ] && [ "$err" = "$usage" ]
	ok $? "import $args: usage"
done
"$mantlet" import --nosuch aqua clean.json 2>/dev/null
[ $? = 2 ]
ok $? 'an unknown option'
"$mantlet" import --help | grep -q '^usage: mantlet import'
ok $? '--help'
err=$("$mantlet" import aqua nosuch.json 2>&1)
[ $? = 125 ] && [ "$err" = 'mantlet: nosuch.json: cannot read it: No such file or directory' ]
ok $? 'a file that is not there'
err=$("$mantlet" import aqua . 2>&1)
[ $? = 125 ] && [ "$err" = 'mantlet: .: cannot read it: Is a directory' ]
ok $? 'a directory'
err=$("$mantlet" import --passwd nosuch aqua clean.json 2>&1)
[ $? = 125 ] && [ "$err" = 'mantlet: nosuch: cannot read it: No such file or directory' ]
ok $? 'a passwd that is not there'
echo "1..$count"
exit $((failed > 0))
