/** Preloaded into a process of the service: its `Date.now()` reads the test's clock file. */
import { openSync, readSync } from 'node:fs';

const file = openSync(process.env['CLOCK_FILE'] ?? '', 'r');
const bytes = Buffer.alloc(8);
const systemNow = Date.now;

// The file is empty during a first start, whose keys and grants need an order.
Date.now = () => (readSync(file, bytes, 0, 8, 0) === 8 ? bytes.readDoubleLE() : systemNow());
