// @ts-check
/**
 * IAM statements that allow a role to read the secret that a setting names. A setting without a secret gives no
 * statement.
 */

/** @typedef {import('./per-function.js').Framework} Framework */

/** A full ARN without wildcards, so that the statement covers this one secret. */
const SECRET = /^aws:(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+)$/;

const NO_STATEMENT = { Ref: 'AWS::NoValue' };

/**
 * Allows the functions that call the upstream KMS to read its credentials.
 * @param {Framework} framework
 */
export async function kmsCredentials({ resolveVariable }) {
  const credentials = String(await resolveVariable('param:kmsCredentials'));
  if ((await resolveVariable('param:authority')) !== 'upstream' || credentials === 'caller') return NO_STATEMENT;
  return readSecret(credentials, 'kmsCredentials must be caller or aws:<ARN of a secret> for authority=upstream');
}

/**
 * Allows the functions that receive webhooks and chat, and the worker, to read the sources.
 * @param {Framework} framework
 */
export async function hooks(framework) {
  const statement = await secretOf(framework, 'hooks');
  // lib/config.ts has the same check. Here it stops the packaging, so that no functions are deployed that cannot start.
  if (statement !== NO_STATEMENT && (await framework.resolveVariable('param:kmsCredentials')) === 'caller') {
    throw new Error(
      'kmsCredentials must be aws:<ARN of a secret> because hooks is set: webhooks and chat carry no token of a caller',
    );
  }
  return statement;
}

/**
 * Allows the functions that answer in chat to read the secrets that chat sources refer to.
 * @param {Framework} framework
 */
export async function chatSecrets({ resolveVariable }) {
  const value = String(await resolveVariable('param:chatSecrets'));
  if (value === '') return NO_STATEMENT;
  const message = 'chatSecrets must be aws:<ARN of a secret>, several of them separated by commas, or empty';
  const statements = value.split(',').map((secret) => readSecret(secret.trim(), message));
  return { ...statements[0], Resource: statements.map(({ Resource }) => Resource) };
}

/**
 * Allows the worker to read the targets.
 * @param {Framework} framework
 */
export const targets = (framework) => secretOf(framework, 'targets');

/**
 * @param {Framework} framework
 * @param {string} setting
 */
async function secretOf({ resolveVariable }, setting) {
  const value = String(await resolveVariable(`param:${setting}`));
  return value === '' ? NO_STATEMENT : readSecret(value, `${setting} must be aws:<ARN of a secret>, or empty`);
}

/**
 * @param {string} value
 * @param {string} message of the error, if the value names no secret
 */
function readSecret(value, message) {
  const [, arn] = SECRET.exec(value) ?? [];
  // file: and env are for one machine: a function has no local files, and its environment is not secret.
  if (!arn) throw new Error(message);
  return { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn };
}
