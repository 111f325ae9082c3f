# Node: child processes of each kind, workers, and fetch to loopback.
cat >/tmp/real.mjs <<'EOF'
import { exec, execFile, fork, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import dgram from "node:dgram";
import net from "node:net";
import { promisify } from "node:util";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { writeFileSync } from "node:fs";

console.log(spawnSync("/bin/sh", ["-c", "echo spawnSync; exit 3"]).status);
console.log((await promisify(exec)("echo exec | cat")).stdout.trim());
console.log((await promisify(execFile)("/bin/echo", ["execFile"])).stdout.trim());
const child = spawn("/bin/cat", []);
child.stdin.end("through cat");
child.stdout.on("data", (data) => console.log(String(data)));
console.log("cat ended with", await new Promise((done) => child.on("close", done)));
const missing = spawn("/nonexistent");
console.log(await new Promise((done) => missing.on("error", (e) => done(e.code))));
writeFileSync("/tmp/forked.mjs", 'process.on("message", (m) => { process.send(m + 1, () => process.disconnect()); });');
const forked = fork("/tmp/forked.mjs");
forked.send(41);
console.log("fork says", await new Promise((done) => forked.on("message", done)));
const worker = new Worker('const { parentPort } = require("worker_threads"); const { execSync } = require("child_process"); parentPort.postMessage(String(execSync("echo worker")));', { eval: true });
console.log(String(await new Promise((done) => worker.on("message", done))).trim());
const server = createServer((request, response) => response.end("served " + request.url));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const port = server.address().port;
const answers = await Promise.all([...Array(50).keys()].map((i) => fetch(`http://127.0.0.1:${port}/${i}`).then((r) => r.text())));
console.log(answers.length, answers[49]);
console.log(await fetch(`http://localhost:${port}/by-name`).then((r) => r.text()));
server.closeAllConnections?.();
server.close();
const nobody = net.connect(1, "127.0.0.1");
console.log(await new Promise((done) => nobody.on("error", (e) => done(e.code))));
const receiver = dgram.createSocket("udp4");
await new Promise((done) => receiver.bind(0, "127.0.0.1", done));
const sender = dgram.createSocket("udp4");
const got = new Promise((done) => receiver.on("message", (m) => done(String(m))));
sender.send("a datagram", receiver.address().port, "127.0.0.1");
console.log(await got);
receiver.close();
sender.close();
EOF
node /tmp/real.mjs
echo "ended with $?"
