/** Replies that the OpenAPI document does not describe, since the last look. */
const violations: string[] = [];

export function addViolation(text: string): void {
  violations.push(text);
}

/** @throws Error that names the replies, and forgets them */
export function assertNoViolations(): void {
  const found = violations.splice(0);
  if (found.length > 0) throw new Error(`replies differ from the OpenAPI document:\n${found.join('\n')}`);
}
