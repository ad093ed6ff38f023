import { ERRORS, type ErrorCode } from '../../lib/errors.ts';
import { ROLES } from '../../lib/identity/roles.ts';
import { ERROR_TEXTS } from '../error-texts.ts';
import { curlOf } from './curl.ts';
import type { Operation, Reply } from './document.ts';
import { descriptionOf, fieldTable } from './field-table.ts';
import { type Html, html } from './html.ts';
import { errorAddress, type Page } from './site.ts';
import { WORDS } from './words.ts';

/** The name under which people know an operation: the last segment of a KMS API, else method and path. */
export function nameOf({ method, path }: Pick<Operation, 'method' | 'path'>): string {
  return /\/kms\/([\w-]+)$/.exec(path)?.[1] ?? `${method} ${path}`;
}

/** The id of the section, and so a part of addresses that people keep. */
export function anchorOf(operation: Pick<Operation, 'method' | 'path'>): string {
  return nameOf(operation)
    .replaceAll(/[{}+]/g, '')
    .replaceAll(/[^\w.-]+/g, '-')
    .replace(/-$/, '');
}

/** @param shared codes that most operations have, which are not explained again */
export function operationSection(page: Page, operation: Operation, shared: ReadonlySet<string>): Html {
  const id = anchorOf(operation);
  const { method, path, summary, description, parameters, fields } = operation;
  return html`<section class="operation" id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${page.say(summary)} <a class="anchor" href="#${id}"><code>${nameOf(operation)}</code></a></h3>
<div class="operation-text">
<p class="route"><span class="method">${method}</span> <code>${breakablePath(path)}</code></p>
${page.blocks(description)}<p class="access"><strong>${page.say(WORDS.whoMayCall)}</strong>: ${accessOf(page, operation)}</p>
${fieldTable(page, parameters, WORDS.pathAndHeaders, 'request')}${fieldTable(page, fields, WORDS.bodyFields, 'request')}${operation.success.map((reply) => replyFields(page, reply))}${errorTable(page, operation.errors, shared)}</div>
<div class="operation-code">
<h4>${page.say(WORDS.request)}</h4>
${code(curlOf(operation))}${operation.success.map((reply) => replyExample(page, reply))}</div>
</section>
`;
}

/** A scrollable box must be reachable by keyboard. */
export function code(text: string): Html {
  return html`<pre tabindex="0"><code>${text}</code></pre>
`;
}

function breakablePath(path: string): Html[] {
  return path.split(/(?<=\/)/).map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`));
}

function accessOf(page: Page, { access, hasOwnCredentials }: Operation): Html {
  if (hasOwnCredentials) return html`${page.say(WORDS.otherCredentials)}`;
  if (access === 'anyone') return html`${page.say(WORDS.anyone)}`;
  if (access === 'caller') return html`${page.say(WORDS.anyCaller)}`;
  const roles = [...ROLES].filter(([, permissions]) => [...permissions].some((permission) => permission === access));
  return html`${page.say(WORDS.permission)} <code>${access}</code>; ${page.say(WORDS.roles)} ${roles.map(([role], index) => html`${index > 0 && ', '}<code>${role}</code>`)}`;
}

function replyFields(page: Page, { fields }: Reply): Html {
  const described = fields.filter((field) => descriptionOf(field).en !== '');
  return fieldTable(page, described, WORDS.replyFields, 'reply');
}

function replyExample(page: Page, { status, description, example }: Reply): Html {
  const body = example === undefined ? undefined : JSON.stringify(example, null, 2);
  return html`<h4>${page.say(WORDS.reply)} ${status}</h4>
<p>${page.inline(description)}</p>
${body !== undefined && code(body)}`;
}

const isKnown = (code: string): code is ErrorCode => code in ERRORS;

/** Codes of one page in one row, such as those of several statuses. */
function errorTable(page: Page, errors: readonly Reply[], shared: ReadonlySet<string>): Html {
  const codes = errors.flatMap((reply) => reply.codes).filter(isKnown);
  const own = codes.filter((code) => !shared.has(code));
  const others = codes.filter((code) => shared.has(code));
  return html`${
    own.length > 0 &&
    html`<table class="errors">
<caption>${page.say(WORDS.errors)}</caption>
<thead><tr><th scope="col">${page.say(WORDS.code)}</th><th scope="col">${page.say(WORDS.meaning)}</th></tr></thead>
<tbody>
${own.map((code) => html`<tr><th scope="row">${ERRORS[code].status} ${errorLink(page, code)}</th><td>${page.inline(ERROR_TEXTS[code].meaning)}</td></tr>\n`)}</tbody>
</table>
`
  }${others.length > 0 && html`<p class="shared">${page.say(WORDS.shared)} ${others.map((code, index) => html`${index > 0 && ', '}${ERRORS[code].status}&nbsp;${errorLink(page, code)}`)}</p>\n`}`;
}

export function errorLink(page: Page, code: ErrorCode): Html {
  const row: { status: number; title?: string } = ERRORS[code];
  const label = row.title ?? code.replace(/:.*/, '');
  const fragment = /[:]/.test(code) ? `#${fragmentOf(code)}` : '';
  return html`<a href="${errorAddress(page.language, code)}${fragment}"><code>${label}</code></a>`;
}

/** The section of a page that several rows of the table share. */
export const fragmentOf = (code: ErrorCode): string => code.replaceAll(/[.:]/g, '-');
