/** Bundles every function as the deployment does, and the functions for comparison with the same options. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { parse } from 'yaml';

export interface Bundle {
  name: string;
  /** Whether the function is only there for comparison. */
  isPeer: boolean;
  /** Name of the request that is sent, which is the name of its function. */
  api: string;
  /** Its route, such as `POST /v3/auth/tokens`; undefined for functions without a route. */
  route: string | undefined;
  file: string;
  bytes: number;
}

interface BundleSource extends Omit<Bundle, 'file' | 'bytes'> {
  entry: string;
  plugins?: Plugin[];
}

interface ServerlessFile {
  params: { default: Record<string, string> };
  custom: { esbuild: BuildOptions };
  functions: Record<string, { handler: string; events?: { httpApi?: string | { method: string; path: string } }[] }>;
}

const EMPTY = 'empty';
export const LOGGER = 'middy + logger';
export const SDK = 'list-grants on the SDK';
/** The chat function again, for a command that also writes. */
export const CHAT_PREVIEW = 'chat (preview)';
export const CHAT = ['chat', CHAT_PREVIEW];

const ROOT = join(import.meta.dirname, '../..');
const OWN_AWS_CALL = join(ROOT, 'lib/clients/aws.ts');
const SDK_AWS_CALL = join(import.meta.dirname, 'peers/sdk-call.ts');

/** Options of serverless-esbuild that esbuild does not know. Source: its bundle.js, `esbuildOptions`. */
const PLUGIN_OPTIONS =
  'concurrency disposeContext exclude installExtraArgs keepOutputDirectory nativeZip nodeExternals outputBuildFolder outputFileExtension outputWorkFolder packagePath packager packagerOptions skipBuild skipBuildExcludeFns skipRebuild stripEntryResolveExtensions watch zipConcurrency'.split(
    ' ',
  );

/** Replaces this project's AWS client with the AWS SDK. */
const useSdk: Plugin = {
  name: 'plain-sdk',
  setup({ onResolve }) {
    onResolve({ filter: /\/aws\.ts$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path) === OWN_AWS_CALL ? { path: SDK_AWS_CALL } : undefined,
    );
  },
};

/**
 * Bundles the functions for comparison and then the functions of serverless.yml.
 * @param folder receives the bundles
 * @param only names of the functions to bundle; empty for all
 * @throws Error for a name without a function
 */
export async function bundleAll(folder: string, only: readonly string[]): Promise<Bundle[]> {
  const { params, custom, functions } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as ServerlessFile;
  const sources = Object.entries(functions).map(([name, { handler, events = [] }]): BundleSource => {
    const routes = events.flatMap(({ httpApi }) => httpApi ?? []);
    const route = typeof routes[0] === 'object' ? `${routes[0].method} ${routes[0].path}` : routes[0];
    return { name, isPeer: false, api: name, route, entry: handler.replace(/\.handler$/, '.ts') };
  });
  const unknown = only.find((name) => !(name in functions));
  if (unknown)
    throw new Error(`there is no function ${unknown}; the functions are: ${Object.keys(functions).join(', ')}`);

  // Default settings: the bundles leave out what such a deployment does not use.
  const conditions = custom.esbuild.conditions?.map((condition) =>
    condition.replace(/\$\{param:(\w+)\}/g, (_, name: string) => String(params.default[name])),
  );
  const resolved = { ...custom.esbuild, ...(conditions && { conditions }) };
  const options = Object.entries(resolved).filter(([name]) => !PLUGIN_OPTIONS.includes(name));
  const selected = sources
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .flatMap((source) =>
      source.name === 'chat' ? [source, { ...source, name: CHAT_PREVIEW, api: CHAT_PREVIEW }] : source,
    );
  return Promise.all(
    [...peersOf(sources), ...selected].map((source) => bundle(source, folder, Object.fromEntries(options))),
  );
}

function peersOf(sources: readonly BundleSource[]): BundleSource[] {
  const listGrants = sources.find(({ name }) => name === 'list-grants');
  if (!listGrants) throw new Error('there is no function list-grants to compare with');
  const peer = { isPeer: true, api: 'list-grants', route: listGrants.route };
  return [
    { ...peer, name: EMPTY, entry: 'bench/cold/peers/empty.ts' },
    { ...peer, name: LOGGER, entry: 'bench/cold/peers/logger.ts' },
    { ...peer, name: SDK, entry: listGrants.entry, plugins: [useSdk] },
  ];
}

async function bundle(source: BundleSource, folder: string, options: BuildOptions): Promise<Bundle> {
  const { entry, plugins = [], ...description } = source;
  const file = join(folder, `${source.name.replaceAll(/\W+/g, '-')}.js`);
  const fixed = { absWorkingDir: ROOT, entryPoints: [entry], outfile: file, plugins, metafile: true as const };
  const { metafile } = await build({ ...options, ...fixed, logLevel: 'error' });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { ...description, file, bytes };
}
