/** Changes one resource. A change is tried again if another request has changed the resource meanwhile. */
import { type ProvisionedResource, type ResourceOf, type ResourceType, uniqueValuesOf } from '../domain/provisioned.ts';
import { KmsError } from '../errors.ts';
import { ScimError } from '../http/scim-error.ts';
import type { ScimContext, ScimRequest } from './context.ts';
import { assertIfMatch } from './etag.ts';

/** How often a change is tried. An identity provider sends the changes of a user one by one, so conflicts are rare. */
const ATTEMPTS_MAX = 5;

interface Change<T extends ResourceType> {
  type: T;
  id: string;
  request: Pick<ScimRequest, 'headers'>;
  /** Returns the resource as it is to be; undefined to remove it. */
  change(before: ResourceOf<T>): ResourceOf<T> | undefined;
  /**
   * Returns the resource as it is to be if `change` gives it a name or externalId of another one. Absent: such a change
   * is refused.
   */
  changeIfTaken?(before: ResourceOf<T>): ResourceOf<T>;
  /** Called before the write, so that a crash between the two leaves a job too many and never one too few. */
  beforeWrite?(before: ResourceOf<T>, after: ResourceOf<T> | undefined): Promise<void>;
}

export const notFound = () =>
  new ScimError(undefined, 'There is no resource with this id. Search for it by its name or externalId.', 404);

export const taken = () =>
  new ScimError(
    'uniqueness',
    'Another resource has this name or externalId. Search for it and update it instead.',
    409,
  );

/**
 * Changes or removes a resource.
 * @returns the resource as stored, or as it was before it was removed; undefined if there is none
 * @throws ScimError with status 409 and 412, and those of `change`
 */
export async function changeResource<T extends ResourceType>(
  { store: { scim }, source, now }: ScimContext,
  { type, id, request, change, changeIfTaken, beforeWrite }: Change<T>,
): Promise<ResourceOf<T> | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const before = await scim.find(source.name, type, id);
    if (!before) return undefined;
    assertIfMatch(request.headers, before);
    let changed = change(before);
    // Checked before the job of a deactivation is started, although the write checks it again.
    if (changed && (await isTaken(scim, changed))) {
      if (!changeIfTaken) throw taken();
      changed = changeIfTaken(before);
    }
    const after = changed && { ...changed, modifiedAtMs: now() };
    if (changed && isSameContent(before, changed)) return before;
    await beforeWrite?.(before, after);
    const result = after ? await scim.save(after) : await scim.remove(before);
    if (result === 'taken') throw taken();
    if (result === 'done') return after ? { ...after, version: after.version + 1 } : before;
  }
  throw new KmsError('KMS.0104', {
    detail: 'Other requests change the resource at the same time.',
    retryAfterSeconds: 1,
  });
}

const isSameContent = (one: object, other: object) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** Returns the members in order of their names, without those that are undefined: they are stored like absent ones. */
const sorted = (value: object) =>
  Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => Number(a > b) - Number(a < b));

/** Whether a different user or group of the source has the name or the externalId of this one. */
async function isTaken(scim: ScimContext['store']['scim'], resource: ProvisionedResource): Promise<boolean> {
  const { source, type, id } = resource;
  for (const [attribute, value] of uniqueValuesOf(resource)) {
    const holder = await scim.findBy(source, type, attribute, value);
    if (holder && holder.id !== id) return true;
  }
  return false;
}
