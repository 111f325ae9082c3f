# Where the Docker engine of this checkout lives; for tests/docker/run and stop.
# shellcheck shell=bash disable=SC2034 # used by them
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/build/docker
# The engine's sockets need a short path: a socket's may have 107 bytes.
run=/run/mantlet-docker-$(printf '%s' "$top" | cksum | cut -d ' ' -f 1)

# Debian's client, whatever others this machine has.
docker=(/usr/bin/docker --config "$build/client" --host "unix://$run/sock")

# The process of this checkout's engine, if it runs.
engine()
{
	local pid
	pid=$(cat "$run/pid" 2>/dev/null) && [[ $(readlink "/proc/$pid/exe") == /usr/sbin/dockerd* ]] && echo "$pid"
}

# Only one at a time starts or stops the engine, or makes images. Ends with the shell, or with `exec 9>&-`.
lock()
{
	mkdir -p "$build"
	exec 9>"$build/.lock"
	flock 9
}
