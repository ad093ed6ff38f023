/**
 * The fake of Slack as a server on loopback, for a service in another process. The service accepts only Slack's own
 * hosts, so it reaches the fake through a proxy (HTTPS_PROXY) and trusts its certificate (NODE_EXTRA_CA_CERTS).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { FakeSlack } from './fake-slack.ts';

/** For Slack's hosts, valid until 2126, for tests only. */
export const CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMLRY4UFESWX7Jshi
/jFRoNpcUZo+7l2wXquPTm4+WQKhRANCAAQEBYjcJ6kULyeqJ1Oezse7k8Cifwdi
23fNOWyP6akFO246f9VamU6qTOXfvR3v0wjU8JX7A5yFr9SLV8UGuesU
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBzDCCAXKgAwIBAgIUQ/cMR6lOsxOjqbPpVrUbuPety3cwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJc2xhY2suY29tMCAXDTI2MTEyODIyNTgwNloYDzIxMjYxMTA0
MjI1ODA2WjAUMRIwEAYDVQQDDAlzbGFjay5jb20wWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQEBYjcJ6kULyeqJ1Oezse7k8Cifwdi23fNOWyP6akFO246f9VamU6q
TOXfvR3v0wjU8JX7A5yFr9SLV8UGuesUo4GfMIGcMB0GA1UdDgQWBBRl53IUr/tB
WRMtgm4e77WFTIgyzTAfBgNVHSMEGDAWgBRl53IUr/tBWRMtgm4e77WFTIgyzTAP
BgNVHRMBAf8EBTADAQH/MEkGA1UdEQRCMECCD2hvb2tzLnNsYWNrLmNvbYITaG9v
a3Muc2xhY2stZ292LmNvbYIJc2xhY2suY29tgg1zbGFjay1nb3YuY29tMAoGCCqG
SM49BAMCA0gAMEUCIQD5qKgeosl6e9ar0GwfhaR4/7pIf4nGUuQGOib5+VkFvgIg
acnLGKjTUJSF6BmwU2XS3XReHldL7DD9F6phb/dLb4s=
-----END CERTIFICATE-----`,
};

export interface SlackServer {
  /** Environment variables with which a process reaches the fake. */
  env: { HTTPS_PROXY: string; NODE_EXTRA_CA_CERTS: string };
  close(): void;
}

export async function serveFakeSlack(fake: Pick<FakeSlack, 'send'>): Promise<SlackServer> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('close', () => sockets.delete(socket));
  };
  const slack = createTlsServer(CERTIFICATE, async (request, response) => {
    const url = `https://${request.headers.host}${request.url}`;
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const answer = await fake.send({ method: 'POST', url, headers, body: await text(request) }, 0);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
  });
  const proxy = createServer((_, response) => void response.writeHead(403).end());
  proxy.on('connect', (_, socket: Socket, head) => {
    const upstream = connect(portOf(slack), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    keep(upstream);
  });
  for (const server of [slack, proxy]) {
    server.on('connection', keep);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const folder = mkdtempSync(join(tmpdir(), 'fake-slack-'));
  const file = join(folder, 'certificate.pem');
  writeFileSync(file, CERTIFICATE.cert);
  return {
    env: { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`, NODE_EXTRA_CA_CERTS: file },
    close() {
      for (const server of [slack, proxy]) server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

const portOf = (server: Pick<Server, 'address'>) => (server.address() as AddressInfo).port;
