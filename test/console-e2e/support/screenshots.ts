/** The pictures of docs/console.md. They are written only with SCREENSHOTS=on, so that a test run changes no file. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const FOLDER = join(import.meta.dirname, '../../../docs/images/console');
const BYTES_MAX = 150 * 1024;
export const PICTURE_SIZE = { width: 1200, height: 750 };
export const writesPictures = process.env['SCREENSHOTS'] === 'on';

/** @param name of the file, without its ending */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (!writesPictures) return;
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${name}.png`);
  await page.setViewportSize(PICTURE_SIZE);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  const { size } = statSync(path);
  if (size > BYTES_MAX) throw new Error(`${path} has ${size} bytes; at most ${BYTES_MAX} are wanted`);
}
