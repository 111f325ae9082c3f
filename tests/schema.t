#!/bin/bash
# policy/schema.json and `mantlet check` accept the same policies: those of tests/policies, and what becomes of them when
# words of them are swapped; and what is refused is refused with the words and at the place that tests/policies/bad has.
# `tests/schema.t update` writes what check says now into that file: read the difference.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
exec python3 - "$root" "${MANTLET:-$root/build/mantlet}" "$@" <<'PY'
import ipaddress, json, os, random, re, subprocess, sys, tempfile
import jsonschema

root, mantlet, update = sys.argv[1], sys.argv[2], sys.argv[3:] == ["update"]
table = root + "/tests/policies/bad"
schema = json.load(open(root + "/policy/schema.json"))
count = failed = 0

def ok(good, name, *notes):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {name}")
    for note in notes if not good else ():
        print("#", str(note)[:600])

# ---- the schema's side: a strict reader, and the four formats

checker = jsonschema.FormatChecker(formats=())

def number_range(text, most):
    ends = re.fullmatch("(0|[1-9][0-9]*)-(0|[1-9][0-9]*)", text)
    return bool(ends) and int(ends[1]) <= int(ends[2]) <= most

def of_strings(check):
    return lambda value: not isinstance(value, str) or check(value)

def cidr(text):
    if not re.fullmatch("[0-9A-Fa-f:.]+/(0|[1-9][0-9]*)", text):
        return False
    try:
        ipaddress.ip_network(text, strict=True)
    except ValueError:
        return False
    return True

MEMBER = r"\\?([\0-.0-\x7f])"  # of a class, behind the first

def path_pattern(text):
    if not text.startswith("/"):
        return False
    while text:
        if text[0] != "[":
            piece = re.match(r"\\.|[^\\]", text, re.S)
            if not piece:
                return False
            text = text[piece.end():]
            continue
        text = text[2:] if text[1:2] == "!" else text[1:]
        if text[:1] in ("]", "^"):
            return False
        while text[:1] != "]":
            first = re.match(MEMBER, text, re.S)
            if not first:
                return False
            text = text[first.end():]
            if text[:1] == "-" and text[1:2] != "]":
                last = re.match(MEMBER, text[1:], re.S)
                if not last or last[1] < first[1]:
                    return False
                text = text[1 + last.end():]
        text = text[1:]
    return True

checker.checks("mantlet-cidr")(of_strings(cidr))
checker.checks("mantlet-path-pattern")(of_strings(path_pattern))
checker.checks("mantlet-port-range")(of_strings(lambda text: number_range(text, 65535)))
checker.checks("mantlet-id-range")(of_strings(lambda text: number_range(text, 4294967295)))
jsonschema.Draft202012Validator.check_schema(schema)
strict = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)))
validator = strict(schema, format_checker=checker)

