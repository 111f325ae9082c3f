# A MicroEnforcer in a container that the host's Enforcer guards, and in one that nobody does. shellcheck shell=sh
policy '{"connect": {"allow": [{"cidr": "127.0.0.1/32", "ports": [7001]}]}}'
enforced || return 0

guards_itself() # STATUS NAME: without a policy of its own it does not start
{
	[ "$1" = 125 ] && grep -qF "none.json" "$T/err"
	result $? "$2"
}

status=0
"$MANTLET" run -p "$T/none.json" -- "$HELPERS/act" euid >"$T/out" 2>"$T/err" || status=$?
guards_itself $status 'outside of every domain it asks for its policy'
under "$MANTLET" run -p "$T/none.json" -o "$T/inner" -- "$HELPERS/act" 'tcp 127.0.0.1 7001' 'tcp 127.0.0.1 7002'
if [ "$MODE" = lsm ]; then
	status_is 0 'in a domain that is enforced it only runs its command'
	out_is 'tcp 127.0.0.1 7001: arrived
tcp 127.0.0.1 7002: refused' 'and the verdicts are those of the host'
	audit_has '"mode":"lsm" "event":"connect" "port":7002' 'which reports them'
	ok 'one record tells that it stood down' [ "$(grep -c '"mode":"standdown".*"event":"start"' "$T/inner")" = 1 ]
	under "$MANTLET" run -m seccomp -p "$T/none.json" -- "$HELPERS/act" euid
	guards_itself "$status" 'who names a mode gets it'
	policy '{"mode": "audit", "connect": {"default": "deny"}}'
	under "$MANTLET" run -p "$T/none.json" -- "$HELPERS/act" euid
	guards_itself "$status" 'in a domain that only reports it asks for its policy'
else
	guards_itself "$status" 'in a guard of its own kind it asks for its policy'
fi
