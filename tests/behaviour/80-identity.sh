# Which identities a program takes. What is judged is what it has then. shellcheck shell=sh disable=SC2016
policy '{"identity": {"uid": {"default": "deny"}}}'
enforced || return 0

policy '{"name": "ids", "identity": {
	"uid": {"allow": [33, "1000-1999"], "deny": [1500]},
	"gid": {"allow": [33, "1000-1999"]}}}'
each taken 'setuid 33
setuid 1000
setuid 1999
setreuid 1000,1001
setreuid -1,33
setresuid 33,1000,1999
setresuid -1,-1,1234
setfsuid 33
setgid 33
setregid 33,1000
setresgid 1000,1000,1999
setfsgid 1999
setgroups 33,1000
setgroups 33'
audit_lacks '"event":"identity"' 'what is allowed is not reported'
each refused 'setuid 34
setuid 999
setuid 2000
setuid 1500
setuid 65534
setreuid 1000,1500
setreuid -1,34
setresuid 33,34,33
setresuid 34,33,33
setresuid 33,33,34
setresuid -1,-1,2000
setgid 34
setregid 33,34
setresgid 34,33,33
setresgid -1,-1,34
setgroups 33,34
setgroups 1000,1001,2000'
# Without a privilege to lose it is the kernel that refuses, and no rule is asked.
reported() # TEXT NAME
{
	if [ "$tried" = 0 ]; then skip 'no change is possible here without Mantlet either'; else audit_has "$1" "$2"; fi
}
reported '"event":"identity" "verdict":"deny" "enforced":true "rule":"identity.uid.default" "kind":"uid" "from":0 "to":34 "comm":"act"' 'a refusal is reported'
reported '"event":"identity" "rule":"identity.uid.deny[0]" "kind":"uid" "to":1500' 'a rule is named by its place'
reported '"event":"identity" "rule":"identity.gid.default" "kind":"gid" "from":0 "to":34' 'a gid, too'
reported '"event":"identity" "rule":"identity.gid.default" "kind":"group" "from":0 "to":2000' 'a group, too'
ok 'one record for each' [ "$(audit_lines '"event":"identity"')" = "$tried" ]
each ignored 'setfsuid 34
setfsgid 34'
# what the task has already is no change
each taken 'setuid 0
setresuid 0,0,0
setresgid -1,0,0'

policy '{"identity": {"uid": {"allow": [0]}}}'
each refused 'setuid 33'
each taken 'setgid 33
setgroups 1,2,3'

policy '{"mode": "audit", "identity": {"uid": {"allow": [0]}, "gid": {"allow": [0]}}}'
each taken 'setuid 33
setgroups 1,2'
reported '"event":"identity" "verdict":"deny" "enforced":false "kind":"uid" "to":33' 'mode audit refuses nothing, and reports'

# set-id programs: they do not get what they would get
cp "$HELPERS/act" "$T/setuid"
chown 33:33 "$T/setuid" 2>/dev/null && chmod 6755 "$T/setuid"
policy '{"identity": {"setid_exec": "deny"}}'
gains 'a set-id program'
policy '{"identity": {"uid": {"allow": [0]}}}'
gains 'a set-id program under rules for uids'
