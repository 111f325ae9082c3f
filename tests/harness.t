#!/bin/bash
# Tests the two harnesses that other tests stand on: what goes into tests/vm/run and tests/docker/run comes out unchanged.
# TAP; run by prove. VM_KERNELS names the kernels to boot (those of tests/vm/kernels for this kind of machine).
set -u

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# check NAME COMMAND…: one TAP line, by the command's status.
check()
{
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then echo "ok $count - $name"; else echo "not ok $count - $name"; fi
}

# exits STATUS COMMAND…, in silence
exits()
{
	local want=$1 status=0
	shift
	"$@" >"$work/out" 2>"$work/err" || status=$?
	[ $status = "$want" ] || { sed 's/^/# /' "$work/err" && echo "# status $status, not $want" && false; }
}

says()
{
	local want=$1
	shift
	exits 0 "$@" && grep -qE "$want" "$work/out"
}

complains()
{
	local want=$1
	shift
	exits "$@" && grep -qE "$want" "$work/err"
}

# What both must do. $1 is the harness.
same_through()
{
	local run=$1 what=${1#"$here/"}
	# shellcheck disable=SC1003 # a backslash is meant
	local arguments=('a b' "q'\"\$x" $'new\nline' '' '*' '\' --)
	check "$what: status 0" exits 0 "$run" true
	check "$what: status 42" exits 42 "$run" -- sh -c 'exit 42'
	check "$what: status of a signal" exits 139 "$run" bash -c 'bash -c "kill -SEGV \$\$"; exit $?'
	check "$what: not found" exits 127 "$run" nosuchprogram
	check "$what: not executable" exits 126 "$run" /etc/passwd
	check "$what: usage" exits 2 "$run"
	check "$what: no such option" exits 2 "$run" -Z true
	check "$what: no such folder" complains 'not a directory' 125 "$run" -f "$work/absent" true
	check "$what: hang" complains 'did not end within 5 s' 125 "$run" -t 5 sleep 100

	"$run" -f "$work/d i,r" /mnt/sub/link "${arguments[@]}" >"$work/there" 2>"$work/there.err"
	"$work/d i,r/sub/link" "${arguments[@]}" >"$work/here" 2>"$work/here.err"
	check "$what: arguments, DIR, every byte" cmp "$work/here" "$work/there"
	check "$what: standard error apart" grep -qx 'to stderr' "$work/there.err"

	"$run" sh -c 'yes | head -c 5000000' 2>/dev/null | cmp -s - <(yes | head -c 5000000)
	check "$what: 5 MB" [ "${PIPESTATUS[*]}" = '0 0' ]
}

# Several at once, each with its own answer.
in_parallel()
{
	local run=$1 i bad=0 jobs=()
	for i in 1 2 3; do
		"$run" sh -c "echo $i; exit $i" >"$work/out.$i" 2>/dev/null &
		jobs+=($!)
	done
	for i in 1 2 3; do
		wait "${jobs[i - 1]}"
		[ $? = $i ] && [ "$(cat "$work/out.$i")" = $i ] || bad=1
	done
	return $bad
}

mkdir -p "$work/d i,r/sub"
cat >"$work/d i,r/program" <<'EOF'
#!/bin/bash
printf '[%s]' "$@"
for i in {0..255}; do printf "\\x$(printf %x "$i")"; done
echo 'to stderr' >&2
EOF
chmod 755 "$work/d i,r/program"
ln -s ../program "$work/d i,r/sub/link"

mkdir "$work/guest"
cat >"$work/guest/look" <<'EOF'
set -x
grep -q ',bpf' /sys/kernel/security/lsm
test -r /sys/kernel/btf/vmlinux
test -e /sys/fs/cgroup/cgroup.controllers
for place in /proc /sys /dev /dev/pts /dev/shm /tmp /run /sys/fs/cgroup /sys/fs/bpf /sys/kernel/security /sys/kernel/tracing
do grep -q " $place " /proc/mounts; done
mkdir /l /u /w /m
mount -t overlay o -o lowerdir=/l,upperdir=/u,workdir=/w /m
ping -c 1 -w 5 127.0.0.1
ping -c 1 -w 5 ::1
modprobe sctp
echo "all there on $(uname -r)"
EOF

cd /
for run in "$here/vm/run" "$here/docker/run"; do
	same_through "$run"
	check "${run#"$here/"}: in parallel" in_parallel "$run"
done

check "panic" complains 'Kernel panic' 125 "$here/vm/run" sh -c 'echo c >/proc/sysrq-trigger'
for kernel in ${VM_KERNELS-$(awk '$2 == "amd64" { print $1 }' "$here/vm/kernels")}; do
	check "$kernel: BPF LSM, BTF, mounts, overlay, loopback" says "^all there on ${kernel%-*}\\." \
		"$here/vm/run" -k "$kernel" -f "$work/guest" sh -e /mnt/look
done
check "Docker: default seccomp profile" says 'Seccomp:.2' "$here/docker/run" cat /proc/self/status
check "Docker: busybox alone" says busybox "$here/docker/run" -i busybox readlink /bin/cat
check "Docker: options" says '^1000$' "$here/docker/run" -o --user=1000 -o --cap-add=SYS_PTRACE id -u
echo "1..$count"
