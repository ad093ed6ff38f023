/**
 * Stubs that replace the modules which a deployment does not use, so that its functions do not carry them.
 * package.json, `imports`, maps each module to its stub; serverless.yml, `conditions`, chooses.
 */
import { ConfigError } from './config.ts';
import type { Accounts } from './identity/accounts.ts';

/** @returns a function that throws: the environment no longer matches what the functions were packaged for */
function notPackaged(setting: string, packagedFor: string, param: string) {
  return () => {
    throw new ConfigError(
      `${setting} differs from the setting these functions were packaged for (${packagedFor}). Deploy again with --param=${param}.`,
    );
  };
}

export const upstream: typeof import('./authority/upstream/upstream.ts').upstream = notPackaged(
  'AUTHORITY',
  'standalone',
  'authority=upstream',
);

export const standalone: typeof import('./authority/standalone/standalone.ts').standalone = notPackaged(
  'AUTHORITY',
  'upstream',
  'authority=standalone',
);

export const keystoneAuthenticator: typeof import('./identity/keystone.ts').keystoneAuthenticator = notPackaged(
  'IDENTITY',
  'directory',
  'identity=keystone',
);

export const directoryAuthenticator: typeof import('./identity/directory.ts').directoryAuthenticator = notPackaged(
  'IDENTITY',
  'keystone',
  'identity=directory',
);

/** Only the admin command creates accounts; a deployed function may only disable and enable them. */
export const accounts: typeof import('./identity/accounts.ts').accounts = () =>
  new Proxy({} as Accounts, {
    get() {
      throw new Error('accounts can only be changed by the admin command');
    },
  });
