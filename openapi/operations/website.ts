/** The website: the console, and the description of the API. Source: docs/console.md. */
import type { Operation, Operations, Text } from '../types.ts';

const ETAG = {
  ETag: {
    description: {
      en: 'Identifies the contents. Send it as `If-None-Match`.',
      zh: '内容标识，可作为 `If-None-Match` 发送。',
    },
    schema: { type: 'string' },
    required: true,
  },
};

function websiteFile(id: string, contentType: string, summary: Text, description: Text): Operation {
  return {
    id,
    tag: 'website',
    summary,
    description,
    codes: ['APIGW.0101'],
    replies: {
      200: {
        description: { en: 'The file.', zh: '文件内容。' },
        contentType,
        schema: contentType === 'application/json' ? { type: 'object' } : { type: 'string' },
        headers: ETAG,
      },
      304: { description: { en: 'You have the file already.', zh: '文件未变化。' }, headers: ETAG },
    },
  };
}

const console_: Text = { en: 'The console', zh: '控制台' };
const consoleText: Text = {
  en: 'The web page on which people list and revoke grants. `CONSOLE=off` leaves it out.',
  zh: '用于查询和撤销授权的网页。`CONSOLE=off` 时不提供。',
};
const docs: Text = { en: 'The documentation of the API', zh: 'API 文档' };
const docsText: Text = {
  en: 'Pages for readers, in English and Chinese. Each error code has an address of its own.',
  zh: '中英文文档页面，每个错误码都有独立地址。',
};

export const WEBSITE_OPERATIONS: Operations = {
  'GET /openapi.json': websiteFile(
    'openapiDocument',
    'application/json',
    { en: 'This document', zh: '本文档' },
    { en: 'The description of the API for programs.', zh: '供程序使用的 API 描述。' },
  ),
  'GET /docs': websiteFile('docs', 'text/html', docs, docsText),
  'GET /docs/{path+}': websiteFile('docsPage', 'text/html', docs, docsText),
  'GET /console': websiteFile('console', 'text/html', console_, consoleText),
  'GET /console/{path+}': websiteFile('consolePage', 'text/html', console_, consoleText),
};
