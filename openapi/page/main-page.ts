/** The page with all operations. */
import type { ApiDescription, Operation, Tag, Webhook } from './document.ts';
import { fieldTable } from './field-table.ts';
import { type Html, html } from './html.ts';
import { type Assets, layout } from './layout.ts';
import { anchorOf, code, nameOf, operationSection } from './operation.ts';
import type { Page } from './site.ts';
import { START_SECTIONS, startSection } from './start.ts';
import { WORDS } from './words.ts';

/** Codes that at least this part of the operations have are not explained at each of them. */
const SHARED_PART = 0.6;

interface Group {
  tag: Tag;
  operations: readonly Operation[];
}

export function mainPage(page: Page, api: ApiDescription, assets: Assets): string {
  const groups = api.tags
    .map((tag) => ({ tag, operations: api.operations.filter((operation) => operation.tag === tag.name) }))
    .filter(({ operations }) => operations.length > 0);
  const shared = sharedCodes(api.operations);
  const { say } = page;
  const main = html`<h1>${say(WORDS.siteTitle)}</h1>
<p class="lead">${say(WORDS.intro)}</p>
<section id="start" aria-labelledby="start-title">
<h2 id="start-title">${say(WORDS.start)}</h2>
${START_SECTIONS.map((section) => startSection(page, section))}</section>
<section id="operations" aria-labelledby="operations-title">
<h2 id="operations-title">${say(WORDS.operations)}</h2>
${groups.map(({ tag, operations }) => summaryTable(page, tag, operations))}</section>
${groups.map((group) => groupSection(page, group, shared))}${api.webhooks.length > 0 && webhookSection(page, api.webhooks)}`;
  return layout(page, assets, {
    page: '',
    title: WORDS.siteTitle,
    description: WORDS.intro,
    main,
    contents: contentsOf(page, groups, api.webhooks.length > 0),
  });
}

export function sharedCodes(operations: readonly Operation[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { errors } of operations) {
    for (const code of new Set(errors.flatMap(({ codes }) => codes))) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count >= operations.length * SHARED_PART).map(([code]) => code));
}

function contentsOf(page: Page, groups: readonly Group[], hasEvents: boolean): Html {
  const { say } = page;
  return html`<nav class="contents" aria-labelledby="contents-title">
<h2 id="contents-title">${say(WORDS.contents)}</h2>
<ul>
<li><a href="#start">${say(WORDS.start)}</a>
<ul>
${START_SECTIONS.map(({ id, title }) => html`<li><a href="#${id}">${say(title)}</a></li>\n`)}</ul></li>
${groups.map(
  ({ tag, operations }) => html`<li><a href="#${groupId(tag)}">${say(tag.title)}</a>
<ul>
${operations.map((operation) => html`<li><a href="#${anchorOf(operation)}">${nameOf(operation)}</a></li>\n`)}</ul></li>
`,
)}${hasEvents && html`<li><a href="#outgoing-events">${say(WORDS.events)}</a></li>\n`}</ul>
</nav>
`;
}

const groupId = (tag: Tag) => `group-${tag.name}`;

function summaryTable(page: Page, tag: Tag, operations: readonly Operation[]): Html {
  const { say } = page;
  return html`<table class="summary">
<caption>${say(tag.title)}</caption>
<thead><tr><th scope="col">${say(WORDS.operation)}</th><th scope="col">${say(WORDS.whatItDoes)}</th></tr></thead>
<tbody>
${operations.map(
  (operation) =>
    html`<tr><th scope="row"><a href="#${anchorOf(operation)}"><code>${nameOf(operation)}</code></a></th><td>${say(operation.summary)}</td></tr>\n`,
)}</tbody>
</table>
`;
}

function groupSection(page: Page, { tag, operations }: Group, shared: ReadonlySet<string>): Html {
  const id = groupId(tag);
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${page.say(tag.title)}</h2>
${page.blocks(tag.description)}${operations.map((operation) => operationSection(page, operation, shared))}</section>
`;
}

function webhookSection(page: Page, webhooks: readonly Webhook[]): Html {
  return html`<section id="outgoing-events" aria-labelledby="outgoing-events-title">
<h2 id="outgoing-events-title">${page.say(WORDS.events)}</h2>
${webhooks.map(
  ({
    name,
    summary,
    description,
    headers,
    fields,
    example,
  }) => html`<section class="operation" id="${name}" aria-labelledby="${name}-title">
<h3 id="${name}-title">${page.say(summary)}</h3>
<div class="operation-text">
${page.blocks(description)}${fieldTable(page, headers, WORDS.pathAndHeaders, 'request')}${fieldTable(page, fields, WORDS.bodyFields, 'reply')}</div>
<div class="operation-code">
<h4>${page.say(WORDS.payload)}</h4>
${code(JSON.stringify(example, null, 2))}</div>
</section>
`,
)}</section>
`;
}
