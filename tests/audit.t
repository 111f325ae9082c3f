#!/bin/bash
# Each line of the audit is what policy/audit.schema.json says; no number is missing; a slow sink blocks nobody.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
exec python3 - "$root" <<'PY'
import json, os, subprocess, sys, tempfile, threading, time
import jsonschema

root = sys.argv[1]
mantlet = root + "/build/mantlet"
schema = json.load(open(root + "/policy/audit.schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
count = failed = 0

def ok(good, name, *notes):
    global count, failed
    count += 1
    failed += not good
    print(("" if good else "not ") + f"ok {count} - {name}")
    for note in notes if not good else ():
        print("#", str(note)[:400])

def bad_lines(lines):
    wrong = []
    for line in lines:
        try:
            wrong += [(line, e.message) for e in validator.iter_errors(json.loads(line))]
        except ValueError as e:
            wrong.append((line, e))
    return wrong

policy = '{"name": "a\\"b", "exec": {"allow": ["/usr/bin/*"], "deny": ["/usr/bin/id"]}}'
with tempfile.TemporaryDirectory() as T:
    os.chdir(T)
    def run(*command, sink="audit", **kw):
        return subprocess.run([mantlet, "run", "-m", "seccomp", "-p", policy, "-o", sink, "--", *command], **kw)

    names = [b"plain", b"new\nline", b"quote\"s", b"back\\slash", b"\xff\xfe", "é\u2028".encode(), b"\x01\x7f", b"x" * 255]
    for name in names:
        subprocess.run(["cp", "/usr/bin/id", b"./" + name])
    for name in names:
        run(b"./" + name, stderr=subprocess.DEVNULL)
    run("sh", "-c", "/usr/bin/id; kill -9 $$", stderr=subprocess.DEVNULL)
    lines = open("audit", "rb").read().split(b"\n")[:-1]
    ok(len(lines) == 3 * (len(names) + 1), "one line a record", len(lines))
    wrong = bad_lines(lines)
    ok(not wrong, "every record is as the schema says", *wrong[:3])

    def unescape(text):
        out, i = b"", 0
        while i < len(text):
            if text.startswith("\\x", i):
                out += bytes([int(text[i + 2:i + 4], 16)])
                i += 4
            else:
                out += text[i].encode()
                i += 1
        return out
    seen = [unescape(json.loads(l)["path"]) for l in lines if b'"event":"exec"' in l][:len(names)]
    ok(seen == [T.encode() + b"/" + n for n in names], "the bytes of a path can be had back", seen)

    # many refusals, and a sink that nobody reads until the end
    loop = 'i=0; while [ $i -lt 3000 ]; do id; i=$((i+1)); done 2>/dev/null; exit 5'
    read_end, write_end = os.pipe()
    started = time.time()
    child = subprocess.Popen([mantlet, "run", "-m", "seccomp", "-p", policy, "--", "bash", "-c", loop], stderr=write_end)
    os.close(write_end)
    ok(child.wait() == 5 and time.time() - started < 60, "a sink that is not read does not block the command")
    text = b""
    while True:
        part = os.read(read_end, 1 << 20)
        if not part:
            break
        text += part
    whole = text[:text.rfind(b"\n") + 1].split(b"\n")[:-1]
    ok(not bad_lines(whole), "what was written of it is whole records")

    read_end, write_end = os.pipe()
    child = subprocess.Popen([mantlet, "run", "-m", "seccomp", "-p", policy, "--", "bash", "-c", loop + "0"], stderr=write_end)
    os.close(write_end)
    time.sleep(2)
    text = b""
    while True:
        part = os.read(read_end, 1 << 16)
        if not part:
            break
        text += part
    child.wait()
    records = [json.loads(l) for l in text.split(b"\n")[:-1]]
    exec_count = sum(r["event"] == "exec" for r in records)
    lost = sum(r["lost"] for r in records if r["event"] == "lost")
    stop = records[-1]
    ok(stop["event"] == "stop" and stop["denied"] == 3000, "the stop record counts all denials", stop)
    ok(exec_count + lost == 3000, "written and lost together are all of them", exec_count, lost)
    ok(stop["seq"] == 3002, "and the numbers go on", stop)
    # sinks that fail, and what a parent can leave us
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([mantlet, "run", "-m", "seccomp", "-p", policy, "--", "sh", "-c", "/usr/bin/id; echo on; exit 3"],
                          stderr=write_end, stdout=subprocess.PIPE)
    os.close(write_end)
    ok((done.returncode, done.stdout) == (3, b"on\n"), "a sink that is gone does not end the command", done)

    limited = "ulimit -f 8; exec " + mantlet + " run -m seccomp -p '" + policy + "' -o limited -- bash -c '" + loop + "'"
    done = subprocess.run(["bash", "-c", limited.replace("3000", "200")], stderr=subprocess.DEVNULL)
    ok(done.returncode == 5, "a sink that may not grow does not end the command", done)

    started = time.process_time(), os.times().children_user + os.times().children_system
    done = run("sleep", "2", sink="/dev/full")
    spent = os.times().children_user + os.times().children_system - started[1]
    ok(done.returncode == 0 and spent < 0.5, "a full disk costs no processor time", done, spent)

    done = subprocess.run(["env", "--ignore-signal=CHLD", mantlet, "run", "-m", "seccomp", "-p", policy, "-o", "audit",
                           "--", "sh", "-c", "exit 4"], timeout=10)
    ok(done.returncode == 4, "an ignored SIGCHLD is no hindrance", done)

    done = run("true", *["x" * 1000] * 500, sink="long")
    lines = open("long", "rb").read().split(b"\n")[:-1]
    ok(len(lines) == 2 and not bad_lines(lines) and b'"truncated":true' in lines[0], "a long command is cut, and says so")

    done = subprocess.run(["bash", "-c", f"exec {mantlet} run -m seccomp -p '{policy}' -o closed -- nosuchcommand <&- >&- 2>&-"])
    ok(done.returncode == 127 and not bad_lines(open("closed", "rb").read().split(b"\n")[:-1]),
       "closed standard files are no place for the audit", done)
print(f"1..{count}")
sys.exit(failed > 0)
PY
