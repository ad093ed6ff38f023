import { VerboseReporter } from '@jest/reporters';

/** Every test by its name, and as the last line how many passed, in the form of jest's own summary. */
export default class extends VerboseReporter {
  onRunComplete(contexts, results) {
    super.onRunComplete(contexts, results);
    const { numFailedTests: failed, numPassedTests: passed, numTotalTests: total } = results;
    process.stderr.write(`Tests:       ${failed > 0 ? `${failed} failed, ` : ''}${passed} passed, ${total} total\n`);
  }
}
