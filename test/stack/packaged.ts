/** Runs `npm run package` and reads its template and bundles. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHILD_ENV } from '../support/process.ts';

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Stack {
  stage: string;
  /** The resources of the template, with its conditions evaluated. */
  resources: Record<string, Resource>;
  outputs: Record<string, { Value: unknown }>;
  /** The provider's settings that are not part of the template. */
  provider: Record<string, unknown>;
  /** The bundled code by name of the function. */
  bundles: Record<string, string>;
  /** What the packaging printed. */
  messages: string;
}

/** The folder with the bundles of the last run. */
const BUILD_DIR = '.esbuild/.build';

/** A run takes 10 s. If the build fails, a run prints the error and hangs, because the plugin does not stop esbuild. */
const TIMEOUT_MS = 180_000;

type Json = string | number | boolean | null | undefined | Json[] | { [name: string]: Json };
type Conditions = Record<string, Json>;

/**
 * Runs `npm run package`.
 * @param settings passed on as --param
 * @param folder the output folder; a temporary one by default
 */
export function packageStack(stage: string, settings: Record<string, string> = {}, folder?: string): Stack {
  const home = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const outputDir = folder ?? join(home, 'package');
  const options = [
    ...(folder === undefined ? ['--package', outputDir] : []),
    ...Object.entries(settings).map(([name, value]) => `--param=${name}=${value}`),
  ];
  try {
    const { status, stdout, stderr } = spawnSync('npm', ['run', 'package', '--', '--stage', stage, ...options], {
      env: { ...CHILD_ENV, HOME: home },
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
    if (status !== 0) throw Object.assign(new Error(`npm run package failed:\n${stdout}${stderr}`), { stdout });
    const read = (file: string) => JSON.parse(readFileSync(join(outputDir, file), 'utf8'));
    const template = read('cloudformation-template-update-stack.json');
    const { service } = read('serverless-state.json');
    const handlers = Object.entries(service.functions as Record<string, { handler: string }>);
    return {
      stage,
      resources: evaluate(template.Resources, template.Conditions) as unknown as Stack['resources'],
      outputs: template.Outputs,
      provider: service.provider,
      bundles: Object.fromEntries(handlers.map(([name, { handler }]) => [name, bundleOf(handler)])),
      messages: stdout + stderr,
    };
  } finally {
    rmSync(home, { recursive: true });
  }
}

const bundleOf = (handler: string) => readFileSync(join(BUILD_DIR, handler.replace(/\.handler$/, '.js')), 'utf8');

/** Returns the resources of a type, with their names. */
export function ofType({ resources }: Stack, type: string): [string, Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type);
}

interface PackagedFunction {
  /** As in serverless.yml. */
  name: string;
  id: string;
  role: string;
  properties: Record<string, unknown>;
}

export function functionsOf(stack: Stack): PackagedFunction[] {
  return ofType(stack, 'AWS::Lambda::Function').map(([id, { Properties }]) => ({
    id,
    name: String(Properties['FunctionName']).replace(`kms-grants-${stack.stage}-`, ''),
    role: (Properties['Role'] as { 'Fn::GetAtt': [string, 'Arn'] })['Fn::GetAtt'][0],
    properties: Properties,
  }));
}

/** Replaces conditions by their results, as CloudFormation does. */
function evaluate(value: Json, conditions: Conditions): Json {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, conditions)).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  if (value['Ref'] === 'AWS::NoValue') return undefined;
  const choice = value['Fn::If'] as [string, Json, Json] | undefined;
  if (choice) return evaluate(holds(conditions[choice[0]], conditions) ? choice[1] : choice[2], conditions);
  const split = value['Fn::Split'] as [string, string] | undefined;
  if (split) return split[1].split(split[0]);
  const entries = Object.entries(value).map(([name, item]) => [name, evaluate(item, conditions)]);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

function holds(condition: Json, conditions: Conditions): boolean {
  const { 'Fn::Not': not, 'Fn::Equals': equals } = condition as { 'Fn::Not'?: Json[]; 'Fn::Equals'?: Json[] };
  if (not) return !holds(not[0], conditions);
  if (equals) return equals[0] === equals[1];
  throw new Error(`unknown condition: ${JSON.stringify(condition)}`);
}