def read_strict(data):
    def members(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key twice")
        return dict(pairs)
    def constant(word):
        raise ValueError(word)
    value = json.loads(data.decode(), object_pairs_hook=members, parse_constant=constant)
    text = json.dumps(value, ensure_ascii=False)
    text.encode()  # no lone surrogates
    if r"\u0000" in text.replace(r"\\", ""):
        raise ValueError("NUL")
    return value

def by_schema(data):
    try:
        return validator.is_valid(read_strict(data))
    except (ValueError, RecursionError):
        return False

# ---- Mantlet's side

def by_mantlet(policies):
    """For each policy None, or LINE:COLUMN: MESSAGE."""
    with tempfile.TemporaryDirectory() as where:
        for i, data in enumerate(policies):
            open(f"{where}/{i}", "wb").write(data)
        done = subprocess.run([mantlet, "check", *map(str, range(len(policies)))], cwd=where, capture_output=True)
    said = [None] * len(policies)
    for line in done.stderr.decode(errors="backslashreplace").split("\n")[:-1]:
        found = re.fullmatch(r"mantlet: (\d+)(?:: |:(?=\d))(.*)", line)
        if not found or said[int(found[1])]:
            raise SystemExit("check says what nobody asked: " + line)
        said[int(found[1])] = found[2]
    return said

def lines_of(path):
    return [line for line in open(path, encoding="utf-8").read().split("\n") if line and not line.startswith("#")]

def policy(line):
    return line.replace("…", "\n").encode()

# ---- the corpus

good = lines_of(root + "/tests/policies/good")
said = by_mantlet([policy(line) for line in good])
for line, message in zip(good, said):
    ok(by_schema(policy(line)) and not message, "good: " + line[:90], f"schema: {by_schema(policy(line))}", message)

bad, wanted = [], {}
for line in lines_of(table):
    if line.startswith("\t"):
        wanted[bad[-1]] = line[1:]
    else:
        bad.append(line)
said = dict(zip(bad, by_mantlet([policy(line) for line in bad])))
for line in bad:
    ok(not by_schema(policy(line)) and said[line] == wanted.get(line), "bad: " + line[:90],
       f"schema: {by_schema(policy(line))}", f"got:    {said[line]}", f"wanted: {wanted.get(line)}", "of: " + line)
if update:
    out = []
    for line in open(table, encoding="utf-8").read().split("\n"):
        out += [] if line.startswith("\t") else [line] + (["\t" + str(said[line])] if line in said else [])
    open(table, "w", encoding="utf-8").write("\n".join(out))

raw = {
    b"": "1:1: empty: a policy is a JSON object, {\"mantlet\": 1, …}",
    b" \n ": "2:2: empty: a policy is a JSON object, {\"mantlet\": 1, …}",
    b"\xef\xbb\xbf{}": "1:1: not an object: a policy is a JSON object, {\"mantlet\": 1, …}",
    b"{\"name\": \"\xff\"}": "1:11: byte 0xff is not UTF-8 here",
    b"{\"name\": \"\xc0\x80\"}": "1:11: byte 0xc0 is not UTF-8 here",
    b"{\"name\": \"\xed\xa0\x80\"}": "1:11: byte 0xed is not UTF-8 here",
    b"{}\0": "1:3: NUL byte: a policy is JSON text",
    b"\r\n{\"exec\": {\"allow\":\r\n [\"a\"]}}": "3:3: exec.allow[0]: expected an absolute path such as \"/usr/bin/env\", got \"a\"",
}
for (data, want), got in zip(raw.items(), by_mantlet(list(raw))):
    ok(not by_schema(data) and got == want, f"bad: {data!r}", f"schema: {by_schema(data)}", f"got:    {got}")
ok(all("\n" not in message and len(message) < 400 for message in said.values() if message), "messages are one short line")

# ---- the same answer for what becomes of the corpus when tokens of it are left out, doubled, swapped or exchanged

random.seed(int(os.environ.get("SEED", "1")))
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[a-z]+|[^\s]')
tokens = [TOKEN.findall(line) for line in 4 * good + bad if "…" not in line]
words = sorted({token for line in tokens for token in line if len(token) > 1})

def inside(word):
    at = random.randrange(len(word) + 1)
    return word[:at] + random.choice("0123456789-./:*?[]!^\\\\za\"u, ") + word[at + random.randrange(2):]

def mutate(line):
    line = list(line)
    for _ in range(random.choice((1, 1, 1, 2))):
        change = random.randrange(12)
        values = [i for i, token in enumerate(line) if len(token) > 2 and line[i + 1:i + 2] != [":"]]
        at = random.choice(values) if change > 2 and values else random.randrange(len(line))
        if change == 0:
            del line[at]
        elif change == 1:
            line.insert(at, line[at])
        elif change == 2:
            other = random.randrange(len(line))
            line[at], line[other] = line[other], line[at]
        elif change == 3:
            line[at] = random.choice(words)
        else:
            line[at] = inside(line[at])
        if not line:
            return ["{}"]
    return line

wrong, accepted = [], 0
for _ in range(int(os.environ.get("ROUNDS", "10"))):
    policies = [" ".join(mutate(random.choice(tokens))).encode("utf-8", "surrogatepass") for _ in range(500)]
    for data, message in zip(policies, by_mantlet(policies)):
        accepted += not message
        if by_schema(data) != (not message) and "automaton too large" not in str(message):
            wrong.append((data, message))
ok(not wrong and accepted > 100, f"the same answer for random changes of them, {accepted} of them accepted", *wrong[:20])
print(f"1..{count}")
sys.exit(failed > 0)
PY
