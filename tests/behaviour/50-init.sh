# The manners of a container's first process. shellcheck shell=sh disable=SC2016
policy '{"exec": {"allow": ["/usr/bin/*"]}}'
under true
status_is 0 'exit 0'
under false
status_is 1 'exit 1'
under sh -c 'exit 200'
status_is 200 'exit 200'
under sh -c 'kill -SEGV $$'
status_is 139 'killed by SIGSEGV'
under sh -c 'kill -KILL $$'
status_is 137 'killed by SIGKILL'
under sh -c 'kill -TERM $$'
status_is 143 'killed by SIGTERM'
audit_has '"event":"start" "command":["sh"' 'the start is reported'
audit_has '"event":"stop" "signal":15' 'the end is reported'

"$MANTLET" run -m "$MODE" -p "$T/policy.json" -o "$T/audit" -- sh -c 'trap "echo got it; exit 7" TERM; touch ready; while :; do sleep 0.05; done' >"$T/out" 2>"$T/err" &
pid=$!
i=0
while [ ! -e ready ] && [ $i -lt 200 ]; do
	sleep 0.05
	i=$((i + 1))
done
kill -TERM $pid
status=0
wait $pid || status=$?
out_is 'got it' 'SIGTERM is handed on'
status_is 7 'and so is what the command makes of it'

printf 'one\ntwo\n' >in
status=0
"$MANTLET" run -m "$MODE" -p "$T/policy.json" -o "$T/audit" -- cat <in >"$T/out" 2>"$T/err" || status=$?
out_is 'one
two' 'standard input goes through'

under sh -c 'sleep 987 & echo $! >pid; exit 3'
status_is 3 'a command that leaves a child behind'
ok 'the child ends with it' sh -c "! kill -0 $(cat pid) 2>/dev/null"

under sh -c 'i=0; while [ $i -lt 200 ]; do sh -c "true | true | true" || exit 9; i=$((i + 1)); done; echo done'
out_is 'done' '200 pipelines'
under sh -c 'sh -c "sh -c \"exit 5\" & " ; sleep 0.2; echo done'
out_is 'done' 'an orphan is reaped'
ok 'every event has its number' [ "$(grep -c '"seq":' "$T/audit")" = "$(grep -c . "$T/audit")" ]

# What the guard has open is not the command's: programs and maps of the kernel, the listener, the audit.
own=$(sh -c 'cd /proc/self/fd && echo *')
under sh -c 'cd /proc/self/fd && echo *'
out_is "$own" 'the command has no descriptor of its guard'
