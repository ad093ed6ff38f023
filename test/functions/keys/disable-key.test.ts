import { testKeyStateApi } from './key-state-suite.ts';

testKeyStateApi('disable-key');
