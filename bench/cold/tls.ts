/** A TLS proxy for DynamoDB Local, which has no TLS: on AWS a cold start includes the TLS handshake with the table. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

interface TlsProxy {
  endpoint: string;
  /** Path of its certificate, which is valid for a day. */
  certificate: string;
  close(): Promise<void>;
}

const PASSWORD = 'cold-start';

/** @param folder receives the certificate */
export async function openTlsProxy(target: string, folder: string): Promise<TlsProxy> {
  const { store, certificate } = await makeCertificate(folder);
  const { hostname, port } = new URL(target);
  const server = createServer({ pfx: readFileSync(store), passphrase: PASSWORD }, (socket) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.setNoDelay(true);
    socket.pipe(upstream).pipe(socket);
    // Each side closes with the other: a measured process exits without closing its connection.
    socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Uses keytool, which is part of the Java that DynamoDB Local needs. */
async function makeCertificate(folder: string): Promise<{ store: string; certificate: string }> {
  const home = process.env['JAVA_HOME'];
  const keytool = (...args: string[]) =>
    promisify(execFile)(home ? join(home, 'bin', 'keytool') : 'keytool', [...args, '-storepass', PASSWORD]);
  const store = join(folder, 'tls-proxy.p12');
  const certificate = join(folder, 'tls-proxy.pem');
  const keystore = ['-alias', 'tls-proxy', '-keystore', store];
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1', '-validity', '1'];
  await keytool('-genkeypair', ...keystore, '-keyalg', 'RSA', '-keysize', '2048', ...subject, '-storetype', 'PKCS12');
  await keytool('-exportcert', ...keystore, '-rfc', '-file', certificate);
  return { store, certificate };
}
