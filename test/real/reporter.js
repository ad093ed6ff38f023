import { VerboseReporter } from '@jest/reporters';

/** Prints each test by name, and as the last line the numbers of tests in the form of jest's summary. */
export default class extends VerboseReporter {
  onRunComplete(contexts, results) {
    super.onRunComplete(contexts, results);
    const { numFailedTests: failed, numPassedTests: passed, numTotalTests: total } = results;
    process.stderr.write(`Tests:       ${failed > 0 ? `${failed} failed, ` : ''}${passed} passed, ${total} total\n`);
  }
}
