/** What `npm run package` hands to CloudFormation. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Stack {
  stage: string;
  /** The template, as CloudFormation will take it: its conditions decided. */
  resources: Record<string, Resource>;
  outputs: Record<string, { Value: unknown }>;
  /** The provider's settings that go to AWS beside the template. */
  provider: Record<string, unknown>;
  /** The code of each function, by its name. */
  bundles: Record<string, string>;
}

/** Where the bundles of the last run are. */
const BUILD = '.esbuild/.build';

/** A run takes 10 s. One whose build fails prints why and never ends: the plugin leaves its builder running. */
const RUN_MS_MAX = 180_000;

type Json = string | number | boolean | null | undefined | Json[] | { [name: string]: Json };
type Conditions = Record<string, Json>;

/**
 * Runs `npm run package` as it stands in package.json.
 * @param settings as with --param
 * @param folder where to, instead of .serverless
 */
export function packageStack(stage: string, settings: Record<string, string> = {}, folder?: string): Stack {
  const home = mkdtempSync(join(tmpdir(), 'kms-grants-test-'));
  const made = folder ?? join(home, 'package');
  const options = [
    ...(folder === undefined ? ['--package', made] : []),
    ...Object.entries(settings).map(([name, value]) => `--param=${name}=${value}`),
  ];
  try {
    execFileSync('npm', ['run', 'package', '--', '--stage', stage, ...options], {
      env: { PATH: process.env['PATH'], HOME: home },
      stdio: 'pipe',
      encoding: 'utf8',
      timeout: RUN_MS_MAX,
    });
    const read = (file: string) => JSON.parse(readFileSync(join(made, file), 'utf8'));
    const template = read('cloudformation-template-update-stack.json');
    const { service } = read('serverless-state.json');
    const handlers = Object.entries(service.functions as Record<string, { handler: string }>);
    return {
      stage,
      resources: decide(template.Resources, template.Conditions) as unknown as Stack['resources'],
      outputs: template.Outputs,
      provider: service.provider,
      bundles: Object.fromEntries(handlers.map(([name, { handler }]) => [name, bundleOf(handler)])),
    };
  } finally {
    rmSync(home, { recursive: true });
  }
}

const bundleOf = (handler: string) => readFileSync(join(BUILD, handler.replace(/\.handler$/, '.js')), 'utf8');

/** The resources of a type, by their names. */
export function ofType({ resources }: Stack, type: string): [string, Resource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type);
}

interface PackagedFunction {
  /** As serverless.yml has it. */
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

function decide(value: Json, conditions: Conditions): Json {
  if (Array.isArray(value)) return value.map((one) => decide(one, conditions)).filter((one) => one !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  if (value['Ref'] === 'AWS::NoValue') return undefined;
  const choice = value['Fn::If'] as [string, Json, Json] | undefined;
  if (choice) return decide(holds(conditions[choice[0]], conditions) ? choice[1] : choice[2], conditions);
  const split = value['Fn::Split'] as [string, string] | undefined;
  if (split) return split[1].split(split[0]);
  const entries = Object.entries(value).map(([name, one]) => [name, decide(one, conditions)]);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

function holds(condition: Json, conditions: Conditions): boolean {
  const { 'Fn::Not': not, 'Fn::Equals': equals } = condition as { 'Fn::Not'?: Json[]; 'Fn::Equals'?: Json[] };
  if (not) return !holds(not[0], conditions);
  if (equals) return equals[0] === equals[1];
  throw new Error(`a condition of a kind that is not known here: ${JSON.stringify(condition)}`);
}
