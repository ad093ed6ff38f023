/** Error replies that several operations have in common become components, so that the document stays small. */
import { STATUS_CODES } from 'node:http';
import type { OpenApiOperation } from './document.ts';

/** Moves them out of the operations. @returns the components, by name */
export function shareResponses(operations: readonly OpenApiOperation[]): Record<string, object> {
  const errors = operations.flatMap(({ responses }) =>
    Object.entries(responses)
      .filter(([status]) => Number(status) >= 400)
      .map(([status, response]) => ({ responses, status, response, text: `${status} ${JSON.stringify(response)}` })),
  );
  const components: Record<string, object> = {};
  for (const equal of Map.groupBy(errors, ({ text }) => text).values()) {
    const [first] = equal;
    if (!first || equal.length === 1) continue;
    const name = unusedName(components, first.status);
    components[name] = first.response;
    for (const { responses, status } of equal) responses[status] = { $ref: `#/components/responses/${name}` };
  }
  return components;
}

/** Such as `BadRequest`, `BadRequest2`. */
function unusedName(components: object, status: string): string {
  const words = (STATUS_CODES[status] ?? status).replaceAll(' ', '');
  const sameStatus = Object.keys(components).filter((name) => name.replace(/\d+$/, '') === words).length;
  return sameStatus === 0 ? words : `${words}${sameStatus + 1}`;
}
