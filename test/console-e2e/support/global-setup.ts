import { ensureWebsite } from '../../../local/website.ts';
import { findChromium } from './chromium.ts';

/** Aborts the run before any test if there is no browser, and builds the website once for all test files. */
export default function setUp(): void {
  findChromium();
  ensureWebsite();
}
