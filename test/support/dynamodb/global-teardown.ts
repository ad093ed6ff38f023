export { stopKeeper as default } from './kept.ts';
