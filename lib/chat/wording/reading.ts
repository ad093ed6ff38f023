/** The words of the answers to commands that change nothing. */
import type { JobState } from '../../domain/job.ts';
import type { NotUnderstood } from '../command.ts';
import type { ChatAction } from '../source.ts';
import { CHANNELS } from './channels.ts';
import { plural } from './counts.ts';

type Label =
  | 'actor'
  | 'approver'
  | 'attempts'
  | 'channel'
  | 'code'
  | 'created'
  | 'grant'
  | 'grantee'
  | 'grants'
  | 'identity'
  | 'issuer'
  | 'job'
  | 'key'
  | 'keyId'
  | 'name'
  | 'operations'
  | 'passedOn'
  | 'person'
  | 'principal'
  | 'project'
  | 'reason'
  | 'received'
  | 'remaining'
  | 'retiring'
  | 'revoked'
  | 'roles'
  | 'source'
  | 'state'
  | 'unmapped';

export interface ReadingWording {
  labels: Readonly<Record<Label, string>>;
  /** Between a label and its value in one line. */
  labelled(label: Label, value: string): string;
  helpTitle: string;
  /** What each command does, and an example. */
  commands: Readonly<Record<ChatAction | 'help' | 'whoami', { about: string; example: string }>>;
  example(text: string): string;
  nothingElse: string;
  whoamiTitle: string;
  noProjects: string;
  keysTitle: string;
  noKeys: string;
  grantCount(count: number): string;
  /** By `key_state` of the API. */
  keyStates: Readonly<Record<string, string>>;
  principalTypes: Readonly<Record<string, string>>;
  listTitle(key: string): string;
  noGrantsOnKey: string;
  whoTitle(person: string): string;
  noGrantsOfPerson: string;
  noSuchUser: string;
  howPeopleAreNamed: string;
  grantsOnKeys(grants: number, keys: number): string;
  showTitle: string;
  howToRevoke(command: string): string;
  goneTitle: string;
  newestEvent(action: string, time: string): string;
  eventsTitle(about: string): string;
  noEvents: readonly string[];
  moreEvents: string;
  /** By channel of events. */
  channels: Readonly<Record<string, string>>;
  jobTitle: string;
  jobStates: Readonly<Record<JobState, string>>;
  jobAbsent: string;
  leftover(grant: string): string;
  keyNotListed(key: string): string;
  allListedBy(api: string): string;
  incomplete(count: number, examples: string): string;
  wholeProject: string;
  absentTitle: Readonly<Record<'key' | 'grant' | 'person', string>>;
  absentHint: Readonly<Record<'key' | 'grant' | 'person', string>>;
  ambiguousTitle: Readonly<Record<'key' | 'grant' | 'person', string>>;
  ambiguousHint: string;
  notOfferedTitle: string;
  notOffered(command: string, source: string): string;
  notAllowedTitle: string;
  notAllowed(permissions: string, projects: string): string;
  failedTitle: string;
  failed(code: string, text: string): string;
  notUnderstood: Readonly<Record<NotUnderstood['problem'], string>>;
  didYouMean(usage: string): string;
  usage(usage: string): string;
  typeHelp: string;
}

