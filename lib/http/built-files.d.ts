/** The modules that `npm run build` writes into build/. They exist only after a build. */
import type { StaticFile } from './static-file.ts';

declare const files: readonly StaticFile[];
export default files;
