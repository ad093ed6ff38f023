// @ts-check
/** A plugin of the framework: builds the website before the packaging, and leaves out the console if it is "off". */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../local/build.js', import.meta.url));

export default class Website {
  /** @param {{ service: { functions: Record<string, unknown>, custom: { console: string } } }} serverless */
  constructor({ service }) {
    this.hooks = {
      initialize() {
        // The framework has no conditions for functions.
        if (service.custom.console === 'off') delete service.functions['console'];
      },
      'before:package:initialize': () => execFileSync(process.execPath, [BUILD], { stdio: 'inherit' }),
    };
  }
}
