# bash with pipelines, job control on a terminal, and what else shells do.
cat >/tmp/jobs.sh <<'EOF'
set -m
echo one two three | tr ' ' '\n' | sort -r | while read -r word; do echo "word $word"; done
diff <(seq 5) <(seq 2 6)
sleep 60 & job=$!
kill -STOP $job; sleep 0.2; jobs | grep -o 'Stopped.*'
kill -CONT $job; sleep 0.2; jobs | grep -o 'Running.*'
kill $job; wait $job; echo "killed job: $?"
(exit 9) & wait $!; echo "exit of a job: $?"
(kill -SEGV $BASHPID) ; echo "death by signal: $?"
trap 'echo trapped' USR1; kill -USR1 $$
coproc cat; echo 'through a coprocess' >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
exec {COPROC[1]}>&-
wait
false | true; echo "status ${PIPESTATUS[*]}"
timeout 0.2 sleep 5; echo "timed out: $?"
echo here <<<'a here string'
(trap '' TERM; exec sh -c 'kill -TERM $$; echo survived')
nohup sh -c 'echo nohup' 2>/dev/null
xargs -n 1 -P 4 sh -c 'exit 0' <<<"$(seq 40)"; echo "xargs: $?"
find /etc/hostname /etc/hosts -exec basename {} \;
ulimit -c 0; seq 200 | xargs -n 1 true && echo 'many short programs'
EOF
bash /tmp/jobs.sh 2>/dev/null
script -qec 'bash --norc -i /tmp/jobs.sh' /dev/null </dev/null | tr -d '\r'
echo "ended with $?"
