import { docsFiles } from './build-docs.ts';
import { openapiDocument } from './document.ts';

interface DocumentationFile {
  /** Of its URL. */
  path: string;
  contentType: string;
  content: string;
  /** The path contains a hash of the content. */
  isImmutable?: boolean;
}

/** The description of the API as files of the website: the document, and the pages that are made from it. */
export async function documentationFiles(): Promise<DocumentationFile[]> {
  const document = await openapiDocument();
  return [
    { path: '/openapi.json', contentType: 'application/json', content: JSON.stringify(document) },
    ...docsFiles(document).map(({ text, ...file }) => ({ ...file, content: text })),
  ];
}
