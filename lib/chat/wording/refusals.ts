/** What people read when a request is refused or fails, before or instead of its own answer. */
import type { View } from '../view.ts';

type Text = Pick<View, 'title' | 'sentences'>;

export interface RefusalWording {
  /** @param command what an administrator runs */
  unmapped(command: string): Text;
  /** For `whoami` of a person who is not mapped. */
  whoamiUnmapped(command: string): Text;
  identity: string;
  severalPrincipals: Text;
  noUser: Text;
  /**
   * @param action as typed, such as `revoke-all`
   * @param permissions of which one suffices
   */
  notAllowed(action: string, permissions: readonly string[]): Text;
  tooMany: Text;
  seenAlready: Text;
  failed: Text;
  /** The command was carried out, but its answer cannot be shown. */
  notShown: Text;
  /** The title over the text of an error of the service. */
  refused: string;
}

const en: RefusalWording = {
  unmapped: (command) => ({
    title: 'I do not know you yet',
    sentences: ['Ask an administrator of this service to map you to your user:', command],
  }),
  whoamiUnmapped: (command) => ({
    title: 'You are not mapped to a user',
    sentences: ['An administrator of this service can map you:', command],
  }),
  identity: 'Your identity',
  severalPrincipals: {
    title: 'You are mapped to several users',
    sentences: [
      'It is not clear for which of them you act, so nothing was done.',
      'Ask an administrator of this service to remove all but one mapping.',
    ],
  },
  noUser: {
    title: 'Your user cannot be used',
    sentences: [
      'The user that you are mapped to is disabled or does not exist, so nothing was done.',
      'Ask an administrator of this service.',
    ],
  },
  notAllowed: (action, permissions) => ({
    title: `You may not use ${action} here`,
    sentences: [
      'Your roles in the projects of this app, or the settings of the app, do not allow it. It takes the permission ' +
        `${permissions.join(' or ')}, and ${action} in "actions" of the app in HOOKS.`,
      'Ask an administrator of this service, or send help to see what you may do.',
    ],
  }),
  tooMany: {
    title: 'Too many commands',
    sentences: ['Nothing was done. Wait a minute, then send the last one again.'],
  },
  seenAlready: {
    title: 'This request was received before',
    sentences: ['It was not carried out a second time. Send the command again if you want it again.'],
  },
  failed: {
    title: 'Something failed here',
    sentences: [
      'Nothing is known to have changed. Look at the grants before you try again.',
      'The log of the service names the cause.',
    ],
  },
  notShown: {
    title: 'The answer cannot be shown here',
    sentences: ['The command may have been carried out. Look at the grants and events before you send it again.'],
  },
  refused: 'Refused',
};

const zh: RefusalWording = {
  unmapped: (command) => ({
    title: '尚未识别您的身份',
    sentences: ['请联系本服务的管理员，将您的身份映射到您的用户：', command],
  }),
  whoamiUnmapped: (command) => ({
    title: '您尚未映射到任何用户',
    sentences: ['本服务的管理员可以为您建立映射：', command],
  }),
  identity: '您的身份标识',
  severalPrincipals: {
    title: '您被映射到多个用户',
    sentences: ['无法确定您以哪个用户的身份操作，因此未执行任何操作。', '请联系本服务的管理员，只保留一条映射。'],
  },
  noUser: {
    title: '您的用户不可用',
    sentences: ['您映射到的用户已停用或不存在，因此未执行任何操作。', '请联系本服务的管理员。'],
  },
  notAllowed: (action, permissions) => ({
    title: `您无权在此使用 ${action}`,
    sentences: [
      '您在本应用所属项目中的角色，或本应用的设置，不允许此操作。' +
        `需要权限 ${permissions.join(' 或 ')}，并且 HOOKS 中本应用的 "actions" 须包含 ${action}。`,
      '请联系本服务的管理员，或发送 help 查看您可以执行的操作。',
    ],
  }),
  tooMany: { title: '命令过于频繁', sentences: ['未执行任何操作。请等待一分钟，再重新发送最后一条命令。'] },
  seenAlready: {
    title: '该请求此前已收到',
    sentences: ['未再次执行。如需再次执行，请重新发送命令。'],
  },
  failed: {
    title: '服务出现故障',
    sentences: ['目前没有迹象表明有任何变更。重试之前，请先查看授权。', '故障原因见服务日志。'],
  },
  notShown: {
    title: '无法在此显示结果',
    sentences: ['命令可能已经执行。再次发送之前，请先查看授权和事件。'],
  },
  refused: '已拒绝',
};

export const REFUSALS: Readonly<Record<'en' | 'zh', RefusalWording>> = { en, zh };
