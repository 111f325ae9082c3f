# Scripts need their own path and their interpreter's. shellcheck shell=sh
printf '#!/usr/bin/dash\necho ran\n' >"$T/script"
printf '#!%s/script x\n' "$T" >"$T/chain"
printf '#! \t/usr/bin/env  dash\necho ran\n' >"$T/spaced"
printf 'echo ran\n' >"$T/bare"
chmod 755 "$T/script" "$T/chain" "$T/spaced" "$T/bare"

policy "{\"exec\": {\"allow\": [\"$T/script\", \"/usr/bin/dash\"]}}"
under "$T/script"
out_is 'ran' 'a script and its interpreter allowed'
policy "{\"exec\": {\"allow\": [\"$T/script\"]}}"
under "$T/script"
status_is 126 'the interpreter not allowed'
audit_has "\"path\":\"$T/script\" \"interpreter\":\"/usr/bin/dash\" exec.default" 'the record names both'
policy '{"exec": {"allow": ["/usr/bin/dash"]}}'
under "$T/script"
status_is 126 'the script not allowed'
audit_has "\"path\":\"$T/script\"" 'the record names the script'
policy "{\"exec\": {\"allow\": [\"$T/*\", \"/usr/bin/dash\"]}}"
under "$T/chain"
out_is 'ran' 'a chain of scripts'
policy "{\"exec\": {\"allow\": [\"$T/chain\", \"/usr/bin/dash\"]}}"
under "$T/chain"
status_is 126 'a step of the chain not allowed'
policy "{\"exec\": {\"allow\": [\"$T/spaced\", \"/usr/bin/dash\"]}}"
under "$T/spaced"
status_is 126 'env, as an interpreter, is judged'
policy "{\"exec\": {\"allow\": [\"$T/spaced\", \"/usr/bin/env\", \"/usr/bin/dash\"]}}"
under "$T/spaced"
out_is 'ran' 'env and what it runs allowed'
policy "{\"exec\": {\"allow\": [\"$T/bare\", \"/usr/bin/bash\"]}}"
under bash -c "$T/bare"
out_is 'ran' 'a text without #! is read by the shell that tried it'
