#!/bin/sh
# The scenarios in a container as --user=1000, where the binary's own file capability gives the supervisor SYS_PTRACE.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-docker-caps
"$root/tests/stage" "$stage" || exit
cp "$root/build/mantlet" "$stage/mantlet"
setcap cap_sys_ptrace=p "$stage/mantlet" || exit
cat >"$stage/90-caps.sh" <<'END'
policy '{"exec": {"allow": ["/**"]}}'
cp "$HELPERS/setid" blind
chmod 111 blind
under ./blind who
status_is 0 'a program that nobody may look into runs'
out_is "$(id -u) $(id -g)" 'and has no capability'
END
exec "$root/tests/docker/run" -o --user=1000 -o --cap-add=SYS_PTRACE -t 600 -f "$stage" -- /mnt/run /mnt/mantlet /mnt/helpers seccomp
