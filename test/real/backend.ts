/** The service as a process that authenticates callers with a Keystone. */
import { rmSync } from 'node:fs';
import { newDataDir, startProcess } from '../support/process.ts';
import type { Keystone } from './keystone.ts';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read replies of every form
  body: any;
  /** When the request was sent, ms since 1970. */
  sentAtMs: number;
  /** When the reply had arrived, ms since 1970. */
  receivedAtMs: number;
}

export interface Backend {
  url: string;
  /** Everything that it has printed so far. */
  output(): string;
  /** POST /v1.0/{project}/kms/{name} */
  kms(token: string | undefined, projectId: string, name: string, body?: object): Promise<Answer>;
  send(path: string, init?: RequestInit): Promise<Answer>;
  remove(): Promise<void>;
}

export async function startBackend({ url: iamUrl }: Keystone, cacheSeconds: number): Promise<Backend> {
  const dataDir = newDataDir();
  const service = await startProcess(dataDir, ['--no-demo'], {
    STORE: 'sqlite',
    AUTHORITY: 'standalone',
    IDENTITY: 'keystone',
    IAM_ENDPOINT: iamUrl,
    TOKEN_CACHE_SECONDS: String(cacheSeconds),
  });

  async function send(path: string, init?: RequestInit): Promise<Answer> {
    const sentAtMs = Date.now();
    const response = await fetch(service.url + path, init);
    const body = await response.json();
    return { status: response.status, body, sentAtMs, receivedAtMs: Date.now() };
  }

  return {
    url: service.url,
    output: service.output,
    send,
    kms(token, projectId, name, body = {}) {
      const headers = { 'Content-Type': 'application/json', ...(token !== undefined && { 'X-Auth-Token': token }) };
      return send(`/v1.0/${projectId}/kms/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
    },
    async remove() {
      await service.stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}
