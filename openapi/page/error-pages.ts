/** The page of each error, and the list of all. */
import { ERRORS, type ErrorCode, errorBody, KmsError } from '../../lib/errors.ts';
import { ERROR_TEXTS, type ErrorCase } from '../error-texts.ts';
import type { ApiDescription } from './document.ts';
import { type Html, html } from './html.ts';
import type { Text } from './language.ts';
import { type Assets, layout } from './layout.ts';
import { plain } from './markdown.ts';
import { anchorOf, code, fragmentOf, nameOf } from './operation.ts';
import { addressOf, ERROR_PAGES, type ErrorPage, type Page } from './site.ts';
import { REPEAT, WORDS } from './words.ts';

const REQUEST_ID = '5a2cf80edd144f7c9dbd6db1bd2c7b31';

export function errorPage(page: Page, errors: ErrorPage, api: ApiDescription, assets: Assets): string {
  const { name, label, codes } = errors;
  const [first, ...others] = codes as [ErrorCode, ...ErrorCode[]];
  const status = others.length === 0 && !label.startsWith(String(ERRORS[first].status)) && `${ERRORS[first].status} `;
  const main = html`<p class="breadcrumb"><a href="${addressOf(page.language, '/errors')}">${page.say(WORDS.allErrorCodes)}</a></p>
<h1>${status}<code>${label}</code></h1>
${others.length > 0 && statusList(page, codes)}${codes.map((each) => errorSection(page, each, { isAlone: others.length === 0 }))}<p class="hint">${page.inline(WORDS.requestIdHint)}</p>
${senders(page, codes, api)}`;
  const text = ERRORS[first].text;
  const { meaning } = ERROR_TEXTS[first];
  return layout(page, assets, {
    page: `/errors/${name}`,
    title: others.length === 0 ? { en: `${label}: ${text}`, zh: `${label}：${text}` } : { en: label, zh: label },
    description: { en: plain(meaning.en), zh: plain(meaning.zh) },
    main,
  });
}

/** Where several errors share the page: links to the section of each. */
function statusList(page: Page, codes: readonly ErrorCode[]): Html {
  return html`<nav aria-label="${page.say(WORDS.contents)}"><ul>
${codes.map((each) => html`<li><a href="#${fragmentOf(each)}">${ERRORS[each].status} <span lang="en">${ERRORS[each].text}</span></a></li>\n`)}</ul></nav>
`;
}

function errorSection(page: Page, internal: ErrorCode, { isAlone }: { isAlone: boolean }): Html {
  const { status, text } = ERRORS[internal];
  const { meaning, repeat, cases } = ERROR_TEXTS[internal];
  const { say } = page;
  const id = fragmentOf(internal);
  const heading = (title: string, content: string | Html) =>
    isAlone ? html`<h2 id="${id}-${title}">${content}</h2>\n` : html`<h3 id="${id}-${title}">${content}</h3>\n`;
  return html`<section class="error" id="${id}"${!isAlone && html` aria-labelledby="${id}-title"`}>
${!isAlone && html`<h2 id="${id}-title">${status} <span lang="en">${text}</span></h2>\n`}${isAlone && html`<p class="sent-text" lang="en">${text}</p>\n`}<p class="lead">${page.inline(meaning)}</p>
${heading('causes', say(WORDS.causesAndCures))}<ol class="cases">
${cases.map((each) => errorCase(page, each))}</ol>
${heading('repeat', say(WORDS.repeatTitle))}<p class="repeat ${repeat}">${page.inline(REPEAT[repeat])}</p>
${heading('reply', `${say(WORDS.exampleReply)} ${status}`)}${code(JSON.stringify(exampleOf(internal), null, 2))}</section>
`;
}

/** What the service would send for the first case that has a text of its own. */
function exampleOf(internal: ErrorCode): object {
  const detail = ERROR_TEXTS[internal].cases.find(({ says }) => says && isWhole(says))?.says;
  return errorBody(new KmsError(internal, { detail }), REQUEST_ID);
}

const isWhole = (says: string) => !says.includes('…') && /^[A-Z].*\.$/.test(says);

function errorCase(page: Page, { says, cause, cure, command }: ErrorCase): Html {
  const { say } = page;
  return html`<li>
${says !== undefined && html`<p class="says"><strong>${say(WORDS.says)}</strong> <q lang="en">${says}</q></p>\n`}<p class="cause"><strong>${say(WORDS.cause)}</strong> ${page.inline(cause)}</p>
<p class="cure"><strong>${say(WORDS.cure)}</strong> ${page.inline(cure)}</p>
${command !== undefined && code(command)}</li>
`;
}

/** Links to the operations, if not nearly all of them have the code. */
function senders(page: Page, codes: readonly ErrorCode[], api: ApiDescription): Html {
  const found = api.operations.filter(({ errors }) =>
    errors.some((reply) => reply.codes.some((each) => codes.some((known) => known === each))),
  );
  if (found.length === 0) return html``;
  return html`<h2>${page.say(WORDS.sentBy)}</h2>
<ul class="senders">
${found.map((operation) => html`<li><a href="${addressOf(page.language)}#${anchorOf(operation)}"><code>${nameOf(operation)}</code></a></li>\n`)}</ul>
`;
}

export function errorIndex(page: Page, assets: Assets): string {
  const groups: readonly [Text, (name: string) => boolean][] = [
    [WORDS.kmsErrors, (name) => name.startsWith('KMS.')],
    [WORDS.gatewayErrors, (name) => name.startsWith('APIGW.')],
    [WORDS.tokenApi, (name) => name.startsWith('Keystone.')],
  ];
  const main = html`<h1>${page.say(WORDS.errorCodes)}</h1>
<p class="lead">${page.inline(WORDS.errorsIntro)}</p>
<p>${page.inline(WORDS.requestIdHint)}</p>
${groups.map(([title, isIn]) =>
  indexTable(
    page,
    title,
    ERROR_PAGES.filter(({ name }) => isIn(name)),
  ),
)}`;
  return layout(page, assets, { page: '/errors', title: WORDS.errorCodes, description: WORDS.errorsIntro, main });
}

function indexTable(page: Page, title: Text, pages: readonly ErrorPage[]): Html {
  return html`<table class="errors">
<caption>${page.say(title)}</caption>
<thead><tr><th scope="col">${page.say(WORDS.code)}</th><th scope="col">${page.say(WORDS.meaning)}</th></tr></thead>
<tbody>
${pages.flatMap(({ name, label, codes }) =>
  codes.map((each) => {
    const { status, text } = ERRORS[each];
    const fragment = codes.length > 1 && `#${fragmentOf(each)}`;
    const isStatus = label.startsWith(String(status));
    return html`<tr><th scope="row">${!isStatus && `${status} `}<a href="${addressOf(page.language, `/errors/${name}`)}${fragment}"><code>${label}</code></a></th><td><span class="sent-text" lang="en">${text}</span><br>${page.inline(ERROR_TEXTS[each].meaning)}</td></tr>\n`;
  }),
)}</tbody>
</table>
`;
}
