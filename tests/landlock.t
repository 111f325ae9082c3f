#!/bin/sh
# Where nobody may mount, Landlock keeps the command off the tasks beside it, in a VM with Linux 6.1; and nothing else.
root=$(cd "$(dirname "$0")/.." && pwd)
stage=$root/build/stage-landlock
rm -rf "$stage"
mkdir -p "$stage"
cp "$root/build/attack/setid" "$stage"
cat >"$stage/beside" <<'END'
#!/bin/sh
tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null | grep -q beside && echo reads
echo x >/tmp/one/a && mv /tmp/one/a /tmp/two/b && ln /tmp/two/b /tmp/one/c && echo links
sleep 9 &
sleep 1 # it is another program by then
[ -n "$(tr '\0' '\n' <"/proc/$!/environ")" ] && echo own
END
cat >"$stage/inside" <<'END'
#!/bin/sh
echo 0 >/proc/sys/user/max_user_namespaces
mkdir -m 777 -p /tmp/one /tmp/two
chmod 777 /tmp
/mnt/setid drop /bin/sh -c 'WHERE=beside exec sleep 100' &
sleep 1
beside=$!
ok() { if [ "$2" = "$3" ]; then echo "ok $1 - $4"; else echo "not ok $1 - $4: $2"; fi; }
ok 1 "$(/mnt/setid drop /mnt/beside $beside | tr '\n' ' ')" 'reads links own ' 'without Mantlet a task beside is open to it'
rm -f /tmp/one/* /tmp/two/*
ok 2 "$(/mnt/setid drop /mantlet run -m seccomp -o /tmp/audit -p '{"exec": {"allow": ["/**"]}}' -- /mnt/beside $beside | tr '\n' ' ')" \
	'links own ' 'under it, it is not; links and its own children are'
echo 1..2
END
chmod 755 "$stage"/*
exec "$root/tests/vm/run" -k 6.1 -t 600 -f "$stage" -- /mnt/inside
