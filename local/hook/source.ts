/** The source that a sample is sent as. */
import { readSecret, type SecretReference } from '../../lib/clients/secrets.ts';
import type { Config } from '../../lib/config.ts';
import { WEBHOOK_FAMILIES } from '../../lib/webhooks/all-sources.ts';
import { parseHooks } from '../../lib/webhooks/hooks.ts';
import type { Source } from '../../lib/webhooks/inbound/source.ts';

/**
 * Returns the source in HOOKS of the kind.
 * @param name needed if there are several
 * @throws Error if HOOKS cannot be used, or has no such source
 */
export async function sourceOfKind(config: Config, kind: string, name: string | undefined): Promise<Source> {
  if (!config.hooks) {
    throw new Error('HOOKS is not set. Set HOOKS and DATA_DIR to the values that the service was started with');
  }
  const sources = parseHooks(await readHooks(config.hooks), WEBHOOK_FAMILIES, config);
  const ofKind = [...sources.values()].filter((source) => source.kind === kind);
  if (name !== undefined) {
    const source = ofKind.find((each) => each.name === name);
    if (!source) throw new Error(`HOOKS has no source ${name} of the kind ${kind}`);
    return source;
  }
  const [source, ...others] = ofKind;
  if (!source) throw new Error(`HOOKS has no source of the kind ${kind}: add one, as docs/webhooks/ shows`);
  if (others.length > 0) {
    throw new Error(`HOOKS has several sources of the kind ${kind}: name one with --source (${namesOf(ofKind)})`);
  }
  return source;
}

async function readHooks(reference: SecretReference): Promise<string> {
  try {
    return await readSecret(reference);
  } catch (error) {
    throw new Error(`HOOKS cannot be used: ${(error as Error).message}`);
  }
}

const namesOf = (sources: readonly Source[]) => sources.map(({ name }) => name).join(', ');
