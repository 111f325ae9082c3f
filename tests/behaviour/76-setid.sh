# Programs that give who executes them an identity. shellcheck shell=sh disable=SC2016
policy '{"identity": {"setid_exec": "deny"}}'
under true
case $(cat "$T/err") in
*'cannot enforce this yet'*) skip "mode $MODE does not enforce identity.setid_exec" ;;
*)
	cp "$HELPERS/setid" gives
	cp "$HELPERS/setid" plain
	if ! chown 0:0 gives 2>/dev/null || ! chmod 6755 gives || ! "$HELPERS/setid" drop ./plain who >/dev/null 2>&1; then
		skip 'not root'
	else
		without=$("$HELPERS/setid" drop ./gives who)
		under "$HELPERS/setid" drop "$T/gives" who
		case $(cat "$T/out") in 0* | *'+') false ;; esac
		result $? "a set-id program gives nothing (without a policy: $without)"
		under "$HELPERS/setid" drop "$T/plain" who
		out_is '65534 65534' 'another runs'
		under "$T/gives" who
		out_is '0 0 +' 'it runs for whom it gives nothing'
		under sh -c 'grep -q NoNewPrivs:.1 /proc/self/status'
		if [ "$status" = 0 ]; then
			under "$HELPERS/setid" drop "$T/gives" who
			out_is '65534 65534' 'where no_new_privs holds it runs, and gives nothing'
		else
			under "$HELPERS/setid" drop "$T/gives" who
			status_is 126 'it is refused'
			audit_has '"event":"identity" "kind":"setid_exec" "from":65534 "to":0' 'and reported'
		fi
	fi
	rm -f gives plain
	;;
esac
