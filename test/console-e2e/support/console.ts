/** The service as a process, and the console in a browser, for the tests of one file. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Demo, DemoUser } from '../../../local/demo.ts';
import { newDataDir, type ServiceProcess, startProcess } from '../../support/process.ts';
import { tokenOf } from './api.ts';
import { launchChromium } from './chromium.ts';
import { NOTHING_STORED, type Problems, recordProblems, storedBy } from './problems.ts';

export interface ConsoleService {
  url: string;
  demo: Demo;
  process: ServiceProcess;
  stop(): Promise<void>;
}

export interface OpenPage {
  page: Page;
  context: BrowserContext;
  problems: Problems;
}

type Role = 'creator' | 'grantee' | 'reader' | 'administrator';

interface Options {
  /** Starts the service. By default: the demo project in an empty data folder. */
  start?: () => Promise<ConsoleService>;
  env?: Record<string, string>;
  /** Where the start fills the data folder. */
  startTimeoutMs?: number;
}

export type Console = ReturnType<typeof useConsole>;

/** Starts the demo's service with a data folder of its own. @param prepare fills the data folder before the start */
export async function startDemo(
  env: Record<string, string> = {},
  prepare: (dataDir: string) => Promise<unknown> = async () => undefined,
): Promise<ConsoleService & { dataDir: string; restart(): Promise<void> }> {
  const dataDir = newDataDir();
  await prepare(dataDir);
  let process = await startProcess(dataDir, [], env);
  const port = new URL(process.url).port;
  return {
    dataDir,
    url: process.url,
    demo: process.demo(),
    get process() {
      return process;
    },
    async restart() {
      process = await startProcess(dataDir, [], { ...env, PORT: port });
    },
    async stop() {
      await process.stop('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * Starts service and browser before the tests of the file, and stops them after. After each test, every page that it
 * opened must be without problems and must have stored nothing in the browser.
 */
export function useConsole({ start, env, startTimeoutMs }: Options = {}) {
  let service: ConsoleService;
  let browser: Browser;
  const opened: OpenPage[] = [];
  const tokens = new Map<string, Promise<string>>();

  beforeAll(async () => {
    [service, browser] = await Promise.all([start ? start() : startDemo(env), launchChromium()]);
  }, startTimeoutMs);
  afterEach(async () => {
    const pages = opened.splice(0);
    try {
      for (const { page, context, problems } of pages) {
        if (page.isClosed()) continue;
        if (page.url().startsWith(service.url)) expect(await storedBy(page)).toEqual(NOTHING_STORED);
        expect(await context.cookies()).toEqual([]);
        expect(problems.found()).toEqual([]);
      }
    } finally {
      for (const { context } of pages) await context.close();
    }
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  const userOf = (role: Role): DemoUser => {
    const user = service.demo.users.find(({ name }) => name === role);
    if (!user) throw new Error(`the demo has no ${role}`);
    return user;
  };

  return {
    get service() {
      return service;
    },
    get browser() {
      return browser;
    },
    user: userOf,
    /** Opens a page in a browser context of its own, as another person would. @param path below /console */
    async open(path = '', options: BrowserContextOptions = {}): Promise<OpenPage> {
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Asia/Shanghai', ...options });
      const problems = await recordProblems(context);
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const open = { page, context, problems };
      opened.push(open);
      await page.goto(`${service.url}/console${path}`);
      return open;
    },
    /** Opens a page and signs in. */
    async openAs(role: Role, path = '', options: BrowserContextOptions = {}): Promise<OpenPage> {
      const open = await this.open(path, options);
      await signIn(open.page, userOf(role));
      return open;
    },
    /** Calls an API of the KMS without the console. @throws for an error reply */
    async kms(role: Role, name: string, body: object): Promise<ApiReply> {
      const { url, demo } = service;
      const token = tokens.get(role) ?? tokenOf(url, userOf(role), demo.project_id);
      tokens.set(role, token);
      const response = await fetch(`${url}/v1.0/${demo.project_id}/kms/${name}`, {
        method: 'POST',
        headers: { 'X-Auth-Token': await token },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
      return response.json();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests read replies of every form
type ApiReply = any;

/** Fills the form of the sign-in page, in either language, and waits for the page behind it. */
export async function signIn(page: Page, user: DemoUser): Promise<void> {
  await page.getByLabel(/^(Domain|账号.*)$/).fill(user.domain_name);
  await page.getByLabel(/^(User name|用户名)$/).fill(user.name);
  await page.getByLabel(/^(Password|密码)$/).fill(user.password);
  await page.getByRole('button', { name: /^(Sign in|登录)$/ }).click();
  await page.getByRole('banner').waitFor();
}
