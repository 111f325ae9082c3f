#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a policy means, as plainly as it can be said: one rule after the other, from the JSON, for each question.

It is slow and shares no code with the compiler; the two meet only in tests/parity. It believes the policy: what is
malformed is the parser's business and its tests'.

usage: reference.py POLICY, with the questions of `mantlet explain POLICY -` on standard input
"""
import ipaddress
import json
import re
import sys

# ---- sections


def judge(name, section, met):
    """The verdict of one section. met(rule): does this rule match what is asked?"""
    if section is None:
        return "allow -"
    for place, rule in enumerate(section.get("deny", [])):
        if met(rule):
            return f"deny {name}.deny[{place}]"
    for place, rule in enumerate(section.get("allow", [])):
        if met(rule):
            return f"allow {name}.allow[{place}]"
    default = section.get("default", "deny" if "allow" in section else "allow")
    return f"{default} {name}.default"


# ---- exec: a pattern is a list of tokens (bytes that it takes, whether it takes any run of them)

SLASH = ord("/")
ANY = frozenset(range(256))
ONE = ANY - {SLASH}


def read_class(text, at):
    """text[at] is behind the '['. The set, and where the pattern goes on."""
    negated = text[at : at + 1] == b"!"
    at += negated
    inside = set()
    while text[at] != ord("]"):
        at += text[at] == ord("\\")
        first = last = text[at]
        at += 1
        if text[at] == ord("-") and text[at + 1] != ord("]"):
            at += 1
            at += text[at] == ord("\\")
            last = text[at]
            at += 1
        inside |= set(range(first, last + 1))
    return (ANY - inside if negated else inside) - {SLASH}, at + 1


def read_pattern(text):
    tokens, at = [], 0
    while at < len(text):
        byte = text[at : at + 1]
        if byte == b"*":
            stars = len(text[at:]) - len(text[at:].lstrip(b"*"))
            tokens.append((ANY if stars > 1 else ONE, True))
            at += stars
        elif byte == b"?":
            tokens.append((ONE, False))
            at += 1
        elif byte == b"[":
            inside, at = read_class(text, at + 1)
            tokens.append((inside, False))
        else:
            at += byte == b"\\"
            tokens.append(({text[at]}, False))
            at += 1
    return tokens


def token_ends(token, path, starts):
    """Where a token can end that begins at one of the starts."""
    takes, repeats = token
    if not repeats:
        return {at + 1 for at in starts if at < len(path) and path[at] in takes}
    ends = set()
    for at in sorted(starts):
        while at not in ends:
            ends.add(at)
            if at < len(path) and path[at] in takes:
                at += 1
    return ends


def path_matches(tokens, path):
    places = {0}
    for token in tokens:
        places = token_ends(token, path, places)
        if not places:
            return False
    return len(path) in places


LOADERS = [read_pattern(name) for name in (b"ld-linux*.so*", b"ld-musl-*", b"ld.so", b"ld-[0-9]*.so", b"ld64.so*")]


def is_loader(path):
    name = path[path.rindex(b"/") + 1 :]
    return any(path_matches(loader, name) for loader in LOADERS)


def is_literal(pattern):
    """No wildcard: whatever could be one is quoted."""
    return not re.search(r"[*?[]", re.sub(r"\\.", "", pattern, flags=re.DOTALL))


# ---- connect


def as_ipv4(address):
    """IPv4-mapped IPv6 is IPv4."""
    return getattr(address, "ipv4_mapped", None) or address


def as_network(text):
    """In a rule, too: where the whole network is IPv4-mapped."""
    network = ipaddress.ip_network(text)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")
    return network


def port_matches(ports, port):
    for item in ports:
        first, last = item.split("-") if isinstance(item, str) else (item, item)
        if int(first) <= port <= int(last):
            return True
    return False


def peer_matches(rule, network, address, port, protocol):
    return (
        network.version == address.version
        and address in network
        and rule.get("protocol", "any") in ("any", protocol)
        and ("ports" not in rule or port_matches(rule["ports"], port))
    )


# ---- identity


def id_matches(rule, number):
    first, last = rule.split("-") if isinstance(rule, str) else (rule, rule)
    return int(first) <= number <= int(last)


# ---- the policy


class Reference:
    def __init__(self, policy):
        self.policy = policy
        self.read = {}  # patterns and networks that were read before

    def once(self, reader, text):
        if (reader, text) not in self.read:
            self.read[reader, text] = reader(text)
        return self.read[reader, text]

    def path_met(self, rule, path):
        return path_matches(self.once(read_pattern, rule.encode()), path)

    def exec(self, path):
        section = self.policy.get("exec")
        verdict = judge("exec", section, lambda rule: self.path_met(rule, path))
        if section is None or verdict.startswith("deny exec.deny") or not is_loader(path):
            return verdict
        named = any(is_literal(rule) and self.path_met(rule, path) for rule in section.get("allow", []))
        return verdict if named else "deny exec.loader"

    def connect_plain(self, address, port, protocol):
        return judge(
            "connect",
            self.policy.get("connect"),
            lambda rule: peer_matches(rule, self.once(as_network, rule["cidr"]), address, port, protocol),
        )

    def connect(self, address, port, protocol):
        """The kernel makes a loopback address of the unspecified one (of IPv6's either): that must be allowed, too."""
        address = as_ipv4(ipaddress.ip_address(address))
        verdict = self.connect_plain(address, port, protocol)
        if verdict.startswith("allow") and address.is_unspecified:
            for loopback in ["127.0.0.1"] if address.version == 4 else ["::1", "127.0.0.1"]:
                meant = self.connect_plain(ipaddress.ip_address(loopback), port, protocol)
                if meant.startswith("deny"):
                    return meant
        return verdict

    def identity(self, kind, number):
        section = self.policy.get("identity", {}).get(kind)
        return judge(f"identity.{kind}", section, lambda rule: id_matches(rule, number))

    def answer(self, question):
        """question: bytes, one line of `mantlet explain POLICY -`."""
        kind, rest = question.split(b" ", 1)
        if kind == b"exec":
            return self.exec(json.loads(rest).encode() if rest.startswith(b'"') else rest)
        if kind == b"connect":
            address, port, protocol = (rest.decode().split() + ["tcp"])[:3]
            return self.connect(address, int(port), protocol)
        return self.identity(kind.decode(), int(rest))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        reference = Reference(json.load(file))
    for line in sys.stdin.buffer:
        print(reference.answer(line.rstrip(b"\n")))


if __name__ == "__main__":
    main()
