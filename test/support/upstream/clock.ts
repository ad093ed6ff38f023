/** Loaded into a process of the service before anything else: its clock stands where the test's file says. */
import { openSync, readSync } from 'node:fs';

const file = openSync(process.env['CLOCK_FILE'] ?? '', 'r');
const bytes = Buffer.alloc(8);
const ownClock = Date.now;

/** While the file is empty the process's own clock is good: what a first start makes is to have an order. */
Date.now = () => (readSync(file, bytes, 0, 8, 0) === 8 ? bytes.readDoubleLE() : ownClock());
