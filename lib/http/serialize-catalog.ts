import type { Config } from '../config.ts';
import type { SignableRequest } from '../signing/signed-request.ts';
import { publicUrlOf } from './public-url.ts';

type Settings = Pick<Config, 'publicUrl' | 'region'>;

/**
 * Returns the service catalog. gophertelekomcloud looks for the KMS as `kmsv1`, with the project in the address.
 * Source: IAM API reference, "Querying a Service Catalog"; gophertelekomcloud, `openstack/client.go`, `NewKMSV1`, and
 * `openstack/kms/v1/grants/urls.go`.
 * @param projectId of the caller's credentials, if they have one
 */
export function serializeCatalog(publicUrl: string, region: string, projectId: string | undefined) {
  const paths = {
    identity: '/v3',
    kms: '/v1.0',
    ...(projectId !== undefined && { kmsv1: `/v1.0/${projectId}` }),
  };
  return Object.entries(paths).map(([type, path]) => ({
    id: type,
    type,
    name: type,
    endpoints: [{ id: `${type}-public`, interface: 'public', region, region_id: region, url: publicUrl + path }],
  }));
}

/**
 * Returns a function that gives the catalog for a token object, or nothing if the request has `?nocatalog`.
 * @throws KmsError as `publicUrlOf`
 */
export function tokenCatalog(config: Settings, request: SignableRequest): (projectId: string | undefined) => object {
  if (new URLSearchParams(request.query).has('nocatalog')) return () => ({});
  const publicUrl = publicUrlOf(config, request);
  return (projectId) => ({ catalog: serializeCatalog(publicUrl, config.region, projectId) });
}
