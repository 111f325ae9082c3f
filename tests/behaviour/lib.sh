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
#   enforced || return 0        leaves out the scenario, and says so, where this mode does not enforce its policy
#   each arrived 'OP
#   OP'                         under the policy, each line's act (tests/attack/act.c) comes to this; $tried of them.
#                               Left out, and said, is what comes to nothing here without Mantlet, too
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

enforced()
{
	under "$HELPERS/act" euid
	if [ "$status" = 125 ] && grep -qF 'cannot enforce' "$T/err"; then
		skip "$(cut -d: -f 4- "$T/err")"
		return 1
	fi
}

# What $1, a line of acts and what came of them, says of the act $2.
came_of()
{
	awk -v act="$2: " 'index($0, act) == 1 { print substr($0, length(act) + 1); exit }' "$1"
}

# Is what act $2 comes to without Mantlet something that $1 could differ from?
possible()
{
	case $1/$(came_of "$T/bare" "$2") in
	*/arrived | */open | */taken | */done | refused/EINVAL | ignored/ignored) return 0 ;;
	*) return 1 ;;
	esac
}

each()
{
	word=$1 tried=0
	printf '%s\n' "$2" | awk NF >"$T/acts"
	set --
	while read -r act; do
		"$HELPERS/act" "$act" >"$T/bare"
		if possible "$word" "$act"; then
			set -- "$@" "$act"
			tried=$((tried + 1))
		else
			skip "$act: without Mantlet it is: $(came_of "$T/bare" "$act")"
		fi
	done <"$T/acts"
	under "$HELPERS/act" "$@"
	for act; do
		[ "$(came_of "$T/out" "$act")" = "$word" ]
		result $? "$act: $word"
	done
}

# The set-id program $T/setuid gets no other identity by being run.
gains()
{
	if [ "$("$T/setuid" euid)" != "euid: 33" ]; then
		skip "$1: this machine gives it no identity without Mantlet"
		return
	fi
	under "$T/setuid" euid
	[ "$(cat "$T/out")" != "euid: 33" ]
	result $? "$1 has no other identity"
}
