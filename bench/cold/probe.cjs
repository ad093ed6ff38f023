/**
 * One cold start: loads a bundle, calls its handler once, and writes the measurements to file descriptor 3.
 * It is CommonJS and loads no module that Node has not already loaded, so that only the bundle is measured.
 * Usage: node probe.cjs <bundle> <event as JSON>
 */
const { writeSync } = require('node:fs');

const [, , bundle, event] = process.argv;
const before = { ms: performance.now(), cpu: process.threadCpuUsage() };
const { handler } = require(bundle);
const importMs = performance.now() - before.ms;
const cpu = process.threadCpuUsage(before.cpu);

const context = { awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', functionName: 'cold' };
handler(JSON.parse(event), context).then((reply) => {
  const repliedAtMs = performance.timeOrigin + performance.now();
  const importCpuMs = (cpu.user + cpu.system) / 1000;
  writeSync(3, JSON.stringify({ importMs, importCpuMs, repliedAtMs, status: reply?.statusCode, body: reply?.body }));
  process.exit();
});
