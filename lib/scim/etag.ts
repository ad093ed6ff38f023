/** Versions of resources as entity tags. Source: RFC 7644, section 3.14; RFC 9110, sections 8.8.3 and 13.1. */
import { ScimError } from '../http/scim-error.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** The tag is weak: the same version is sent with other attributes when the client selects them. */
export const etagOf = ({ version }: { version: number }): string => `W/"${version}"`;

/** Whether a header of tags names the version; `*` names every one. Weak and strong tags are compared alike. */
function names(header: string, version: { version: number }): boolean {
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(`"${version.version}"`);
}

/** @throws ScimError with status 412 if the client expects another version than the stored one */
export function assertIfMatch(headers: Headers, stored: { version: number }): void {
  const header = headers['if-match'];
  if (header === undefined || names(header, stored)) return;
  throw new ScimError(undefined, 'The resource has changed since it was read. Read it again.', 412);
}

/** Whether the client has this version already. */
export function isNotModified(headers: Headers, stored: { version: number }): boolean {
  const header = headers['if-none-match'];
  return header !== undefined && names(header, stored);
}
