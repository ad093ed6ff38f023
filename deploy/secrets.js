// @ts-check
/**
 * The secrets that a deployment names in its settings. Who may read one follows from the setting: each function here makes
 * the statement of a role, or none where there is no secret.
 */

/** @typedef {import('./per-function.js').Framework} Framework */

/** As Secrets Manager writes it: whole, so that nothing else of the account comes with it. */
const SECRET = /^aws:(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+)$/;

const NONE = { Ref: 'AWS::NoValue' };

/**
 * What functions sign with in front of another KMS (docs/upstream/).
 * @param {Framework} framework
 */
export async function kmsCredentials({ resolveVariable }) {
  const credentials = String(await resolveVariable('param:kmsCredentials'));
  if ((await resolveVariable('param:authority')) !== 'upstream' || credentials === 'caller') return NONE;
  return reading(credentials, 'kmsCredentials must be caller or aws:<ARN of a secret> for authority=upstream');
}

/**
 * Who may send hooks.
 * @param {Framework} framework
 */
export async function hooks(framework) {
  const statement = await named(framework, 'hooks');
  // As lib/config.ts has it; told here, before every function says so.
  if (statement !== NONE && (await framework.resolveVariable('param:kmsCredentials')) === 'caller') {
    throw new Error('hooks needs other kmsCredentials than caller: nobody calls when a hook comes');
  }
  return statement;
}

/**
 * Who hears of changes.
 * @param {Framework} framework
 */
export const targets = (framework) => named(framework, 'targets');

/**
 * @param {Framework} framework
 * @param {string} setting
 */
async function named({ resolveVariable }, setting) {
  const value = String(await resolveVariable(`param:${setting}`));
  return value === '' ? NONE : reading(value, `${setting} must be aws:<ARN of a secret>, or empty`);
}

/**
 * @param {string} value
 * @param {string} refusal
 */
function reading(value, refusal) {
  const [, arn] = SECRET.exec(value) ?? [];
  // A function has no file of its own, and its environment is no place for a secret.
  if (!arn) throw new Error(refusal);
  return { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn };
}
