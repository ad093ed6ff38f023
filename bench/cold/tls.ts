/** TLS in front of DynamoDB Local, which speaks plain HTTP only: on AWS the first call to the table is over TLS too. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

export interface Front {
  endpoint: string;
  /** File with the certificate that it proves itself with, good for a day. */
  certificate: string;
  close(): Promise<void>;
}

const PASSWORD = 'cold-start';

/** @param folder where the certificate goes */
export async function openFront(target: string, folder: string): Promise<Front> {
  const { store, certificate } = await makeCertificate(folder);
  const { hostname, port } = new URL(target);
  const server = createServer({ pfx: readFileSync(store), passphrase: PASSWORD }, (socket) => {
    const behind = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.setNoDelay(true);
    socket.pipe(behind).pipe(socket);
    // Each side ends with the other; a process that has its answer just goes away.
    socket.on('error', () => behind.destroy()).on('close', () => behind.destroy());
    behind.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** By keytool, which comes with every Java: where DynamoDB Local runs, there is one. */
async function makeCertificate(folder: string): Promise<{ store: string; certificate: string }> {
  const home = process.env['JAVA_HOME'];
  const keytool = (...args: string[]) =>
    promisify(execFile)(home ? join(home, 'bin', 'keytool') : 'keytool', [...args, '-storepass', PASSWORD]);
  const store = join(folder, 'front.p12');
  const certificate = join(folder, 'front.pem');
  const named = ['-alias', 'front', '-keystore', store];
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1', '-validity', '1'];
  await keytool('-genkeypair', ...named, '-keyalg', 'RSA', '-keysize', '2048', ...subject, '-storetype', 'PKCS12');
  await keytool('-exportcert', ...named, '-rfc', '-file', certificate);
  return { store, certificate };
}
