#!/bin/bash
# The command line: what it prints, what it refuses, and with which exit code.
# shellcheck disable=SC2016,SC2088 # text for another shell; ~ marks a part of a text
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
mantlet=$root/build/mantlet
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
cd "$T" || exit 1
count=0 failed=0

check() # NAME STATUS OUT ERR COMMAND…: OUT and ERR are the whole text, or a part of it behind "~"
{
	local name=$1 status=$2 out=$3 err=$4 got_status=0 got_out got_err good=1
	shift 4
	"$@" >out 2>err </dev/null || got_status=$?
	got_out=$(<out) got_err=$(<err)
	[ "$got_status" = "$status" ] || good=0
	if [[ $out = ~* ]]; then [[ $got_out = *"${out#\~}"* ]] || good=0; else [ "$got_out" = "$out" ] || good=0; fi
	if [[ $err = ~* ]]; then [[ $got_err = *"${err#\~}"* ]] || good=0; else [ "$got_err" = "$err" ] || good=0; fi
	count=$((count + 1))
	[ $good = 1 ] && { echo "ok $count - $name"; return; }
	echo "not ok $count - $name"
	failed=$((failed + 1))
	printf '# status %s, wanted %s\n' "$got_status" "$status"
	sed 's/^/# out: /' out
	sed 's/^/# err: /' err
}

# A bad policy: one line with its place, exit 125, and nothing is started.
bad() # NAME ERR
{
	check "$1: check" 125 '' "mantlet: $2" "$mantlet" check bad.json
	rm -f started
	check "$1: run" 125 '' "mantlet: $2" "$mantlet" run -p bad.json -m seccomp -- touch started
	check "$1: nothing is started" 0 '' '' test ! -e started
}

printf '{"exec": {"allow": ["/bin/ls"' >bad.json
bad 'truncated' 'bad.json:1:30: the text ends too early: a bracket or a quote is not closed'
printf '{\n "exec": {"allow": "/bin/ls"}\n}\n' >bad.json
bad 'wrong type' 'bad.json:2:20: exec.allow: expected a list […], got string'
printf '{\n "exce": {}\n}\n' >bad.json
bad 'unknown key' 'bad.json:2:2: exce: unknown key; known here: mantlet, name, mode, match, exec, connect, identity, audit, on_unenforceable'
printf '{"mode": "audit",\n"mode": "enforce"}' >bad.json
bad 'duplicate key' 'bad.json:2:1: "mode": this key stands twice in one object'
printf '{"exec": {"allow": ["ls"]}}' >bad.json
bad 'relative path' 'bad.json:1:21: exec.allow[0]: expected an absolute path such as "/usr/bin/env", got "ls"'
printf '{"exec": {"deny": ["/a", "/????????????????????????????x**"]}}' >bad.json
bad 'exploding pattern' 'bad.json:1:26: exec.deny[1]: "/????????????????????????????x**": this pattern makes the automaton too large: use fewer wildcards in it, or say "**" last'
{ printf '{}'; head -c 5000000 /dev/zero | tr '\0' ' '; } >bad.json
bad '5 MB' 'bad.json:1:4194305: longer than 4194304 bytes, the most that a policy may have'
printf '{"name": "a\0b"}' >bad.json
bad 'NUL byte' 'bad.json:1:12: NUL byte: a policy is JSON text'
printf '{"name": "\377"}' >bad.json
bad 'invalid UTF-8' 'bad.json:1:11: byte 0xff is not UTF-8 here'
: >bad.json
bad 'empty file' 'bad.json:1:1: empty: a policy is a JSON object, {"mantlet": 1, …}'
rm bad.json
bad 'missing file' 'bad.json: cannot read the policy: No such file or directory; name one with -p or MANTLET_POLICY'
mkfifo bad.json
bad 'a pipe' 'bad.json: is not a regular file; a policy is a JSON file'