const en: ReadingWording = {
  labels: {
    actor: 'By',
    approver: 'Approved by',
    attempts: 'Attempts with leftovers',
    channel: 'Through',
    code: 'Error',
    created: 'Created',
    grant: 'Grant',
    grantee: 'Grantee',
    grants: 'Grants',
    identity: 'Identity',
    issuer: 'Issued by',
    job: 'Job',
    key: 'Key',
    keyId: 'Key id',
    name: 'Name',
    operations: 'Operations',
    passedOn: 'Issued to others and not revoked',
    person: 'Person',
    principal: 'Principal id',
    project: 'Project',
    reason: 'Reason',
    received: 'Received',
    remaining: 'Not revoked',
    retiring: 'May be retired by',
    revoked: 'Revoked',
    roles: 'Roles',
    source: 'Source',
    state: 'State',
    unmapped: 'Identities without a mapping',
  },
  labelled: (label, value) => `${en.labels[label]}: ${value}`,
  helpTitle: 'What you can do here',
  commands: {
    help: { about: 'Shows the commands that you may use.', example: 'help list' },
    whoami: { about: 'Shows who you are to this service, and your roles.', example: 'whoami' },
    keys: { about: 'Lists the keys.', example: 'keys' },
    list: { about: 'Lists who may use a key. A key is named by its alias or its id.', example: 'list orders' },
    who: {
      about:
        'Lists the grants that a person holds. A person is named by a mention, a principal id or a mapped identity.',
      example: 'who @ann',
    },
    show: {
      about: 'Shows a grant. A grant is named by its id or at least the first 4 digits of it.',
      example: 'show 019a8c3e5f00',
    },
    events: { about: 'Lists what happened to a key, a grant or the grants of a person.', example: 'events orders' },
    job: {
      about: 'Shows how far a revocation in the background has got.',
      example: `job ${'0123456789abcdef'.repeat(2)}`,
    },
    revoke: {
      about: 'Revokes one grant, after a preview. The grant is named by its id or at least the first 4 digits of it.',
      example: 'revoke orders 019a8c3e5f00 reason left the team',
    },
    'revoke-all': {
      about: 'Revokes all grants that a person holds, or those on one key, after a preview.',
      example: 'revoke-all @ann on orders reason laptop stolen',
    },
  },
  example: (text) => `Example: ${text}`,
  nothingElse: 'You have no role that allows anything else here. Ask an administrator of this service for one.',
  whoamiTitle: 'Who you are here',
  noProjects: 'You have no role in any project of this chat source. Ask an administrator of this service for one.',
  keysTitle: 'Keys',
  noKeys: 'There are no keys.',
  grantCount: (count) => plural(count, 'grant'),
  keyStates: {
    1: 'to be activated',
    2: 'enabled',
    3: 'disabled',
    4: 'pending deletion',
    5: 'pending import',
    7: 'frozen',
  },
  principalTypes: { user: 'user', domain: 'domain' },
  listTitle: (key) => `Grants on ${key}`,
  noGrantsOnKey: 'Nobody has a grant on this key.',
  whoTitle: (person) => `Grants of ${person}`,
  noGrantsOfPerson: 'There are no grants of this principal in the projects that you may see here.',
  noSuchUser: 'No user has this id. Perhaps it is a typing error.',
  howPeopleAreNamed: 'A person is named by a mention, a principal id or an identity that an administrator mapped.',
  grantsOnKeys: (grants, keys) => `${grants} on ${plural(keys, 'key')}`,
  showTitle: 'Grant',
  howToRevoke: (command) => `To revoke it, type: ${command}`,
  goneTitle: 'This grant does not exist (any more)',
  newestEvent: (action, time) => `The newest event about it is ${action}, ${time}.`,
  eventsTitle: (about) => `Events of ${about}`,
  noEvents: [
    'There are no events.',
    'Check what you typed. A grant that does not exist any more is found only by its whole id.',
  ],
  moreEvents: 'There may be more events than are counted here.',
  channels: CHANNELS.en,
  jobTitle: 'Job',
  jobStates: {
    queued: 'not started',
    running: 'running',
    waiting: 'some grants could not be revoked; it will try again',
    done: 'done: every grant in scope is revoked',
    'nothing-found': 'done: there was no grant in scope',
    ignored: 'ignored: nothing was asked for',
    unmapped: 'done, but some identities have no mapping',
    unreadable: 'done, but some events of the delivery could not be read',
    'needs-person': 'done, but a person must decide about some events',
    observed: 'observed: it recorded what it would have revoked, and revoked nothing',
    paused: 'paused: it is about more people than its source may revoke for within an hour',
    leftovers: 'failed: some grants could not be revoked and still exist',
    stopped: 'stopped by an administrator',
  },
  jobAbsent: 'There is no such job in the projects that you may see here.',
  leftover: (grant) => `Not revoked: ${grant}`,
  keyNotListed: (key) => `Its grants could not be listed: ${key}`,
  allListedBy: (api) => `The HTTP API ${api} lists all.`,
  incomplete: (count, examples) => `This is incomplete: ${plural(count, 'item')} could not be read: ${examples}.`,
  wholeProject: 'a list',
  absentTitle: { key: 'There is no such key', grant: 'There is no such grant', person: 'There is no such person' },
  absentHint: {
    key: 'A key is named by its alias or its id, in a project in which you have a role. To list the keys, type: keys',
    grant:
      'A grant is named by its id or at least the first 4 digits of it. To list the grants on a key, type: list <key>',
    person:
      'A person is named by a mention, a principal id or an identity that an administrator mapped; never by a name or an e-mail address that is not mapped.',
  },
  ambiguousTitle: { key: 'Which key?', grant: 'Which grant?', person: 'Which person?' },
  ambiguousHint: 'Type the command again with one of these. There may be more.',
  notOfferedTitle: 'Not offered here',
  notOffered: (command, source) =>
    `The command ${command} is switched off here. Ask an administrator of this service to add it to "actions" of the source ${source} in HOOKS.`,
  notAllowedTitle: 'You may not do this',
  notAllowed: (permissions, projects) =>
    `You need the permission ${permissions} in one of these projects: ${projects}. Ask an administrator of this service for a role that has it.`,
  failedTitle: 'This could not be read',
  failed: (code, text) => `${code}: ${text}`,
  notUnderstood: {
    'unknown-command': 'There is no such command',
    'missing-argument': 'Something is missing in the command',
    'too-many-arguments': 'The command has words that it does not take',
    'too-long': 'The text is longer than 3,000 characters',
    'malformed-argument': 'A part of the command is malformed',
  },
  didYouMean: (usage) => `Did you mean: ${usage}`,
  usage: (usage) => `How to type it: ${usage}`,
  typeHelp: 'To see all commands that you may use, type: help',
};

