/** Returns what `run.ts` passes to the tests in an environment variable. @throws Error if it has not started them */
export function passedByRun(variable: string): string {
  const value = process.env[variable];
  if (!value)
    throw new Error('These tests need packages for Python. To install them and run the tests: npm run test:real');
  return value;
}
