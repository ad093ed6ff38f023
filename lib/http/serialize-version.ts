/** The descriptions of the API versions that this service has. */

/** Source: OpenStack Identity API v3, "List versions". */
export const identityVersion = (publicUrl: string) => ({
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  links: [{ rel: 'self', href: `${publicUrl}/v3` }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
});

/** Source: KMS API reference, "Querying a Specified Version". */
export const kmsVersion = (publicUrl: string) => ({
  id: 'v1.0',
  status: 'CURRENT',
  updated: '2016-10-29T02:00:00Z',
  links: [{ rel: 'self', href: `${publicUrl}/v1.0` }],
  version: '',
  min_version: '',
});
