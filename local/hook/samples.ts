/** The kinds of sources that have a sample: one file each in `samples/`, beside what several of them share. */
import { readdirSync } from 'node:fs';
import { WEBHOOK_KINDS } from '../../lib/webhooks/hooks.ts';
import type { SampleSender } from './sample.ts';

const FOLDER = new URL('./samples/', import.meta.url);

const files = readdirSync(FOLDER);

export const SAMPLE_KINDS: readonly string[] = WEBHOOK_KINDS.filter((kind) => files.includes(`${kind}.ts`)).toSorted();

/** @param kind one of `SAMPLE_KINDS` */
export async function sampleOf(kind: string): Promise<SampleSender> {
  const { sample } = (await import(new URL(`${kind}.ts`, FOLDER).href)) as { sample: SampleSender };
  return sample;
}
