import type { AdministeredSources } from './administered-sources.ts';
import { assertMappable } from './administered-sources.ts';
import type { AnySource } from './all-sources.ts';
import type { ScimSettings } from './inbound/adapters/scim.ts';
import type { Source } from './inbound/source.ts';

/** @throws KmsError APIGW.0101 for a source that the caller does not administer, and for one of another kind */
export function provisioningSource(administered: AdministeredSources<AnySource>, name: string): Source<ScimSettings> {
  const source = administered.sources.find((one) => one.name === name && one.kind === 'scim');
  // The reply must not tell the two cases apart: a source of another kind may belong to somebody else.
  assertMappable({ sources: [], mappable: new Set(source ? [source.name] : []) }, name);
  return source as Source<ScimSettings>;
}
