// @ts-check
/** What the stack has for each function: made of the functions in serverless.yml, so that they are listed nowhere else. */
// @ts-expect-error: the framework publishes no types of it.
import naming from 'serverless/lib/plugins/aws/lib/naming.js';

/**
 * @typedef {object} Framework What the framework hands to the functions of a file that `${file(…):name}` names.
 * @property {(path: string[]) => Promise<unknown>} resolveConfigurationProperty
 * @property {(variable: string) => Promise<unknown>} resolveVariable
 *
 * @typedef {{ role: string, events: { httpApi?: string }[] }} Entry
 * @typedef {{ name: string, role: string, routes: string[], perSecond: string, slowMs: number }} Listed
 */

/**
 * By the role: which setting throttles a function's routes, and how long a call may take.
 * @type {Record<string, { perSecond: string, slowMs: number }>}
 */
const KINDS = {
  NothingRole: { perSecond: 'othersPerSecond', slowMs: 1000 },
  ReaderRole: { perSecond: 'readsPerSecond', slowMs: 2000 },
  ChangerRole: { perSecond: 'changesPerSecond', slowMs: 5000 },
  LoginRole: { perSecond: 'tokensPerSecond', slowMs: 3000 },
  SweeperRole: { perSecond: 'othersPerSecond', slowMs: 45_000 },
  HookRole: { perSecond: 'hooksPerSecond', slowMs: 2000 },
  // A job that takes long goes on until little of its time is left.
  WorkerRole: { perSecond: 'othersPerSecond', slowMs: 105_000 },
  FinderRole: { perSecond: 'othersPerSecond', slowMs: 30_000 },
};

/**
 * @param {Framework} framework
 * @returns {Promise<Listed[]>}
 */
async function listed({ resolveConfigurationProperty }) {
  const functions = /** @type {Record<string, Entry>} */ (await resolveConfigurationProperty(['functions']));
  return Object.entries(functions).map(([name, { role, events }]) => {
    const kind = KINDS[role];
    if (!kind) throw new Error(`${name} has the role "${role}", which is not in deploy/per-function.js`);
    return { name, role, routes: events.flatMap(({ httpApi }) => httpApi ?? []), ...kind };
  });
}

/**
 * The logs that a role may write: those of its functions.
 * @param {Framework} framework
 */
export async function logs(framework) {
  const byRole = Object.groupBy(await listed(framework), ({ role }) => role);
  return Object.fromEntries(
    Object.entries(byRole).map(([role, functions = []]) => [
      role,
      functions.map(({ name }) => ({ 'Fn::GetAtt': [naming.getLogGroupLogicalId(name), 'Arn'] })),
    ]),
  );
}

/**
 * How many requests a second the API takes for each route.
 * @param {Framework} framework
 */
export async function stage(framework) {
  /** @param {string} setting */
  const upTo = async (setting) => {
    // RouteSettings goes to API Gateway as it stands, and what comes from --param is text.
    const perSecond = Number(await framework.resolveVariable(`param:${setting}`));
    if (!Number.isInteger(perSecond) || perSecond < 1) throw new Error(`${setting} is not a whole number above 0`);
    return { ThrottlingRateLimit: perSecond, ThrottlingBurstLimit: perSecond };
  };
  const routes = (await listed(framework)).flatMap(({ routes, perSecond }) =>
    routes.map((key) => ({ key, perSecond })),
  );
  const settings = routes.map(async ({ key, perSecond }) => [key === '*' ? '$default' : key, await upTo(perSecond)]);
  return {
    // A route's settings are refused while the route is not there.
    DependsOn: routes.map(({ key }) => naming.getHttpApiRouteLogicalId(key)),
    Properties: {
      DefaultRouteSettings: { DetailedMetricsEnabled: false, ...(await upTo('othersPerSecond')) },
      RouteSettings: Object.fromEntries(await Promise.all(settings)),
    },
  };
}

/**
 * The alarms of each function.
 * @param {Framework} framework
 */
export async function alarms(framework) {
  const topics = await framework.resolveVariable('param:alarmTopics');
  const told = { 'Fn::If': ['HasAlarmTopics', { 'Fn::Split': [',', topics] }, { Ref: 'AWS::NoValue' }] };
  const resources = (await listed(framework)).flatMap(({ name, slowMs }) =>
    Object.entries(alarmsOf(slowMs)).map(([kind, properties]) => [
      `${naming.toStartCase(name)}${kind}`,
      {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          Namespace: 'AWS/Lambda',
          Dimensions: [{ Name: 'FunctionName', Value: { Ref: naming.getLambdaLogicalId(name) } }],
          Period: 300,
          TreatMissingData: 'notBreaching',
          AlarmActions: told,
          OKActions: told,
          ...properties,
        },
      },
    ]),
  );
  return { Resources: Object.fromEntries(resources) };
}

const ONCE = {
  Statistic: 'Sum',
  EvaluationPeriods: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  Threshold: 1,
};

/** @param {number} slowMs */
const alarmsOf = (slowMs) => ({
  // It ran out of time or memory, or could not start. What the service itself answers with 500 or 504: ApiFailures.
  Errors: { ...ONCE, MetricName: 'Errors', AlarmDescription: 'A function ended without an answer.' },
  // The account's concurrency is used up.
  Throttles: { ...ONCE, MetricName: 'Throttles', AlarmDescription: 'Lambda had no place to run a function.' },
  // In two of three times five minutes.
  Slow: {
    AlarmDescription: "The slowest hundredth of a function's calls takes too long.",
    MetricName: 'Duration',
    ExtendedStatistic: 'p99',
    EvaluateLowSampleCountPercentile: 'ignore',
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: slowMs,
  },
});
