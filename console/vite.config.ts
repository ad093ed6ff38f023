import { defineConfig } from 'vite';

// The build is the same wherever it is started, also in a test: otherwise React's version for development is bundled.
process.env['NODE_ENV'] = 'production';

/** The page has a Content-Security-Policy without inline code, so nothing is inlined: no data URL, no polyfill. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    outDir: '../build/console',
    emptyOutDir: true,
    target: 'es2024',
    cssTarget: 'chrome123',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog(level, log, handle) {
        // Packages mark their files for servers that render; here everything runs in the browser.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log);
      },
    },
  },
});
