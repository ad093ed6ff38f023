// @ts-check
/** Checks of settings, so that a mistake stops or shows at the packaging. */

/** @typedef {import('./per-function.js').Framework} Framework */

/** As CORS_ORIGINS in lib/config.ts: `*` would let every web page use the token of its visitor. */
const ORIGIN = /^https?:\/\/[\w.-]+(:\d{1,5})?$/;

/**
 * Returns the origins that browsers may call from.
 * @param {Framework} framework
 */
export async function corsOrigins({ resolveVariable }) {
  const setting = String(await resolveVariable('param:corsOrigins'));
  const origins = setting.split(',').map((origin) => origin.trim());
  if (setting !== 'none' && !origins.every((origin) => ORIGIN.test(origin))) {
    throw new Error('corsOrigins must be none, or origins such as https://app.example.com, separated by commas');
  }
  return origins;
}

/**
 * Returns the topics that get the alarms. Warns if the stage prod has none.
 * @param {Framework} framework
 */
export async function alarmTopics({ resolveVariable }) {
  const setting = String(await resolveVariable('param:alarmTopics'));
  if (setting === 'none' && (await resolveVariable('sls:stage')) === 'prod') {
    console.warn(
      'Warning: prod has no alarmTopics, so nobody gets its alarms. Deploy with --param=alarmTopics=<ARN of an SNS topic>.',
    );
  }
  return setting;
}

/**
 * Returns whether the console is deployed.
 * @param {Pick<Framework, 'resolveVariable'>} framework
 */
export async function hasConsole({ resolveVariable }) {
  const setting = String(await resolveVariable('param:console'));
  if (setting !== 'on' && setting !== 'off') throw new Error('console must be on or off');
  return setting === 'on';
}
