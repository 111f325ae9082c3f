# Where a program connects and sends. What is judged is whether something arrived. shellcheck shell=sh
policy '{"connect": {"default": "deny"}}'
enforced || return 0
ways='tcp udp sendto sendmsg sendmmsg udplite mptcp fastopen fastopen-msg mptcp-fastopen udp-on-6 sendto-on-6
	mapped-tcp mapped-udp mapped-sendto mapped-fastopen'
ways6='tcp udp sendto sendmsg sendmmsg udplite mptcp fastopen'
to() # ADDRESS PORT WAYS: sets $ops
{
	ops=
	for way in $3; do ops="$ops$way $1 $2
"; done
}

policy '{"name": "net", "connect": {
	"allow": [{"cidr": "127.0.0.1/32", "ports": [7001, "7010-7019"]}, {"cidr": "127.0.0.2/32", "protocol": "udp"},
		{"cidr": "127.0.0.4/32", "protocol": "tcp"}, {"cidr": "::1/128", "ports": [7001]}],
	"deny": [{"cidr": "127.0.0.1/32", "ports": [7015]}]}}'
to 127.0.0.1 7001 "$ways unspec"
each arrived "$ops"
to ::1 7001 "$ways6"
each arrived "$ops"
to 127.0.0.1 7002 "$ways unspec"
each refused "$ops"
audit_has '"event":"connect" "verdict":"deny" "enforced":true "rule":"connect.default" "address":"127.0.0.1" "port":7002 "protocol":"tcp" "comm":"act"' 'a refusal is reported'
audit_has '"event":"connect" "address":"127.0.0.1" "port":7002 "protocol":"udp"' 'a refused datagram, too'
ok 'one record for each' [ "$(audit_lines '"event":"connect"')" = "$tried" ]
to ::1 7002 "$ways6"
each refused "$ops"
if grep -qs '^0*1 ' /proc/net/if_inet6; then
	audit_has '"event":"connect" "address":"::1" "port":7002' 'an IPv6 address is reported'
else
	skip 'no IPv6 loopback here'
fi
each arrived 'tcp 127.0.0.1 7010
udp 127.0.0.1 7019
udp 127.0.0.2 7005
sendto 127.0.0.2 7005
tcp 127.0.0.4 7005'
each refused 'udp 127.0.0.4 7005
sendto 127.0.0.4 7005
tcp 127.0.0.1 7009
tcp 127.0.0.1 7020
tcp 127.0.0.1 7015
tcp 127.0.0.2 7005
mptcp 127.0.0.2 7005
udp 127.0.0.3 7005
tcp 0.0.0.0 7001
tcp :: 7001
sendto 0.0.0.0 7001'
audit_has '"rule":"connect.deny[0]" "port":7015' 'a rule is named by its place'
each refused 'short 127.0.0.1 7001'
each done 'disconnect 127.0.0.1 7002'

policy '{"connect": {"deny": [{"cidr": "127.0.0.1/32"}, {"cidr": "::1/128"}]}}'
each refused 'tcp 0.0.0.0 7001
udp 0.0.0.0 7001
sendto 0.0.0.0 7001
mapped-tcp 0.0.0.0 7001
tcp :: 7001
udp :: 7001
sendto :: 7001'
each arrived 'tcp 127.0.0.2 7001'

policy '{"connect": {"allow": [{"cidr": "127.0.0.0/8"}]}}'
doors='door raw
door raw-udp
door raw-ip
door raw-6
door packet
door packet-datagram
door packet-old
door vsock
door xdp
door sctp
door tipc
door bluetooth
door source-route'
each refused "$doors"
# who is not root can make no raw socket anyway: that is not tried then
audit_has "\"event\":\"connect\" \"verdict\":\"deny\" \"rule\":\"connect.family\" \"protocol\":\"$([ "$(id -u)" = 0 ] && echo raw || echo vsock)\"" \
	'a door is reported'
each open 'door unix
door netlink
door udp
door tcp'
policy '{"connect": {"default": "allow"}}'
each open "$doors"

policy '{"mode": "audit", "connect": {"default": "deny"}}'
each arrived 'tcp 127.0.0.1 7001
sendto 127.0.0.1 7001'
audit_has '"event":"connect" "verdict":"deny" "enforced":false "port":7001' 'mode audit refuses nothing, and reports'

policy '{"connect": {"allow": [{"cidr": "127.0.0.1/32"}]}, "audit": {"log": "all"}}'
if enforced; then
	each arrived 'tcp 127.0.0.1 7001'
	audit_has '"event":"connect" "verdict":"allow" "enforced":false "rule":"connect.allow[0]" "port":7001 "protocol":"tcp"' 'what is allowed is reported if the policy wants it'
	each arrived 'sendto 127.0.0.1 7001'
	audit_has '"event":"connect" "verdict":"allow" "rule":"connect.allow[0]" "port":7001 "protocol":"udp"' 'a datagram, too'
fi
