# The guard is killed: what it leaves behind is closed, not open. shellcheck shell=sh disable=SC2016
policy '{"exec": {"allow": ["/usr/bin/bash", "/usr/bin/id"]}}'
later='(for i in {1..300000}; do :; done; "$1" -u >"$2/effect"; : >"$2/done") & '
under bash -c "$later wait" bash /usr/bin/id "$T"
ok 'what is allowed has an effect' [ -s effect ]
rm -f effect "$T/done"
under bash -c "$later kill -9 \$PPID; wait" bash /usr/bin/whoami "$T"
status_is 137 'the guard can be killed by its own command'
i=0
while [ ! -e "$T/done" ] && [ $i -lt 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
ok 'what is left of the domain still cannot run what is refused' [ ! -s effect ]
rm -rf /sys/fs/bpf/mantlet-run 2>/dev/null || :
