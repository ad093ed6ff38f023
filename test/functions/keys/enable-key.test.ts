import { testKeyStateApi } from './key-state-suite.ts';

testKeyStateApi('enable-key');