printf '{"name": "p",\n "exec": {"allow": ["/usr/bin/a",\n  "/opt/**"], "deny": ["/opt/x"]}}' >good.json
check 'check prints what a policy comes to' 0 '~"p", enforce: exec: 2 allow, 1 deny, default deny' '' "$mantlet" check good.json
check 'explain: allow' 0 $'allow exec.allow[1]\ngood.json:3:3' '' "$mantlet" explain good.json exec /opt/y
check 'explain: deny' 1 $'deny exec.deny[0]\ngood.json:3:24' '' "$mantlet" explain good.json exec /opt/x
check 'explain: default' 1 $'deny exec.default\ngood.json:2:2' '' "$mantlet" explain good.json exec /bin/ls
check 'explain: loader' 1 '~deny exec.loader' '' "$mantlet" explain good.json exec /opt/ld-linux.so.2
check 'explain: relative' 2 '' '~expected exec /PATH' "$mantlet" explain good.json exec ls
printf '{"connect": {"default": "deny"}, "exec": {"drift": "deny"}}' >far.json
check 'explain: connect' 1 $'deny connect.default\nfar.json:1:25' '' "$mantlet" explain far.json connect 10.0.0.1 443
check 'explain: no section' 0 '~allow -' '' "$mantlet" explain far.json uid 0
check 'explain --json' 1 '{"verdict":"deny","rule":"connect.default","enforced":true,"line":1,"column":25}' '' \
	"$mantlet" explain --json far.json connect ::1 443 udp
check 'explain: many' 0 $'allow exec.allow[0]\ndeny exec.default\nallow exec.allow[1]\ndeny exec.default' '' \
	bash -c 'printf "exec /usr/bin/a\nexec /usr/bin/a b\nexec \"/opt/\\\\u00e9\"\nexec /usr/bin/a" | sed "\$s/\$/ /" | "$0" explain good.json -' "$mantlet"
check 'explain: a line that is no question' 2 $'error\nallow exec.allow[0]' '~standard input:1' \
	bash -c 'printf "what\nexec /usr/bin/a\n" | "$0" explain good.json -' "$mantlet"

check 'no command' 2 '' '~usage: mantlet COMMAND' "$mantlet"
check 'unknown command' 2 '' 'mantlet: nosuch: unknown command; see mantlet --help' "$mantlet" nosuch
check '--help' 0 '~usage: mantlet COMMAND' '' "$mantlet" --help
check '--version' 0 '~mantlet ' '' "$mantlet" --version
for command in run check explain probe; do
	check "$command --help" 0 "~usage: mantlet $command" '' "$mantlet" $command --help
	check "$command -h" 0 "~usage: mantlet $command" '' "$mantlet" $command -h
done
check 'run without a command' 2 '' '~no command' "$mantlet" run
check 'run -x' 2 '' '~unknown option -x' "$mantlet" run -x
check 'run -p without a value' 2 '' '~-p needs a value' "$mantlet" run -p
check 'run -m nonsense' 2 '' '~a mode is auto, lsm or seccomp' "$mantlet" run -m nonsense -- true
check 'run: audit that cannot be written' 125 '' '~/nosuch/audit' "$mantlet" run -m seccomp -p good.json -o /nosuch/audit -- true
check 'MANTLET_POLICY: JSON' 0 'ran' '~"event":"stop"' env MANTLET_POLICY='{"exec": {"allow": ["/usr/bin/*"]}}' \
	"$mantlet" run -m seccomp -- echo ran
check 'MANTLET_POLICY: bad JSON' 125 '' 'mantlet: MANTLET_POLICY:1:11: exec.x: unknown key; known here: default, allow, deny, drift, trusted_mounts' \
	env MANTLET_POLICY='{"exec": {"x": 1}}' "$mantlet" run -m seccomp -- echo ran
check 'MANTLET_POLICY: empty' 125 '' '~MANTLET_POLICY is empty' env MANTLET_POLICY= "$mantlet" run -m seccomp -- true
check 'no policy at all' 125 '' '~/etc/mantlet/policy.json: cannot read the policy' env -u MANTLET_POLICY "$mantlet" run -m seccomp -- true
ln -s /usr/bin/true link
check 'a rule that names a link is pointed out' 126 '' "~POLICY:1:21: exec.allow[0]: $T/link is a link here and matches nothing: the program is /usr/bin/true" \
	"$mantlet" run -m seccomp -p "{\"exec\": {\"allow\": [\"$T/link\"]}}" -- ./link
ln -s "$mantlet" microenforcer
check 'microenforcer' 3 'ran' '~"event":"start"' env MANTLET_POLICY='{"exec": {"allow": ["/usr/bin/*"]}}' \
	./microenforcer sh -c 'echo ran; exit 3'
check 'microenforcer without a command' 2 '' '~no command' ./microenforcer
check 'microenforcer --help' 0 '~usage:' '' ./microenforcer --help
echo "1..$count"
exit $((failed > 0))
