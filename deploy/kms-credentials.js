// @ts-check
/** The secret that functions sign with in front of another KMS (docs/upstream.md). Who may read it follows from the setting. */

/** @typedef {import('./per-function.js').Framework} Framework */

/** As Secrets Manager writes it: whole, so that nothing else of the account comes with it. */
const SECRET = /^aws:(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+)$/;

/**
 * What lets a role read the secret: no statement where no secret is needed.
 * @param {Framework} framework
 */
export async function statement({ resolveVariable }) {
  const credentials = String(await resolveVariable('param:kmsCredentials'));
  if ((await resolveVariable('param:authority')) !== 'upstream' || credentials === 'caller') {
    return { Ref: 'AWS::NoValue' };
  }
  const [, arn] = SECRET.exec(credentials) ?? [];
  // A function has no file of its own, and its environment is no place for a secret key.
  if (!arn) throw new Error('kmsCredentials must be caller or aws:<ARN of a secret> for authority=upstream');
  return { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn };
}
