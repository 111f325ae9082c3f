# The static busybox: its shell, and applets that execute themselves.
cat >/tmp/applets.sh <<'EOF'
seq 3 | awk '{ print $1 * 2 }' | sort -rn | xargs echo
find /etc -maxdepth 1 -name hostname -exec echo found {} \;
(sleep 0.1; echo late) & wait
nc -l -p 7007 >/tmp/nc.out & sleep 0.3; echo over nc | nc -w 1 127.0.0.1 7007; wait; cat /tmp/nc.out
time true 2>/dev/null
env -i A=b sh -c 'echo $A'
exit 8
EOF
busybox sh -c 'alias seq="busybox seq"; . /tmp/applets.sh'
echo "ended with $?"
