import { area } from './words.ts';

export const linkWords = area(
  {
    you: 'you',
    domain: 'domain',
    unknown: 'unknown',
    disabled: 'disabled',
  },
  {
    you: '您',
    domain: '账号',
    unknown: '未知',
    disabled: '已停用',
  },
);