const zh: ReadingWording = {
  labels: {
    actor: '操作人',
    approver: '审批人',
    attempts: '未完成的尝试次数',
    channel: '途径',
    code: '错误',
    created: '创建时间',
    grant: '授权',
    grantee: '被授权者',
    grants: '授权',
    identity: '身份',
    issuer: '授权者',
    job: '任务',
    key: '密钥',
    keyId: '密钥 ID',
    name: '名称',
    operations: '操作',
    passedOn: '其授予他人且未撤销的授权',
    person: '人员',
    principal: '主体 ID',
    project: '项目',
    reason: '原因',
    received: '收到时间',
    remaining: '未撤销',
    retiring: '可退役者',
    revoked: '已撤销',
    roles: '角色',
    source: '来源',
    state: '状态',
    unmapped: '没有映射的身份',
  },
  labelled: (label, value) => `${zh.labels[label]}：${value}`,
  helpTitle: '您在这里可以使用的命令',
  commands: {
    help: { about: '显示您可以使用的命令。', example: 'help list' },
    whoami: { about: '显示本服务识别到的您的身份和角色。', example: 'whoami' },
    keys: { about: '列出密钥。', example: 'keys' },
    list: { about: '列出谁可以使用某个密钥。密钥用别名或 ID 表示。', example: 'list orders' },
    who: { about: '列出某人持有的授权。用 @提及、主体 ID 或已映射的身份表示人员。', example: 'who @ann' },
    show: { about: '显示一个授权。授权用 ID 或 ID 的前 4 位以上表示。', example: 'show 019a8c3e5f00' },
    events: { about: '列出某个密钥、授权或某人的授权发生过的事件。', example: 'events orders' },
    job: { about: '显示后台撤销任务的进度。', example: `job ${'0123456789abcdef'.repeat(2)}` },
    revoke: {
      about: '先预览，再撤销一个授权。授权用 ID 或 ID 的前 4 位以上表示。',
      example: 'revoke orders 019a8c3e5f00 reason 已离开团队',
    },
    'revoke-all': {
      about: '先预览，再撤销某人的全部授权，或其在某个密钥上的授权。',
      example: 'revoke-all @ann on orders reason 笔记本电脑被盗',
    },
  },
  example: (text) => `示例：${text}`,
  nothingElse: '您的角色不允许在这里进行其他操作。请向本服务的管理员申请角色。',
  whoamiTitle: '您的身份',
  noProjects: '您在此聊天来源的任何项目中都没有角色。请向本服务的管理员申请角色。',
  keysTitle: '密钥',
  noKeys: '没有密钥。',
  grantCount: (count) => `${count} 个授权`,
  keyStates: { 1: '待激活', 2: '启用', 3: '禁用', 4: '计划删除', 5: '等待导入', 7: '冻结' },
  principalTypes: { user: '用户', domain: '账号' },
  listTitle: (key) => `密钥 ${key} 的授权`,
  noGrantsOnKey: '没有人拥有此密钥的授权。',
  whoTitle: (person) => `${person} 持有的授权`,
  noGrantsOfPerson: '在您可以查看的项目中，该主体没有授权。',
  noSuchUser: '没有用户使用此 ID，请检查是否输入有误。',
  howPeopleAreNamed: '人员用 @提及、主体 ID 或管理员已映射的身份表示。',
  grantsOnKeys: (grants, keys) => `${grants} 个，涉及 ${keys} 个密钥`,
  showTitle: '授权',
  howToRevoke: (command) => `要撤销它，请输入：${command}`,
  goneTitle: '此授权不存在或已不存在',
  newestEvent: (action, time) => `与它有关的最新事件是 ${action}，时间 ${time}。`,
  eventsTitle: (about) => `${about} 的事件`,
  noEvents: ['没有事件。', '请检查您的输入。已不存在的授权只能用完整 ID 查找。'],
  moreEvents: '事件可能比这里统计的更多。',
  channels: CHANNELS.zh,
  jobTitle: '任务',
  jobStates: {
    queued: '尚未开始',
    running: '进行中',
    waiting: '部分授权未能撤销，将会重试',
    done: '已完成：范围内的授权已全部撤销',
    'nothing-found': '已完成：范围内没有授权',
    ignored: '已忽略：没有需要执行的操作',
    unmapped: '已完成，但部分身份没有映射',
    unreadable: '已完成，但部分事件无法读取',
    'needs-person': '已完成，但部分事件需要人工决定',
    observed: '仅观察：已记录将会撤销的授权，没有撤销任何授权',
    paused: '已暂停：涉及的人数超过其来源每小时的上限',
    leftovers: '失败：部分授权未能撤销，仍然存在',
    stopped: '已被管理员停止',
  },
  jobAbsent: '在您可以查看的项目中没有此任务。',
  leftover: (grant) => `未撤销：${grant}`,
  keyNotListed: (key) => `无法列出其授权：${key}`,
  allListedBy: (api) => `要查看全部，请使用 HTTP API ${api}。`,
  incomplete: (count, examples) => `结果不完整，有 ${count} 项无法读取：${examples}。`,
  wholeProject: '一个列表',
  absentTitle: { key: '没有此密钥', grant: '没有此授权', person: '没有此人' },
  absentHint: {
    key: '密钥用别名或 ID 表示，且须在您有角色的项目中。要列出密钥，请输入：keys',
    grant: '授权用 ID 或 ID 的前 4 位以上表示。要列出某个密钥的授权，请输入：list <key>',
    person: '人员用 @提及、主体 ID 或管理员已映射的身份表示；未映射的姓名和邮箱地址不能表示人员。',
  },
  ambiguousTitle: { key: '哪个密钥？', grant: '哪个授权？', person: '哪个人？' },
  ambiguousHint: '请用以下之一重新输入命令。可能还有更多。',
  notOfferedTitle: '此处未开放',
  notOffered: (command, source) =>
    `此处未开放命令 ${command}。请让本服务的管理员将其加入 HOOKS 中来源 ${source} 的 "actions"。`,
  notAllowedTitle: '您没有权限',
  notAllowed: (permissions, projects) =>
    `您需要在以下任一项目中拥有权限 ${permissions}：${projects}。请向本服务的管理员申请具有该权限的角色。`,
  failedTitle: '无法读取',
  failed: (code, text) => `${code}：${text}`,
  notUnderstood: {
    'unknown-command': '没有此命令',
    'missing-argument': '命令缺少内容',
    'too-many-arguments': '命令中有多余的内容',
    'too-long': '文本超过 3,000 个字符',
    'malformed-argument': '命令中有一部分格式不正确',
  },
  didYouMean: (usage) => `您是否想输入：${usage}`,
  usage: (usage) => `用法：${usage}`,
  typeHelp: '要查看您可以使用的全部命令，请输入：help',
};

export const READING = { en, zh };
