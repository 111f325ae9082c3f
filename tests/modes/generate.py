#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random policies, and operations for tests/modes/operate.c around their edges.

usage: generate.py SEED POLICIES OPERATIONS DIR: writes DIR/N.json and DIR/N.operations. The world that they speak of is
made by tests/modes/inside.
"""
import json
import random
import sys

DIRECTORIES = ["/world", "/world/a", "/world/a/b", "/world/a/b/c", "/world/ab", "/world/b"]
NAMES = ["x", "y", "xy", "x.sh", "y.sh"]  # .sh: scripts, whose interpreter is /world/a/x
LINKS = ["/world/link", "/world/a/up", "/world/b/loop"]
PLACES = [f"{d}/{n}" for d in DIRECTORIES for n in NAMES]
PATTERNS = ["/world/**", "/world/*", "/world/*/x", "/world/a/**", "/world/**/y", "/world/a?/x", "/world/[ab]/*", "/**/x.sh",
            "/world/a/b/c/*", "/world/*/*/x*", "/world/**/[!x]*"]
ADDRESSES = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.9.9.9", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:127.0.0.2", "::"]
NETWORKS = ["127.0.0.1/32", "127.0.0.2/32", "127.0.0.2/31", "127.0.0.0/30", "127.0.0.0/8", "::1/128", "::/0", "0.0.0.0/0"]
PORTS = [7, 9, 80, 443, 8080]
SOCKETS = ["17 3 0", "17 2 0", "2 3 17", "2 3 255", "10 3 58", "40 1 0", "44 3 0", "16 3 0", "1 1 0", "1 2 0", "2 1 262",
           "2 2 136", "2 1 6", "2 2 1", "10 2 17", "38 5 0"]
IDS = [0, 1, 2, 33, 99, 100, 101, 1000, 65534, 4294967294]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, things, most):
        return [self.random.choice(things)() for _ in range(self.random.randint(0, most))]

    def section(self, make, always=()):
        section = {"allow": list(always) + self.some([make], 5)} if self.random.random() < 0.7 else {}
        if self.random.random() < 0.7:
            section["deny"] = self.some([make], 3)
        if self.random.random() < 0.3 and not always:
            section["default"] = self.random.choice(["allow", "deny"])
        return section

    def path(self):
        return self.random.choice(PLACES) if self.random.random() < 0.5 else self.random.choice(PATTERNS)

    def network(self):
        rule = {"cidr": self.random.choice(NETWORKS)}
        if self.random.random() < 0.4:
            rule["ports"] = [self.random.choice([self.random.choice(PORTS), "80-443", "1-1000"])]
        if self.random.random() < 0.4:
            rule["protocol"] = self.random.choice(["tcp", "udp"])
        return rule

    def ids(self):
        return self.random.choice([0, 33, 1000, 65534, "1-99", "100-1000", "2-33", "1000-4294967294"])

    def policy(self, number):
        policy = {"mantlet": 1, "name": f"both {number}", "mode": "audit" if self.random.random() < 0.15 else "enforce"}
        if self.random.random() < 0.8:
            policy["exec"] = self.section(self.path, ["/mnt/operate"])
            policy["exec"].pop("default", None)
        if self.random.random() < 0.8:
            policy["connect"] = self.section(self.network)
        if self.random.random() < 0.8:
            policy["identity"] = {key: self.section(self.ids) for key in ("uid", "gid") if self.random.random() < 0.8}
        return policy

    def operation(self):
        choose = self.random.choice
        kind = choose(["exec", "exec", "exec", "fexec", "relative", "memfd", "address", "address", "address", "address", "socket",
                       "id", "id", "id", "groups"])
        if kind in ("exec", "fexec", "memfd"):
            return f"{kind} {choose(PLACES + LINKS)}"
        if kind == "relative":
            return f"relative {choose(DIRECTORIES)} {choose(NAMES + ['./x', '../x', '../a/y', './b/x'])}"
        if kind == "address":
            return f"{choose(['tcp', 'udp', 'named', 'message', 'messages', 'fast'])} {choose(ADDRESSES)} {choose(PORTS)}"
        if kind == "socket":
            return f"socket {choose(SOCKETS)}"
        if kind == "groups":
            return "groups " + " ".join(str(choose(IDS)) for _ in range(self.random.randint(1, 4)))
        return f"{choose(['uid', 'gid', 'euid', 'egid', 'fsuid'])} {choose(IDS)}"


def main():
    seed, policies, operations, directory = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    generator = Generator(seed)
    for number in range(policies):
        with open(f"{directory}/{number}.json", "w", encoding="utf-8") as file:
            json.dump(generator.policy(number), file)
        with open(f"{directory}/{number}.operations", "w", encoding="utf-8") as file:
            file.writelines(generator.operation() + "\n" for _ in range(operations))


main()
