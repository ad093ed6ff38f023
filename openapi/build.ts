import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openapiDocument } from './document.ts';

/** Writes the OpenAPI document as `openapi.json` into a folder, which is created if it is missing. @returns its path */
export async function buildOpenapi(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'openapi.json');
  await writeFile(path, JSON.stringify(await openapiDocument()));
  return path;
}
