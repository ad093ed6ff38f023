/** Asks a library for Python: a script of this folder reads a question as JSON, and writes an answer as JSON. */
import { spawnSync } from 'node:child_process';
import { passedByRun } from './passed-by-run.ts';

/** The environment variable in which `run.ts` passes the path of the Python that has the libraries. */
export const LIBRARIES_VARIABLE = 'LIBRARIES_PYTHON';

/** Some libraries take seconds to load; a script that hangs is ended. */
const TIMEOUT_MS = 120_000;

/** @param script the path of the script */
export function askPython<Answer>(script: string, question: object): Answer {
  const python = passedByRun(LIBRARIES_VARIABLE);
  const input = JSON.stringify(question);
  const { stdout, stderr, error } = spawnSync(python, [script], { input, encoding: 'utf8', timeout: TIMEOUT_MS });
  if (!stdout) throw new Error(`${script} has no answer: ${error?.message ?? stderr}`);
  return JSON.parse(stdout) as Answer;
}
