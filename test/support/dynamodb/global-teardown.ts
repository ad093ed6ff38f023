export { stopKeeper as default } from './keeper-process.ts';
