#!/bin/bash
# Each example is a good policy without findings, by check and by the schema, and means what its README says.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
mantlet=$root/build/mantlet
cd "$root/policy/examples" || exit 1
count=0 failed=0

ok() # STATUS NAME
{
	count=$((count + 1))
	[ "$1" = 0 ] && { echo "ok $count - $2"; return; }
	echo "not ok $count - $2"
	failed=$((failed + 1))
}

# Standard input: lines "VERDICT RULE  QUESTION".
means() # EXAMPLE
{
	local verdict rule question got
	asked="$asked $1"
	while read -r verdict rule question; do
		got=$("$mantlet" explain "$1" - <<<"$question")
		[ "$got" = "$verdict $rule" ]
		ok $? "$1: $question: $verdict $rule"
		[ "$got" = "$verdict $rule" ] || echo "# got $got"
	done
}

asked=
means shell.json <<'END'
allow exec.allow[0]     exec /usr/bin/bash
deny exec.default       exec /bin/bash
deny exec.default       exec /usr/bin/id
allow -                 connect 1.1.1.1 443
END
means web-shell.json <<'END'
allow exec.allow[0]     exec /usr/local/bin/gotty
allow exec.allow[1]     exec /usr/bin/bash
allow exec.allow[8]     exec /usr/local/share/web-shell/motd.sh
deny exec.default       exec /usr/local/share/web-shell/x/motd.sh
deny exec.default       exec /usr/bin/curl
deny exec.default       exec /tmp/ls
deny exec.loader        exec /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
deny connect.default    connect 127.0.0.1 80
deny connect.default    connect ::1 53 udp
deny identity.uid.default  uid 0
deny identity.gid.default  gid 1000
END
means nginx.json <<'END'
allow exec.allow[0]     exec /usr/sbin/nginx
deny exec.default       exec /usr/bin/dash
allow connect.allow[0]  connect 127.0.0.11 53 udp
allow connect.allow[1]  connect 10.1.2.3 8080
deny connect.default    connect 10.1.2.3 8080 udp
allow connect.allow[1]  connect 10.1.2.3 9099
deny connect.default    connect 10.1.2.3 9100
deny connect.default    connect 10.1.2.3 22
allow connect.allow[2]  connect 169.254.169.253 53 udp
deny connect.default    connect 169.254.169.254 80
allow connect.allow[1]  connect ::ffff:10.1.2.3 8080
allow identity.uid.allow[1]  uid 33
deny identity.uid.default    uid 34
allow identity.gid.allow[0]  gid 0
END
means redis.json <<'END'
allow exec.allow[0]     exec /usr/bin/redis-check-rdb
deny exec.default       exec /usr/bin/redis-server
deny exec.default       exec /usr/bin/dash
allow connect.allow[0]  connect 127.0.0.1 6379
allow connect.allow[1]  connect 10.0.0.7 16379
deny connect.default    connect 10.0.0.7 80
deny identity.uid.default    uid 0
allow identity.uid.allow[0]  uid 999
END
means jvm.json <<'END'
allow exec.allow[0]     exec /usr/lib/jvm/java-17-openjdk-amd64/bin/java
allow exec.allow[0]     exec /usr/lib/jvm/java-21-amazon-corretto.x86_64/bin/java
allow exec.allow[1]     exec /usr/lib/jvm/java-17-openjdk-amd64/lib/jspawnhelper
deny exec.default       exec /usr/bin/java
deny exec.default       exec /opt/orders/bin/x/y
allow connect.allow[2]  connect 10.0.3.4 5432
allow connect.allow[4]  connect 169.254.170.2 80
deny connect.default    connect 93.184.216.34 443
deny identity.uid.default  uid 0
END
means log-everything.json <<'END'
allow exec.default          exec /tmp/anything
allow connect.default       connect 1.1.1.1 443
allow identity.uid.default  uid 0
allow identity.gid.default  gid 4294967295
END
means vpc-only.json <<'END'
allow -                 exec /usr/bin/curl
allow connect.allow[2]  connect 10.20.1.2 443
deny connect.deny[0]    connect 10.20.99.1 443
deny connect.default    connect 10.21.0.1 443
deny connect.default    connect 169.254.169.254 80
allow connect.allow[4]  connect 169.254.169.253 53 udp
deny connect.default    connect 169.254.169.253 80
allow connect.allow[3]  connect 2001:db8:20::1 443
deny connect.default    connect 2600:: 443
deny connect.default    connect fd00:ec2::254 80
allow -                 uid 0
END

for example in *.json; do
	out=$("$mantlet" check "$example")
	ok $? "$example: check"
	[ -n "$out" ] && [ "$(wc -l <<<"$out")" = 1 ]
	ok $? "$example: no findings"
	python3 - "$example" <<'END'
import json, sys
import jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open("../schema.json")), jsonschema.Draft202012Validator)
END
	ok $? "$example: the schema"
	[[ " $asked " = *" $example "* ]] && grep -qF "\`$example\`" README.md
	ok $? "$example: is asked about, and has its line"
done
echo "1..$count"
exit $((failed > 0))
