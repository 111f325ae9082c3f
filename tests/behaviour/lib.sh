# What scenarios are written with. A scenario is a file of this folder named NN-what.sh; `run` reads it once for each
# mode. It is plain sh, since it also runs in containers and VMs that have little else:
#
#   policy '{"exec": {"allow": ["/usr/bin/true"]}}'   the policy of what follows
#   under true                                        runs it under that policy; sets $status
#   status_is 0 'true is allowed'                     a check, and its name
#   out_is 'text' 'name'        standard output is this
#   err_has 'text' 'name'       standard error has this in it
#   audit_has 'text' 'name'     some audit line has all these words in it
#   audit_lacks 'text' 'name'   none has
#   ok 'name' COMMAND…          the command succeeds
#
# $MANTLET is the binary, $MODE the mode, $HELPERS the folder of static helpers, $T a folder for the scenario's files.
# shellcheck shell=sh

count=0 failed=0

result() # 0|1 NAME
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $MODE: $scenario: $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $MODE: $scenario: $2"
		show
	fi
}

# What a reader of a failure needs.
show()
{
	echo "# status $status"
	for file in policy.json out err audit; do
		[ ! -s "$T/$file" ] || tail -n 12 "$T/$file" | cut -c 1-600 | sed "s/^/# $file: /"
	done
}

skip() # WHY: the next check, which this machine cannot make
{
	count=$((count + 1))
	echo "ok $count - $MODE: $scenario # SKIP $1"
}

policy()
{
	printf '%s\n' "$1" >"$T/policy.json"
}

under()
{
	rm -f "$T/audit"
	status=0
	timeout 60 "$MANTLET" run -m "$MODE" -p "$T/policy.json" -o "$T/audit" -- "$@" >"$T/out" 2>"$T/err" || status=$?
}

ok()
{
	name=$1
	shift
	if "$@"; then result 0 "$name"; else result 1 "$name"; fi
}

status_is()
{
	[ "$status" = "$1" ]
	result $? "$2"
}

out_is()
{
	[ "$(cat "$T/out")" = "$1" ]
	result $? "$2"
}

err_has()
{
	grep -qF -e "$1" "$T/err"
	result $? "$2"
}

# Lines of the audit that have every word of $1.
audit_lines()
{
	cp "$T/audit" "$T/lines" 2>/dev/null || : >"$T/lines"
	for word in $1; do
		grep -F -e "$word" "$T/lines" >"$T/fewer" || :
		mv "$T/fewer" "$T/lines"
	done
	wc -l <"$T/lines"
}

audit_has()
{
	[ "$(audit_lines "$1")" -gt 0 ]
	result $? "$2"
}

audit_lacks()
{
	[ "$(audit_lines "$1")" -eq 0 ]
	result $? "$2"
}
