# Programs that were not there when the container started. shellcheck shell=sh disable=SC2016
drift='"drift": "deny", "trusted_mounts": ["/nowhere"]'
policy "{\"exec\": {$drift}}"
under true
case $(cat "$T/err") in
*'cannot enforce this yet'*) skip "mode $MODE does not enforce drift" ;;
*)
	status_is 0 'what was there may run'
	under sh -c 'cp /usr/bin/true new; ./new'
	status_is 126 'a copy is drift'
	audit_has "\"event\":\"exec\" \"rule\":\"exec.drift\" \"path\":\"$T/new\"" 'and is reported'
	rm -f new
	under sh -c 'printf "#!/bin/sh\necho ran\n" >script; chmod +x script; ./script'
	status_is 126 'so is a script'
	out_is '' 'and it does not run'
	rm -f script
	under sh -c 'cp /usr/bin/id new; mv new other; ln other third; ./third'
	status_is 126 'other names do not help'
	rm -f new other third
	under sh -c 'cp /usr/bin/true new; touch -d 2001-01-01 new; ./new'
	status_is 126 'a date in the past does not help'
	rm -f new
	cp "$HELPERS/allowed" there
	sleep 0.1
	under sh -c 'EFFECT_DIR=. ./there; printf x >>there; EFFECT_DIR=. ./there'
	status_is 126 'what was there and is written to is drift'
	rm -f there allowed

	policy '{"exec": {"drift": "audit"}}'
	under sh -c 'cp /usr/bin/true new; ./new'
	status_is 0 'drift is only reported'
	audit_has '"event":"exec" "rule":"exec.drift" "enforced":false' 'and it is'
	rm -f new
	policy '{"exec": {"drift": "audit", "deny": ["/**/other"]}}'
	under sh -c 'cp /usr/bin/true other; ./other'
	status_is 126 'and what a rule refuses is refused'
	audit_has '"event":"exec" "rule":"exec.deny[0]"' 'by that rule'
	rm -f other
	;;
esac
