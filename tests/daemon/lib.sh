# What the scripts of this directory share. They run as root in a VM, from /mnt, and tell TAP.
# shellcheck shell=sh disable=SC2034
n=0
told() { # told NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}
is() { # is NAME GOT WANTED
	[ "$2" = "$3" ]
	told "$1" $?
	[ "$2" = "$3" ] || echo "# got $2, wanted $3"
}
done_testing() { echo "1..$n"; }

C=/sys/fs/cgroup
P=/mnt/probe
policies=/etc/mantlet/policies
mkdir -p $policies /w
for name in a b both none; do cp $P /w/$name; done

# Starts the daemon and waits until it answers; its pid is in $daemon.
start() {
	rm -f /tmp/ready
	/mantlet daemon -o "${audit-/tmp/audit}" 2>/tmp/daemon-error &
	daemon=$!
	waited=0
	until [ -S /run/mantlet/control ] && /mantlet reload >/dev/null 2>&1; do
		waited=$((waited + 1))
		[ $waited -lt 3000 ] && kill -0 $daemon 2>/dev/null || { echo "# the daemon did not start: $(cat /tmp/daemon-error)"; return 1; }
		sleep 0.2
	done
}
kill_daemon() {
	kill -9 "$daemon"
	wait "$daemon" 2>/dev/null
}
# objects_are NAME WANTED: the kernel frees them after grace periods, which are long in a VM
objects_are() {
	waited=0
	until [ "$($P objects)" = "$2" ] || [ $waited = 120 ]; do
		waited=$((waited + 1))
		sleep 1
	done
	is "$1" "$($P objects)" "$2"
}
# try CGROUP PROGRAM: 42 it ran, 126 it was refused
try() { $P enter "$1" "$2" run; }
