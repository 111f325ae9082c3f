# Python: multiprocessing of each kind, subprocesses, asyncio, and a descriptor passed through a Unix socket.
cat >/tmp/real.py <<'EOF'
import array, asyncio, multiprocessing, os, socket, subprocess, sys

def square(n):
    return n * n

async def talk():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def ask(i):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"ask %d\n" % i)
        answer = await reader.readline()
        writer.close()
        return answer
    print(sorted(await asyncio.gather(*[ask(i) for i in range(40)]))[-1])
    process = await asyncio.create_subprocess_exec("/bin/echo", "asyncio", stdout=subprocess.PIPE)
    print(await process.communicate(), process.returncode)
    server.close()

if __name__ == "__main__":
    for method in "fork", "spawn", "forkserver":
        with multiprocessing.get_context(method).Pool(3) as pool:
            print(method, pool.map(square, range(8)))
    print(subprocess.run(["/bin/sh", "-c", "exit 5"]).returncode)
    print(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 4"], os.environ), 0)[1]))
    asyncio.run(talk())
    a, b = socket.socketpair()
    read, write = os.pipe()
    socket.send_fds(a, [b"x"], [write])
    _, fds, _, _ = socket.recv_fds(b, 1, 1)
    os.write(fds[0], b"through a passed descriptor")
    print(os.read(read, 100))
    server = socket.socket(socket.AF_UNIX)
    path = "/tmp/real.%d" % os.getpid()
    server.bind(path)
    server.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    peer, _ = server.accept()
    credentials = array.array("i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    print("peer is", "me" if credentials[0] == os.getpid() else "another", credentials[1])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    out = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    out.sendmsg([b"data", b"gram"], [], 0, ("::ffff:127.0.0.1", udp.getsockname()[1]))
    print(udp.recv(100))
    sys.exit(6)
EOF
python3 /tmp/real.py
echo "ended with $?"
