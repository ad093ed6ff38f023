/** Replies that the OpenAPI document does not describe, since the last look. */
const violations: string[] = [];

const ignored: string[] = [];

/** For tests that put a fake in place of a part of the service: its replies have a form of their own. */
export function ignoreBodiesOf(pathPrefix: string): void {
  ignored.push(pathPrefix);
}

export function addViolation({ path, status }: { path: string; status: number }, text: string): void {
  const isOfFake = status < 300 && ignored.some((prefix) => path.startsWith(prefix));
  if (!isOfFake) violations.push(text);
}

/** @throws Error that names the replies, and forgets them */
export function assertNoViolations(): void {
  const found = violations.splice(0);
  if (found.length > 0) throw new Error(`replies differ from the OpenAPI document:\n${found.join('\n')}`);
}
