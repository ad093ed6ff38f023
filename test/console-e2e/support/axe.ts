/** Runs axe-core in an isolated world of the page, so that the page keeps its Content-Security-Policy. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** WCAG 2.2 AA, and what axe-core recommends beyond it. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Violation {
  id: string;
  help: string;
  nodes: { target: unknown; failureSummary?: string }[];
}

/** Returns each finding as a line of text: the rule, the element, and what is wrong with it. */
export async function axeFindings(page: Page): Promise<string[]> {
  const devtools = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await devtools.send('Page.getFrameTree');
    const world = { frameId: frameTree.frame.id, worldName: 'axe' };
    const { executionContextId: contextId } = await devtools.send('Page.createIsolatedWorld', world);
    await devtools.send('Runtime.evaluate', { expression: AXE, contextId });
    const options = JSON.stringify({ runOnly: TAGS, resultTypes: ['violations'] });
    const expression = `axe.run(document, ${options}).then(({ violations }) => JSON.stringify(violations))`;
    const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
      expression,
      contextId,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(`axe-core: ${exceptionDetails.exception?.description}`);
    return (JSON.parse(result.value) as Violation[]).flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${JSON.stringify(target)}: ${failureSummary}`),
    );
  } finally {
    await devtools.detach();
  }
}
