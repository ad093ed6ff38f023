/** Every function bundled as deploy does it, and the peers with the same options. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { parse } from 'yaml';

export interface Bundle {
  name: string;
  isPeer: boolean;
  /** The API whose request it is asked. */
  api: string;
  /** The request that reaches the API, such as `POST /v3/auth/tokens`; undefined for what no request reaches. */
  route: string | undefined;
  file: string;
  bytes: number;
}

interface Source extends Omit<Bundle, 'file' | 'bytes'> {
  entry: string;
  plugins?: Plugin[];
}

interface ServerlessFile {
  params: { default: Record<string, string> };
  custom: { esbuild: BuildOptions };
  functions: Record<string, { handler: string; events?: { httpApi?: string | { method: string; path: string } }[] }>;
}

export const EMPTY = 'empty';
export const LOGGER = 'middy + logger';
export const SDK = 'list-grants on the SDK';

const ROOT = join(import.meta.dirname, '../..');
const OUR_CALL = join(ROOT, 'lib/clients/aws.ts');
const SDK_CALL = join(import.meta.dirname, 'peers/sdk-call.ts');

/** What serverless-esbuild takes for itself; esbuild knows none of it. Source: its bundle.js, `esbuildOptions`. */
const PLUGIN_OPTIONS =
  'concurrency disposeContext exclude installExtraArgs keepOutputDirectory nativeZip nodeExternals outputBuildFolder outputFileExtension outputWorkFolder packagePath packager packagerOptions skipBuild skipBuildExcludeFns skipRebuild stripEntryResolveExtensions watch zipConcurrency'.split(
    ' ',
  );

/** Where the store calls AWS, it finds the plain SDK. */
const useSdk: Plugin = {
  name: 'plain-sdk',
  setup({ onResolve }) {
    onResolve({ filter: /\/aws\.ts$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path) === OUR_CALL ? { path: SDK_CALL } : undefined,
    );
  },
};

/**
 * Bundles the peers and the functions, in this order.
 * @param folder where the bundles go
 * @param only the functions to bundle; all of them when empty
 * @throws when a name is no function's
 */
export async function bundleAll(folder: string, only: readonly string[]): Promise<Bundle[]> {
  const { params, custom, functions } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as ServerlessFile;
  const sources = Object.entries(functions).map(([name, { handler, events = [] }]): Source => {
    const routes = events.flatMap(({ httpApi }) => httpApi ?? []);
    const route = typeof routes[0] === 'object' ? `${routes[0].method} ${routes[0].path}` : routes[0];
    return { name, isPeer: false, api: name, route, entry: handler.replace(/\.handler$/, '.ts') };
  });
  const unknown = only.find((name) => !(name in functions));
  if (unknown) throw new Error(`there is no function ${unknown}; there are: ${Object.keys(functions).join(', ')}`);

  // A deployment with the settings as they are, whose bundles leave out what it does not use.
  const conditions = custom.esbuild.conditions?.map((one) =>
    one.replace(/\$\{param:(\w+)\}/g, (_, name: string) => String(params.default[name])),
  );
  const decided = { ...custom.esbuild, ...(conditions && { conditions }) };
  const options = Object.entries(decided).filter(([name]) => !PLUGIN_OPTIONS.includes(name));
  const chosen = sources.filter(({ name }) => only.length === 0 || only.includes(name));
  return Promise.all(
    [...peersOf(sources), ...chosen].map((source) => bundle(source, folder, Object.fromEntries(options))),
  );
}

function peersOf(sources: readonly Source[]): Source[] {
  const listGrants = sources.find(({ name }) => name === 'list-grants');
  if (!listGrants) throw new Error('there is no function list-grants to compare with');
  const peer = { isPeer: true, api: 'list-grants', route: listGrants.route };
  return [
    { ...peer, name: EMPTY, entry: 'bench/cold/peers/empty.ts' },
    { ...peer, name: LOGGER, entry: 'bench/cold/peers/logger.ts' },
    { ...peer, name: SDK, entry: listGrants.entry, plugins: [useSdk] },
  ];
}

async function bundle(source: Source, folder: string, options: BuildOptions): Promise<Bundle> {
  const { entry, plugins = [], ...known } = source;
  const file = join(folder, `${source.name.replaceAll(/\W+/g, '-')}.js`);
  const own = { absWorkingDir: ROOT, entryPoints: [entry], outfile: file, plugins, metafile: true as const };
  const { metafile } = await build({ ...options, ...own, logLevel: 'error' });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { ...known, file, bytes };
}
