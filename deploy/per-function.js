// @ts-check
/** Generates the log permissions, throttles and alarms of each function in serverless.yml. */
// @ts-expect-error: the framework publishes no types for this module.
import naming from 'serverless/lib/plugins/aws/lib/naming.js';
import { alarmTopics, hasConsole } from './checks.js';

/**
 * @typedef {object} Framework The argument that the framework passes to the functions that `${file(…):name}` names.
 * @property {(path: string[]) => Promise<unknown>} resolveConfigurationProperty
 * @property {(variable: string) => Promise<unknown>} resolveVariable
 *
 * @typedef {{ role: string, events: { httpApi?: string }[] }} FunctionEntry
 * @typedef {{ name: string, role: string, routes: string[], perSecond: string, slowMs: number }} DeployedFunction
 */

/**
 * By role: the setting that throttles the function's routes, and the duration above which the alarm Slow is raised.
 * @type {Record<string, { perSecond: string, slowMs: number }>}
 */
const LIMITS_BY_ROLE = {
  NothingRole: { perSecond: 'othersPerSecond', slowMs: 1000 },
  ReaderRole: { perSecond: 'readsPerSecond', slowMs: 2000 },
  LookupRole: { perSecond: 'readsPerSecond', slowMs: 2000 },
  JobsRole: { perSecond: 'changesPerSecond', slowMs: 5000 },
  ChangerRole: { perSecond: 'changesPerSecond', slowMs: 5000 },
  LoginRole: { perSecond: 'tokensPerSecond', slowMs: 3000 },
  RevokeTokenRole: { perSecond: 'othersPerSecond', slowMs: 3000 },
  MappingRole: { perSecond: 'othersPerSecond', slowMs: 3000 },
  DirectoryRole: { perSecond: 'othersPerSecond', slowMs: 3000 },
  SweeperRole: { perSecond: 'othersPerSecond', slowMs: 45_000 },
  HookRole: { perSecond: 'hooksPerSecond', slowMs: 2000 },
  // A filter without an index reads many users.
  ScimRole: { perSecond: 'hooksPerSecond', slowMs: 5000 },
  // Slack shows an error after 3 s.
  ChatRole: { perSecond: 'hooksPerSecond', slowMs: 2500 },
  // A long job continues until shortly before the function's timeout of 110 s.
  WorkerRole: { perSecond: 'othersPerSecond', slowMs: 105_000 },
  FinderRole: { perSecond: 'othersPerSecond', slowMs: 30_000 },
};

/**
 * @param {Framework} framework
 * @returns {Promise<DeployedFunction[]>}
 */
async function deployedFunctions({ resolveConfigurationProperty, resolveVariable }) {
  const functions = /** @type {Record<string, FunctionEntry>} */ (await resolveConfigurationProperty(['functions']));
  const isDeployed = (await hasConsole({ resolveVariable }))
    ? () => true
    : (/** @type {string} */ name) => name !== 'console';
  return Object.entries(functions)
    .filter(([name]) => isDeployed(name))
    .map(([name, { role, events }]) => {
      const limits = LIMITS_BY_ROLE[role];
      if (!limits) throw new Error(`${name} has the role "${role}", which is missing in deploy/per-function.js`);
      return { name, role, routes: events.flatMap(({ httpApi }) => httpApi ?? []), ...limits };
    });
}

/**
 * Returns the log groups of each role's functions, to which the role may write.
 * @param {Framework} framework
 */
export async function logs(framework) {
  const byRole = Object.groupBy(await deployedFunctions(framework), ({ role }) => role);
  return Object.fromEntries(
    Object.entries(byRole).map(([role, functions = []]) => [
      role,
      functions.map(({ name }) => ({ 'Fn::GetAtt': [naming.getLogGroupLogicalId(name), 'Arn'] })),
    ]),
  );
}

/**
 * Returns the throttle of each route, as an extension of the API's stage.
 * @param {Framework} framework
 */
export async function stage(framework) {
  /** @param {string} setting */
  const throttle = async (setting) => {
    // A value of --param is text, and the framework passes RouteSettings on without converting it.
    const perSecond = Number(await framework.resolveVariable(`param:${setting}`));
    if (!Number.isInteger(perSecond) || perSecond < 1) throw new Error(`${setting} must be a whole number above 0`);
    return { ThrottlingRateLimit: perSecond, ThrottlingBurstLimit: perSecond };
  };
  const routes = (await deployedFunctions(framework)).flatMap(({ routes, perSecond }) =>
    routes.map((key) => ({ key, perSecond })),
  );
  const settings = routes.map(async ({ key, perSecond }) => [
    key === '*' ? '$default' : key,
    await throttle(perSecond),
  ]);
  return {
    // API Gateway rejects the settings of a route that does not exist yet.
    DependsOn: routes.map(({ key }) => naming.getHttpApiRouteLogicalId(key)),
    Properties: {
      DefaultRouteSettings: { DetailedMetricsEnabled: false, ...(await throttle('othersPerSecond')) },
      RouteSettings: Object.fromEntries(await Promise.all(settings)),
    },
  };
}

/**
 * Returns the alarms of each function, as resources of the stack.
 * @param {Framework} framework
 */
export async function alarms(framework) {
  const topics = await alarmTopics(framework);
  const actions = { 'Fn::If': ['HasAlarmTopics', { 'Fn::Split': [',', topics] }, { Ref: 'AWS::NoValue' }] };
  const resources = (await deployedFunctions(framework)).flatMap(({ name, slowMs }) =>
    Object.entries(alarmsOf(name, slowMs)).map(([kind, properties]) => [
      `${naming.toStartCase(name)}${kind}`,
      {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          Namespace: 'AWS/Lambda',
          Dimensions: [{ Name: 'FunctionName', Value: { Ref: naming.getLambdaLogicalId(name) } }],
          Period: 300,
          TreatMissingData: 'notBreaching',
          AlarmActions: actions,
          OKActions: actions,
          ...properties,
        },
      },
    ]),
  );
  return { Resources: Object.fromEntries(resources) };
}

const ANY_IN_A_PERIOD = {
  Statistic: 'Sum',
  EvaluationPeriods: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  Threshold: 1,
};

/**
 * @param {string} name
 * @param {number} slowMs
 */
const alarmsOf = (name, slowMs) => ({
  // Timeouts, lack of memory and failed starts. Replies of 500 and above are counted by the alarm ApiFailures.
  Errors: {
    ...ANY_IN_A_PERIOD,
    MetricName: 'Errors',
    AlarmDescription: `Function ${name} ended without a reply: out of time or memory, or a failed start. See its log.`,
  },
  Throttles: {
    ...ANY_IN_A_PERIOD,
    MetricName: 'Throttles',
    AlarmDescription: `Lambda throttled function ${name}: a concurrency limit was reached. See the account's limit.`,
  },
  // In two of three periods of five minutes.
  Slow: {
    AlarmDescription: `The slowest 1 % of calls of function ${name} took over ${slowMs} ms. See the times in its log.`,
    MetricName: 'Duration',
    ExtendedStatistic: 'p99',
    EvaluateLowSampleCountPercentile: 'ignore',
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: slowMs,
  },
});
