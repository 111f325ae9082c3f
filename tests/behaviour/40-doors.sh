# Other ways to a program than its path. shellcheck shell=sh
loader=$(ls /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.* 2>/dev/null | head -n 1)
loader=$(readlink -f "$loader")
policy '{"exec": {"allow": ["/**"]}}'
under "$loader" /usr/bin/whoami
status_is 126 'the dynamic loader as a program'
audit_has "exec.loader \"path\":\"$loader\"" 'has a rule of its own'
policy "{\"exec\": {\"allow\": [\"$loader\"]}}"
under "$loader" /usr/bin/id -u
status_is 0 'unless it is allowed by name'

policy '{"exec": {"allow": ["/usr/bin/*"]}}'
under bash -c 'exec 9</usr/bin/id; /proc/self/fd/9 -u'
status_is 0 'an allowed program through its descriptor'
cp /usr/bin/id "$T/bad"
under bash -c "exec 9<$T/bad; /proc/self/fd/9 -u"
status_is 126 'a refused program through a descriptor'
under bash -c "(exec -a ls $T/bad -u)"
status_is 126 'another argv[0]'
policy "{\"exec\": {\"allow\": [\"/usr/bin/*\", \"$T/gone\"]}}"
cp /usr/bin/id "$T/gone"
under bash -c "exec 9<$T/gone; rm $T/gone; /proc/self/fd/9 -u"
status_is 126 'a program that was deleted has no name'
audit_has 'exec.unresolved' 'which the record says'

policy '{"exec": {"allow": ["/usr/bin/bash", "/usr/bin/dash", "/usr/bin/setsid", "/usr/bin/nohup"]}}'
under bash -c '(dash -c "whoami" & wait)'
audit_has '"path":"/usr/bin/whoami"' 'a background child is guarded'
under bash -c '(setsid dash -c "(whoami; true) & wait")'
audit_has '"path":"/usr/bin/whoami"' 'so is a daemon'
