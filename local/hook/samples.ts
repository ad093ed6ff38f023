/** The kinds of sources that have a sample: one file each in `samples/`. */
import { readdirSync } from 'node:fs';
import type { SampleSender } from './sample.ts';

const FOLDER = new URL('./samples/', import.meta.url);

export const SAMPLE_KINDS: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();

/** @param kind one of `SAMPLE_KINDS` */
export async function sampleOf(kind: string): Promise<SampleSender> {
  const { sample } = (await import(new URL(`${kind}.ts`, FOLDER).href)) as { sample: SampleSender };
  return sample;
}
