# Which program runs. shellcheck shell=sh disable=SC2016
policy '{"mantlet": 1, "name": "story", "exec": {"allow": ["/usr/bin/bash", "/usr/bin/ls"]}}'
under bash -c 'ls / >/dev/null && echo ran; whoami; echo "status $?"'
status_is 0 'a shell goes on after a refusal'
out_is 'ran
status 126' 'ls runs, whoami does not'
err_has 'Permission denied' 'bash says Permission denied'
audit_has '"event":"exec" "verdict":"deny" "enforced":true "rule":"exec.default" "path":"/usr/bin/whoami" "comm":"bash" "exe":"/usr/bin/bash" "policy":"story"' 'the refusal is reported'
audit_lacks '"path":"/usr/bin/ls"' 'what is allowed is not'

under ls /
status_is 0 'an allowed command'
under whoami
status_is 126 'a refused command is 126'
err_has 'whoami' 'and names itself'
under nosuchcommand
status_is 127 'a missing one is 127'
under ./nosuchcommand
status_is 127 'a missing path is 127'

policy '{"exec": {"deny": ["/usr/bin/whoami", "/usr/bin/i*"]}}'
under bash -c 'id; whoami; true && echo ran'
out_is 'ran' 'a deny list refuses only what it names'
audit_has '"rule":"exec.deny[0]" "path":"/usr/bin/whoami"' 'a rule is named by its place'
audit_has '"rule":"exec.deny[1]" "path":"/usr/bin/id"' 'a pattern, too'

policy '{"exec": {"allow": ["/usr/bin/*"], "deny": ["/usr/bin/whoami"]}}'
under bash -c 'whoami; id -u >/dev/null && echo ran'
out_is 'ran' 'deny is over allow'

policy '{"mode": "audit", "exec": {"allow": ["/usr/bin/bash"]}}'
under bash -c 'true; /usr/bin/id -u >/dev/null && echo ran'
out_is 'ran' 'mode audit refuses nothing'
audit_has '"verdict":"deny" "enforced":false "path":"/usr/bin/id"' 'and reports what it would have refused'

policy '{"mantlet": 1}'
under bash -c '/usr/bin/id -u >/dev/null && echo ran'
out_is 'ran' 'a policy without sections restricts nothing'
