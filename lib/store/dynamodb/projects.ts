import type { Project } from '../../domain/directory.ts';
import type { Item } from './item.ts';
import { itemKey } from './schema.ts';
import type { Table } from './table.ts';

export const toProject = (item: Item): Project => ({
  projectId: String(item['projectId']),
  domainId: String(item['domainId']),
  name: String(item['name']),
});

/** Looks up projects of the directory. A function that needs no more of the directory bundles only this. */
export const dynamodbProjects = (table: Table) => ({
  async project(projectId: string): Promise<Project | undefined> {
    const item = await table.get(itemKey.project(projectId));
    return item && toProject(item);
  },
});
