/** The private keys with which samples are signed, as files in the data folder. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPrivateFile } from '../../lib/clients/secrets.ts';
import type { SampleSender } from './sample.ts';

const pathOf = (dataDir: string, kind: string) => join(dataDir, `hook-key-${kind}.pem`);

/** Returns the private key of the kind as PEM. @throws Error if there is none, or if other users may read the file */
export async function readSampleKey(dataDir: string, kind: string): Promise<string> {
  const path = pathOf(dataDir, kind);
  if (!existsSync(path)) {
    throw new Error(
      `there is no key for the kind ${kind} in ${dataDir}. Make one with: npm run -s hook -- key ${kind}, and put what it prints into secrets of the source`,
    );
  }
  const bytes = await readPrivateFile(path).catch((error: Error) => {
    throw new Error(`${path} cannot be used: ${error.message}`);
  });
  return bytes.toString();
}

/** Makes a private key for the kind unless there is one. @returns its public part, as `secrets` has it */
export async function ensureSampleKey(dataDir: string, kind: string, sender: SampleSender): Promise<string> {
  const path = pathOf(dataDir, kind);
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const pem = newPrivateKey(sender).export({ format: 'pem', type: 'pkcs8' });
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx' });
  }
  const publicKey = createPublicKey(createPrivateKey(await readSampleKey(dataDir, kind)));
  return sender.publicPart?.(publicKey) ?? String(publicKey.export({ format: 'pem', type: 'spki' }));
}

function newPrivateKey({ keyType = 'RSA' }: SampleSender): KeyObject {
  return keyType === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: keyType }).privateKey;
}
