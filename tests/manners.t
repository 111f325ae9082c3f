#!/usr/bin/env python3
"""Manners of mode seccomp that want a terminal, a debugger or a pid namespace: each is tried bare, too, and has to look the same."""
import os, pty, re, resource, select, signal, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MANTLET = os.environ.get("MANTLET", ROOT + "/build/mantlet")
POLICY = '{"exec": {"allow": ["/**"]}}'
GUARD = [MANTLET, "run", "-m", "seccomp", "-o", "/dev/null", "-p", POLICY, "--"]
count = 0


def ok(good, name, note=""):
    global count
    count += 1
    print(f"{'' if good else 'not '}ok {count} - {name}", flush=True)
    if not good:
        print("# " + note.replace("\n", "\n# "), flush=True)


def until(fd, text, wanted, seconds=20):
    """What the terminal says, up to and with the wanted."""
    end = time.time() + seconds
    while not re.search(wanted, text) and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                text += os.read(fd, 4096).decode(errors="replace")
            except OSError:
                break
    return text


def session(guard):
    """A shell on a terminal: a pipeline is stopped, listed, continued and interrupted; the shell then exits with 7."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(PS1="ready> ", HISTFILE="/dev/null", TERM="dumb")
        command = ["bash", "--norc", "--noprofile", "-i"]
        os.execvp((guard + command)[0], guard + command)
    seen, steps = "", []
    for line, wanted in (
        (b"", r"ready> $"),
        (b"sleep 300 | cat\n", r"cat\r\n"),
        (b"\x1a", r"Stopped.*\n.*ready> $"),
        (b"jobs\n", r"jobs\r\n.*Stopped[^\n]*sleep.*ready> $"),
        (b"fg\n", r"fg\r\nsleep 300 \| cat\r\n"),
        (b"\x03", r"\^C\r\n.*ready> $"),
        (b"echo out $((1+1))\n", r"\r\nout 2\r\n.*ready> $"),
        (b"exit 7\n", r"exit\r\n"),
    ):
        time.sleep(0.3)  # a signal from the keyboard goes to who is in the foreground by then
        os.write(fd, line)
        said = until(fd, "", "(?s)" + wanted)
        seen += said
        steps.append(bool(re.search("(?s)" + wanted, said)))
    end = time.time() + 10
    while (done := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.time() < end:
        time.sleep(0.1)
    if done[0] == 0:
        os.kill(pid, signal.SIGKILL)
        done = os.waitpid(pid, 0)
    status = done[1]
    os.close(fd)
    return steps, os.waitstatus_to_exitcode(status), seen


def core_of(guard, where):
    """Does a program that crashes leave a core?"""
    def limits():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    inner = "import os,sys; p=os.posix_spawn('/bin/sleep',['sleep','9'],os.environ); os.kill(p,11); " \
            "sys.exit(42 if os.WCOREDUMP(os.waitpid(p,0)[1]) else 43)"
    return subprocess.run(guard + [sys.executable, "-c", inner], cwd=where, preexec_fn=limits).returncode


def shown(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


bare, guarded = session([]), session(GUARD)
ok(all(bare[0]), "bare: a shell's job control", repr(bare))
ok(guarded[0] == bare[0] and guarded[1] == bare[1], "guarded: the same, and its exit code", repr(guarded))

with tempfile.TemporaryDirectory() as where:
    bare, guarded = core_of([], where), core_of(GUARD, where)
ok(bare == guarded, f"a crash dumps its core as it does bare ({'it does' if bare == 42 else 'here it does not'})", f"{bare} {guarded}")

for extra in ([], ["--kill-child"]):
    space = ["unshare", "--pid", "--fork", "--mount-proc"] + extra
    code, out, err = shown(space + GUARD + ["sh", "-c", "sh -c 'sleep 0.2; exit 3' & sh -c 'kill -USR1 $$'; wait; exit 9"])
    ok(code == 9, "as pid 1: the exit code" + (", and with a signal of its parent's death" if extra else ""), f"{code} {err}")
code, out, err = shown(space + GUARD + ["sh", "-c", "kill -9 1; kill -STOP 1; /bin/echo lives"])
ok((code, out) == (0, "lives\n"), "as pid 1: it cannot be ended or stopped from inside", f"{code} {out} {err}")
code, out, err = shown(space + GUARD + ["sh", "-c", "trap 'echo asked; exit 5' TERM; kill -TERM 1; sleep 5 & wait"])
ok((code, out) == (5, "asked\n"), "as pid 1: what the command asks of pid 1, it is asked", f"{code} {out} {err}")

for tool in ("strace", "gdb"):
    if not shown(["sh", "-c", f"command -v {tool} || :"])[1]:
        ok(True, f"{tool} # SKIP it is not installed")
        continue
    trace = {"strace": ["strace", "-o", "/dev/null"], "gdb": ["gdb", "-q", "-batch", "-ex", "run", "--args"]}[tool]
    with tempfile.NamedTemporaryFile("r") as audit:
        shown(["sh", "-c", 'audit=$1; shift; exec "$0" run -m seccomp -o "$audit" -p "$@"', MANTLET, audit.name, POLICY, "--"] + trace + ["true"])
        said = audit.read()
    ok("attach the tracer after the exec" in said, f"{tool} PROGRAM is refused, and told why", said)
code, out, err = shown(GUARD + ["sh", "-c", "command -v strace >/dev/null || exit 77; sleep 2 & timeout 1 strace -q -p $! 2>&1 | cat >/dev/null; wait; echo end"])
ok(code in (0, 77) and out in ("end\n", ""), "strace -p works" if code == 0 else "strace -p # SKIP it is not installed", f"{code} {out} {err}")
print(f"1..{count}")
