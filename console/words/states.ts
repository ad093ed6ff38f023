import { area } from './words.ts';

/** States of jobs by their name, and of keys by their number. */
export const jobStateWords = area(
  {
    queued: 'queued',
    running: 'running',
    waiting: 'waiting to try again',
    done: 'done',
    'nothing-found': 'nothing found',
    ignored: 'ignored',
    unmapped: 'person unknown',
    unreadable: 'not readable',
    'needs-person': 'needs a person',
    observed: 'observed only',
    paused: 'paused',
    leftovers: 'grants remain',
    stopped: 'stopped',
  },
  {
    queued: '排队中',
    running: '执行中',
    waiting: '等待重试',
    done: '已完成',
    'nothing-found': '未找到授权',
    ignored: '已忽略',
    unmapped: '身份未映射',
    unreadable: '无法解析',
    'needs-person': '需要人工决定',
    observed: '仅观察',
    paused: '已暂停',
    leftovers: '仍有授权',
    stopped: '已停止',
  },
);

export const keyStateWords = area(
  { 1: 'to be activated', 2: 'enabled', 3: 'disabled', 4: 'pending deletion', 5: 'pending import', 7: 'frozen' },
  { 1: '待激活', 2: '启用', 3: '禁用', 4: '计划删除', 5: '等待导入', 7: '冻结' },
);
