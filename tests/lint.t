#!/bin/bash
# What `mantlet check` finds in the policies of tests/policies/lint, and that it is true: of small random policies it calls
# those rules dead that `mantlet explain` never names. `tests/lint.t update` writes what it says now: read the difference.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
exec python3 - "$root" "$@" <<'PY'
import itertools, json, os, random, subprocess, sys, tempfile

root, update = sys.argv[1], sys.argv[2:] == ["update"]
mantlet, table = root + "/build/mantlet", root + "/tests/policies/lint"
DEAD = ("shadowed", "unreachable", "impossible", "swallowed")
count = failed = 0

def ok(good, name, *notes):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {name}")
    for note in notes if not good else ():
        print("#", str(note)[:600])

def check(policies, *options):
    with tempfile.TemporaryDirectory() as where:
        names = [str(i) for i in range(len(policies))]
        for name, text in zip(names, policies):
            open(f"{where}/{name}", "w").write(text)
        return subprocess.run([mantlet, "check", *options, *names], cwd=where, capture_output=True, text=True)

# ---- the table

lines = open(table).read().split("\n")
policies = [line for line in lines if line.startswith("{")]
wanted = {policy: [] for policy in policies}
for line in lines:
    if line.startswith("\t"):
        wanted[last].append(line[1:])
    elif line.startswith("{"):
        last = line
found = {}
for policy in policies:
    done = check([policy])
    found[policy] = [line[len("0:1:"):] for line in done.stdout.split("\n")[:-2]]
    status = int(any(": note: " not in line for line in found[policy]))
    ok(done.returncode == status and found[policy] == wanted[policy], policy[:100], done.returncode, *found[policy])
    said = json.loads(check([policy], "--json").stdout)
    same = [(f["line"], f'{f["column"]}: {f["rule"]}: {f["kind"].replace("overlap", "note")}') for f in said["findings"]]
    ok(same == [(1, ": ".join(line.split(": ")[:3])) for line in found[policy]], "the same as JSON", same)
    ok(all(rule["line"] == 1 and set(rule["modes"]) <= {"lsm", "seccomp"} for rule in said["rules"]) and
       len(said["rules"]) == sum(len(section.get(kind, ())) for section in (*json.loads(policy).values(),
                                 *json.loads(policy).get("identity", {}).values()) for kind in ("allow", "deny", "trusted_mounts")),
       "and each rule with the modes that enforce it", said["rules"])
if update:
    out = [[line] + ["\t" + text for text in found.get(line, ())] for line in lines if not line.startswith("\t")]
    open(table, "w").write("\n".join(sum(out, [])))

# ---- random policies: what is asked is everything that can tell the rules apart

names = ("a", "b", "c", ".a", ".b", "aa", "ab", "ba", "bb", "cb", "ac", "...", ".ab", "acb")
paths = ["/" + "/".join(path) for n in (1, 2, 3) for path in itertools.product(names, repeat=n)]
paths += ["/" + "/".join(path) for path in itertools.product("abc", repeat=4)]

def a_path():
    piece = lambda: random.choice(("a", "b", "*", "?", "**", "[ab]", "[!a]", "a*", "*b", ".", "..", ".a", ""))
    return "/" + "/".join(piece() for _ in range(random.choice((1, 1, 2, 2, 3))))

def exec_policy():
    return {"allow": [a_path() for _ in range(random.randrange(5))], "deny": [a_path() for _ in range(random.randrange(3))]}

NETS = ("10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "0.0.0.0/0", "::/0", "::/1", "8000::/1", "::ffff:0:0/96", "::/80", "11.0.0.1/32")
ADDRESSES = ("10.0.0.1", "10.200.0.1", "9.1.1.1", "11.0.0.1", "11.0.0.2", "::1", "1::", "8000::1", "0:0:0:0:1::", "::fffe:1.1.1.1")
PORTS = ([1], ["1-2"], ["0-65535"], [2, 3], ["2-65535"], None, None)

def a_peer():
    peer = {"cidr": random.choice(NETS), "ports": random.choice(PORTS), "protocol": random.choice(("tcp", "udp", "any"))}
    return {key: value for key, value in peer.items() if value}

def connect_policy():
    return {"allow": [a_peer() for _ in range(random.randrange(5))], "deny": [a_peer() for _ in range(random.randrange(3))]}

def an_id():
    a = random.choice((0, 1, 2, 3, 4294967295))
    return random.choice((a, f"{a}-{max(a, random.choice((0, 2, 4294967295)))}"))

def ids_policy():
    return {"allow": [an_id() for _ in range(random.randrange(5))], "deny": [an_id() for _ in range(random.randrange(3))]}

SECTIONS = {
    "exec": (exec_policy, ["exec " + path for path in paths]),
    "connect": (connect_policy, [f"connect {a} {p} {t}" for a in ADDRESSES for p in (0, 1, 2, 3, 9, 65535) for t in ("tcp", "udp")]),
    "identity.uid": (ids_policy, [f"uid {n}" for n in (0, 1, 2, 3, 4, 4294967294, 4294967295)]),
    "identity.gid": (ids_policy, [f"gid {n}" for n in (0, 1, 2, 3, 4, 4294967294, 4294967295)]),
}

random.seed(int(os.environ.get("SEED", "1")))
wrong, dead = [], 0
for _ in range(int(os.environ.get("ROUNDS", "300"))):
    made = {name: make() for name, (make, _) in SECTIONS.items()}
    policy = {"exec": made["exec"], "connect": made["connect"],
              "identity": {"uid": made["identity.uid"], "gid": made["identity.gid"]}}
    text = json.dumps(policy)
    questions = [question for _, asked in SECTIONS.values() for question in asked]
    answers = subprocess.run([mantlet, "explain", text, "-"], input="\n".join(questions) + "\n", capture_output=True, text=True)
    live = {answer.split(" ")[1] for answer in answers.stdout.split("\n")[:-1]}
    said = json.loads(subprocess.run([mantlet, "check", "--json", text], capture_output=True, text=True).stdout)
    called_dead = {f["rule"] for f in said["findings"] if f["kind"] in DEAD}
    rules = {f"{name}.{kind}[{i}]" for name, section in made.items() for kind in ("allow", "deny") for i in range(len(section[kind]))}
    rules |= {name + ".default" for name in made}
    dead += len(called_dead)
    if called_dead != rules - live:
        wrong.append((text, "called dead:", sorted(called_dead & live), "not called dead:", sorted(rules - live - called_dead)))
    for finding in said["findings"]:
        if finding["kind"] in ("shadowed", "unreachable", "overlap") and not finding["by"]:
            wrong.append((text, finding))
ok(not wrong and dead > 100, f"of random policies, the rules that decide nothing are found, {dead} of them", *wrong[:5])
print(f"1..{count}")
sys.exit(failed > 0)
PY
