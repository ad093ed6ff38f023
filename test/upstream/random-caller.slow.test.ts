/** 10,000 random operations under random faults, with a backend that passes the callers' tokens to the upstream. */
import { testRandomFaults } from './random-test.ts';

testRandomFaults(10_000, {});
