#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random policies, and questions that go to their edges. The same seed gives the same ones.

usage: generate.py SEED: prints one policy and its questions
"""
import ipaddress
import json
import random
import sys

PATH_LONGEST = 4096
NAME_LONGEST = 255
ID_MAX = 2**32 - 1
PORT_MAX = 2**16 - 1
V4_ANY = 0xFFFF << 32  # IPv4 in the numbers of IPv6

LOADERS = ["ld-linux-x86-64.so.2", "ld-linux.so.2", "ld-musl-x86_64.so.1", "ld-musl-", "ld.so", "ld-2.36.so", "ld64.so.2"]
NEARLY = ["ld-linux.s", "ld-x.so", "ld.so.1", "xld.so", "ld64.s", "ld-linux.so/x", "ld-musl", "ld-2/.so", "ld-.so", "Ld.so"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, chance):
        return self.random.random() < chance

    def pick(self, *choices):
        return self.random.choice(choices)

    # ---- sections

    def section(self, make, most):
        """Lists are absent, empty, short or long; a rule may stand twice."""
        section = {}
        for key in ("allow", "deny"):
            if self.maybe(0.75):
                count = self.pick(0, 1, 2, 3, 4, 6, most) if self.maybe(0.9) else self.pick(10, 10, 10, 60) * most
                self.wild = 0.7 if count < 100 else 0.03  # many wildcards multiply, and are refused
                rules = [make() for _ in range(count)]
                if rules and self.maybe(0.3):
                    rules.insert(self.random.randrange(len(rules) + 1), self.random.choice(rules))
                section[key] = rules
        if "allow" in section and "deny" in section and self.maybe(0.3):
            section["deny"] += self.random.sample(section["allow"], min(2, len(section["allow"])))
        if self.maybe(0.4):
            section["default"] = self.pick("allow", "deny")
        return section

    def rules(self, section):
        return (section or {}).get("allow", []) + (section or {}).get("deny", [])

    # ---- exec

    def alphabet(self):
        """Few letters, so that patterns collide."""
        self.letters = self.pick("a", "ab", "abc", "ab.-", "aé", "a*?[]\\!", "a\n\" ", "abcdefgh-.019", "aéüñ☃𝄞")

    def word(self, longest=3):
        return "".join(self.random.choice(self.letters) for _ in range(self.random.randrange(longest + 1)))

    def quoted(self, text):
        return "".join("\\" + c if c in "*?[\\" or self.maybe(0.05) else c for c in text)

    def byte_class(self):
        if self.maybe(0.15):  # wide ones: no byte is then what most are
            return self.pick("[\x01-\x7f]", "[ -~]", "[!\x01-\x7f]", "[\x01-m]", "[n-\x7f]", "[!a-z]", "[!-~]")
        members = [c for c in self.letters if c.isascii() and c not in "!^"] or ["a"]
        text = "[" + self.pick("", "!")
        for _ in range(self.pick(1, 1, 2)):
            first, last = sorted(self.random.choices(members, k=2))
            first, last = ("\\" + c if c in "]\\-" else c for c in (first, last))
            text += self.pick(first, f"{first}-{last}")
        return text + "]"

    def pattern_piece(self):
        kind = self.random.randrange(12)
        if kind < 6:
            return self.quoted(self.word())
        return self.pick("*", "**", "?", self.byte_class(), "*", "***")

    def loader_rule(self):
        name = self.random.choice(LOADERS)
        cut = self.random.randrange(len(name))
        name = self.pick(name, name, name[:cut] + "*", "*" + name[cut:], name[:cut] + "\\" + name[cut:], "*", "[l]" + name[1:])
        return self.pick("/", "/a/", "/**/", "/*/") + name

    def path_rule(self):
        if self.maybe(self.wild / 9):
            return self.loader_rule()
        if self.maybe(self.wild / 14):
            return self.pick("/", "/**", "/*", "/*/**", "/**/", "//", "/?", "/**/*", "/a/**", "/**/a")
        pieces = ["/" + self.quoted(self.word()) for _ in range(self.pick(0, 1, 1, 2, 3))]
        if self.maybe(self.wild):
            for _ in range(self.pick(1, 1, 2, 3)):
                pieces.insert(self.random.randrange(len(pieces) + 1), self.pattern_piece())
        if self.maybe(0.1):
            pieces.append("/")
        text = "".join(pieces)
        return text if text.startswith("/") else "/" + text

    def some_bytes(self, longest, but=b""):
        kept = self.letters.encode() + self.pick(b"", b"/", b"\xff\x80z")
        kept = bytes(byte for byte in kept if byte not in but) or b"z"
        return bytes(self.random.choices(kept, k=self.random.randrange(longest + 1)))

    def path_for(self, rule):
        """A path that the pattern matches, or nearly. Classes are guessed: mutation is the aim, not truth."""
        path, at, rule = b"", 0, rule.encode()
        long = self.maybe(0.05)  # its runs fill a component
        while at < len(rule):
            byte = rule[at : at + 1]
            at += 1
            if byte == b"*":
                deep = rule[at : at + 1] == b"*"
                run = self.some_bytes(3, b"" if deep else b"/")
                path += (run or b"a") * NAME_LONGEST if long else run
                at += deep
            elif byte == b"?":
                path += self.some_bytes(1, b"/") or b"a"
            elif byte == b"[":
                end = at
                while rule[end : end + 1] != b"]":
                    end += 1 + (rule[end : end + 1] == b"\\")
                path += bytes([self.random.choice(rule[at : max(end, at + 1)])])
                at = end + 1
            elif byte == b"\\":
                path += rule[at : at + 1]
                at += 1
            else:
                path += byte
        return path

    def mutated(self, path):
        at = self.random.randrange(len(path) + 1)
        kind = self.random.randrange(9)
        if kind == 0:
            return path[:at] + path[at + 1 :]
        if kind == 1:
            return path[:at] + self.some_bytes(2) + path[at:]
        if kind == 2:
            return path[:at] + self.some_bytes(1) + path[at + 1 :]
        if kind == 3:
            return path + self.pick(b"/", b"/a", b"a", b"\xff")
        if kind == 4:
            return path.replace(b"/", b"//", 1)
        if kind == 5:
            return b"/" + self.word().encode() + path
        if kind == 6:
            return path[: path.rindex(b"/") + 1]
        if kind == 7:
            return path[:at] + bytes([self.random.randrange(1, 256)]) + path[at:]
        return path[: path.rindex(b"/") + 1] + self.random.choice(LOADERS + NEARLY).encode()

    def long_path(self):
        """Up to the longest path, of the longest components or of the shortest."""
        length = self.pick(PATH_LONGEST, PATH_LONGEST, PATH_LONGEST - 1, NAME_LONGEST + 1, NAME_LONGEST, 1000)
        name = self.pick(NAME_LONGEST, NAME_LONGEST, 254, 128, 7, 1, 0)
        fill = self.letters.encode()
        path = b"".join(b"/" + bytes(self.random.choices(fill, k=name)) for _ in range(length // (name + 1) + 1))
        return path[: length - 9] + self.pick(b"", b"/", b"/a", b"/ld.so", b"/ld-2.so")

    def path(self, rules):
        kind = self.random.random()
        if kind < 0.03:
            return self.pick(b"/", b"//", b"/a", b"/a/", b"///", b"/.", b"/..", b"/\xff", b"/\xc3\xa9", b"/\x01")
        if kind < 0.1:
            return ("/" + self.pick("", "a/", "a/b/", "/") + self.random.choice(LOADERS + NEARLY)).encode()
        if kind < 0.12:
            return self.long_path()
        if kind < 0.2 or not rules:
            return b"".join(b"/" + self.word().encode() for _ in range(self.pick(1, 2, 3)))
        path = self.path_for(self.random.choice(rules))
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            path = self.mutated(path if path.startswith(b"/") else b"/" + path)
        return path

    def exec_question(self, rules):
        path = (b"/" + self.path(rules).lstrip(b"/"))[:PATH_LONGEST] if self.maybe(0.9) else self.path(rules)[:PATH_LONGEST]
        if not path.startswith(b"/"):
            path = b"/" + path[: PATH_LONGEST - 1]
        path = b"/".join(name[:NAME_LONGEST] for name in path.split(b"/"))
        if b"\n" in path:
            path = path.decode(errors="replace")[: PATH_LONGEST // 4].encode()
            path = b"/".join(name[:200] for name in path.split(b"/")).decode(errors="ignore")
            return b"exec " + json.dumps(path, ensure_ascii=self.maybe(0.5)).encode()
        return b"exec " + path

    # ---- connect

    def network(self):
        if self.maybe(0.1):
            text = self.pick("127.0.0.1/32", "127.0.0.0/8", "0.0.0.0/32", "0.0.0.0/8", "::1/128", "::/128", "::/127")
            return ipaddress.ip_network(text)
        if self.maybe(0.1):
            text = self.pick("0.0.0.0/0", "::/0", "::ffff:0:0/96", "::/1", "::/95", "::fffe:0:0/95", "::/80", "::ffff:0:0/128")
            return ipaddress.ip_network(text)
        if self.known and self.maybe(0.4):  # nested in another, around it, or next to it
            near = self.random.choice(self.known)
            address = int(near.network_address) + self.pick(0, 0, -1, near.num_addresses, near.num_addresses - 1)
            prefix = near.prefixlen + self.pick(0, 0, 1, -1, 4, -4, 8)
            width = near.max_prefixlen
        else:
            width = self.pick(32, 32, 128)
            prefix = self.pick(0, 1, 8, 24, 30, 31, 32) if width == 32 else self.pick(0, 1, 32, 64, 95, 96, 97, 120, 127, 128)
            address = self.random.getrandbits(width)
            if width == 32 and self.maybe(0.5):
                address = 0x0A000000 | self.random.getrandbits(4) << self.pick(0, 4, 20)
            if width == 128 and self.maybe(0.6):
                address = self.pick(V4_ANY | self.random.getrandbits(32), 0x20010DB8 << 96 | self.random.getrandbits(3), 1)
        prefix = min(max(prefix, 0), width)
        address %= 1 << width
        address = address >> (width - prefix) << (width - prefix)
        return (ipaddress.IPv4Network if width == 32 else ipaddress.IPv6Network)((address, prefix))

    def spelled(self, address):
        """One of the ways to write it."""
        if address.version == 4:
            return str(address)
        if getattr(address, "ipv4_mapped", None) is not None and self.maybe(0.5):
            return f"::{self.pick('ffff', 'FFFF')}:{address.ipv4_mapped}"
        return self.pick(str(address), str(address), str(address).upper(), address.exploded)

    def port_list(self):
        ports = []
        for _ in range(self.pick(1, 1, 2, 3, 5)):
            first = self.pick(0, 1, PORT_MAX, PORT_MAX - 1, 443, 8000, self.random.randrange(PORT_MAX))
            last = min(PORT_MAX, first + self.pick(0, 1, 2, 999, PORT_MAX))
            ports.append(first if self.maybe(0.4) else f"{first}-{last}")
        return ports

    def peer_rule(self):
        network = self.network()
        self.known.append(network)
        rule = {"cidr": f"{self.spelled(network.network_address)}/{network.prefixlen}"}
        if self.maybe(0.4):
            rule["ports"] = self.port_list()
        if self.maybe(0.4):
            rule["protocol"] = self.pick("tcp", "udp", "any")
        return rule

    def address(self):
        kind = self.random.random()
        if kind < 0.2 or not self.known:
            return ipaddress.ip_address(
                self.pick("0.0.0.0", "::", "::ffff:0.0.0.0", "127.0.0.1", "::1", "::ffff:127.0.0.1", "255.255.255.255")
                if self.maybe(0.7)
                else self.pick("::fffe:ffff:ffff", "::1:0:0:0", "::2", "0.0.0.1", "127.0.0.2", f"{'f' * 4}{':ffff' * 7}")
            )
        if kind < 0.25:
            return ipaddress.ip_address(self.random.getrandbits(self.pick(32, 128)))
        network = self.random.choice(self.known)
        first, last = int(network.network_address), int(network.broadcast_address)
        number = self.pick(first, last, first - 1, last + 1, first + 1, last - 1, self.random.randint(first, last))
        number %= 1 << network.max_prefixlen
        if network.version == 4 and self.maybe(0.3):
            return ipaddress.IPv6Address(V4_ANY | number)
        return ipaddress.IPv4Address(number) if network.version == 4 else ipaddress.IPv6Address(number)

    def port(self, rules):
        rule = self.random.choice(rules) if rules else {}
        if self.maybe(0.3) or "ports" not in rule:
            return self.pick(0, 1, 80, 443, PORT_MAX - 1, PORT_MAX, self.random.randrange(PORT_MAX))
        item = self.random.choice(rule["ports"])
        end = int(self.random.choice(item.split("-"))) if isinstance(item, str) else item
        return min(max(end + self.pick(-1, 0, 0, 1), 0), PORT_MAX)

    def connect_question(self, rules):
        protocol = self.pick(" tcp", " udp", " tcp", " udp", "")
        return f"connect {self.spelled(self.address())} {self.port(rules)}{protocol}".encode()

    # ---- identity

    def id_rule(self):
        first = self.pick(0, 1, 33, 1000, ID_MAX, ID_MAX - 1, 2**31, self.random.randrange(64), self.random.getrandbits(32))
        last = min(ID_MAX, first + self.pick(0, 0, 1, 2, 7, 999, ID_MAX))
        return first if self.maybe(0.4) else f"{first}-{last}"

    def id_question(self, kind, rules):
        number = self.pick(0, 1, 65534, ID_MAX, ID_MAX - 1, 2**31, 2**31 - 1, self.random.randrange(70), self.random.getrandbits(32))
        if rules and self.maybe(0.75):
            rule = self.random.choice(rules)
            end = int(self.random.choice(rule.split("-"))) if isinstance(rule, str) else rule
            number = min(max(end + self.pick(-1, 0, 0, 1), 0), ID_MAX)
        return f"{kind} {number}".encode()

    # ---- all of it

    def make_policy(self, sections):
        self.alphabet()
        self.known = []
        policy = {"mantlet": 1, "name": "parity"}
        if self.maybe(0.3):
            policy["mode"] = self.pick("enforce", "audit")
        if "exec" in sections and self.maybe(0.95):
            policy["exec"] = self.section(self.path_rule, 8)
        if "connect" in sections and self.maybe(0.9):
            policy["connect"] = self.section(self.peer_rule, 10)
        if "identity" in sections and self.maybe(0.9):
            policy["identity"] = {k: self.section(self.id_rule, 12) for k in ("uid", "gid") if self.maybe(0.8)}
        keys = list(policy)
        self.random.shuffle(keys)
        return {key: policy[key] for key in keys}

    def question(self, policy, sections):
        kind = self.random.choices(sections, [{"exec": 5, "connect": 4, "identity": 2}[s] for s in sections])[0]
        if kind == "exec":
            return self.exec_question(self.rules(policy.get("exec")))
        if kind == "connect":
            return self.connect_question(self.rules(policy.get("connect")))
        which = self.pick("uid", "gid")
        return self.id_question(which, self.rules(policy.get("identity", {}).get(which)))

    def case(self, questions, sections=("exec", "connect", "identity")):
        """(text of a policy, that many questions; none twice)."""
        policy = self.make_policy(sections)
        asked = {}
        for _ in range(20 * questions):
            if len(asked) == questions:
                break
            asked[self.question(policy, sections)] = None
        return json.dumps(policy, ensure_ascii=self.maybe(0.5)), list(asked)


def main():
    policy, questions = Generator(sys.argv[1]).case(40)
    print(policy)
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\n".join(questions) + b"\n")


if __name__ == "__main__":
    main()
