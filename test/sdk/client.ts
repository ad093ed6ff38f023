/**
 * A KMS client over the official Node core SDK, which signs, sends and parses. The SDK's generated KMS package is not
 * published, and its ClientBuilder needs a package that the SDK does not declare, so this file builds the same options.
 * Source: huaweicloud-sdk-nodejs-v3, services/kms/v2/KmsClient.ts.
 */
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { LogLevel } from '@huaweicloud/huaweicloud-sdk-core/logger/index.js';
import { Region } from '@huaweicloud/huaweicloud-sdk-core/region/region.js';

export interface Keys {
  access_key: string;
  secret_key: string;
}

/** The error that the SDK throws for an error reply. */
interface SdkError {
  name: string;
  httpStatusCode: number;
  errorCode: string;
  errorMsg: string;
  requestId: string;
}

// biome-ignore lint/suspicious/noExplicitAny: replies of every form
export type SdkReply = any;

export interface SdkClient {
  createGrant(body: object): Promise<SdkReply>;
  /** revoke-grant */
  cancelGrant(body: object): Promise<SdkReply>;
  /** retire-grant */
  cancelSelfGrant(body: object): Promise<SdkReply>;
  listGrants(body: object): Promise<SdkReply>;
  listRetirableGrants(body: object): Promise<SdkReply>;
  createKey(body: object): Promise<SdkReply>;
}

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

const JSON_UTF8 = 'application/json;charset=UTF-8';

/**
 * @param where the project, or the region whose project the SDK is to look up
 */
export function sdkClient(url: string, keys: Keys, where: { projectId: string } | { region: string }): SdkClient {
  const credentials = new BasicCredentials().withAk(keys.access_key).withSk(keys.secret_key).withIamEndpoint(url);
  const options = { logger: silent, headers: { 'User-Agent': 'huaweicloud-usdk-nodejs/3.0' } };
  const client = new HcClient(new DefaultHttpClient(options, [url]), options);
  if ('region' in where) client.withRegion(new Region(where.region, url));
  else credentials.withProjectId(where.projectId);
  client.withCredential(credentials).withEndpoints([url]);

  const call = (name: string) => (body: object) =>
    client.sendRequest({
      method: 'POST',
      url: `/v1.0/{project_id}/kms/${name}`,
      contentType: JSON_UTF8,
      queryParams: {},
      pathParams: {},
      headers: { 'Content-Type': JSON_UTF8 },
      data: body,
    });
  return {
    createGrant: call('create-grant'),
    cancelGrant: call('revoke-grant'),
    cancelSelfGrant: call('retire-grant'),
    listGrants: call('list-grants'),
    listRetirableGrants: call('list-retirable-grants'),
    createKey: call('create-key'),
  };
}

/** Returns the error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<SdkError> {
  const outcome = await call.then(
    (reply) => ({ reply }),
    (error: unknown) => ({ error }),
  );
  if ('reply' in outcome) throw new Error(`the call succeeded: ${JSON.stringify(outcome.reply)}`);
  return outcome.error as SdkError;
}
