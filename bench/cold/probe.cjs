/**
 * One cold start: loads a bundle, asks it once, and tells on file descriptor 3 what that took.
 * In CommonJS, and with nothing that Node has not loaded before it comes here, so that only the bundle is measured.
 * Usage: node probe.cjs <bundle> <event as JSON>
 */
const { writeSync } = require('node:fs');

const [, , bundle, event] = process.argv;
const before = { ms: performance.now(), cpu: process.threadCpuUsage() };
const { handler } = require(bundle);
const importMs = performance.now() - before.ms;
const cpu = process.threadCpuUsage(before.cpu);

const context = { awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef', functionName: 'cold' };
handler(JSON.parse(event), context).then((answer) => {
  const answeredAtMs = performance.timeOrigin + performance.now();
  const importCpuMs = (cpu.user + cpu.system) / 1000;
  writeSync(3, JSON.stringify({ importMs, importCpuMs, answeredAtMs, status: answer?.statusCode, body: answer?.body }));
  process.exit();
});
