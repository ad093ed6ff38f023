/** What stands in the place of what a deployment does not use, so that its functions do not carry it: package.json, `imports`. */
import { ConfigError } from './config.ts';
import type { Accounts } from './identity/accounts.ts';

/** @param setting in the environment, as it was changed beside the params that the functions were packaged with */
function refusing(setting: string, packaged: string, param: string) {
  return () => {
    throw new ConfigError(
      `${setting} is not what these functions were packaged for, which is ${packaged}: deploy again with the param ${param}`,
    );
  };
}

export const upstream: typeof import('./authority/upstream.ts').upstream = refusing(
  'AUTHORITY',
  'standalone',
  'authority=upstream',
);

export const standalone: typeof import('./authority/standalone.ts').standalone = refusing(
  'AUTHORITY',
  'upstream',
  'authority=standalone',
);

export const keystoneIdentity: typeof import('./identity/keystone.ts').keystoneIdentity = refusing(
  'IDENTITY',
  'directory',
  'identity=keystone',
);

export const directoryIdentity: typeof import('./identity/directory.ts').directoryIdentity = refusing(
  'IDENTITY',
  'keystone',
  'identity=directory',
);

/** Put together with all else, and used by the admin command only: no deployed function may write the directory. */
export const accounts: typeof import('./identity/accounts.ts').accounts = () =>
  new Proxy({} as Accounts, {
    get() {
      throw new Error('accounts are made by the admin command only');
    },
  });
