import Sequencer from '@jest/test-sequencer';

/** The tests that take longest. In a fresh checkout jest has no record of durations. */
const LONGEST = [
  'test/local/admin.test.ts',
  'test/package.test.ts',
  'test/store/dynamodb/dynamodb.test.ts',
  'test/local/chat/slack.slow.test.ts',
  'test/console-e2e/pages.e2e.ts',
  'test/upstream/random-caller.slow.test.ts',
  'test/model/dynamodb.slow.test.ts',
  'test/store/dynamodb/dynamodb-long-lists.slow.test.ts',
];

/** Starts the longest tests first, so that they do not run alone at the end. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => LONGEST.findLastIndex((name) => path.endsWith(name));
    return super.sort(tests).toSorted((a, b) => rank(b) - rank(a));
  }
}
