import { openapiDocument } from './document.ts';

interface DocumentationFile {
  /** Of its URL. */
  path: string;
  contentType: string;
  content: string;
}

/** The description of the API as files of the website. */
export async function documentationFiles(): Promise<DocumentationFile[]> {
  const document = await openapiDocument();
  return [{ path: '/openapi.json', contentType: 'application/json', content: JSON.stringify(document) }];
}
