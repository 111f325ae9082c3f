# The guard is killed: what it leaves behind is closed, not open. shellcheck shell=sh disable=SC2016
policy '{"exec": {"allow": ["/usr/bin/bash", "/usr/bin/id"]}}'
later='(for i in {1..300000}; do :; done; "$1" -u >"$2/effect"; : >"$2/done") & '
under bash -c "$later wait" bash /usr/bin/id "$T"
ok 'what is allowed has an effect' [ -s effect ]
rm -f effect "$T/done"
under bash -c 'kill -9 $PPID; kill -STOP $PPID; "$1" -u' bash /usr/bin/id
status_is 0 'the guard cannot be killed by its own command'
"$MANTLET" run -m "$MODE" -p "$T/policy.json" -o "$T/audit" -- bash -c "$later : >ready; wait" bash /usr/bin/whoami "$T" >"$T/out" 2>"$T/err" &
pid=$!
i=0
while [ ! -e ready ] && [ $i -lt 200 ]; do
	sleep 0.05
	i=$((i + 1))
done
kill -9 $pid
status=0
wait $pid || status=$?
status_is 137 'it can be from outside'
i=0
while [ ! -e "$T/done" ] && [ $i -lt 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
ok 'what is left of the domain still cannot run what is refused' [ ! -s effect ]
rm -rf /sys/fs/bpf/mantlet-run 2>/dev/null || :
