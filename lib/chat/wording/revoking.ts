/** The texts of previews, approvals and receipts. */
import { plural } from './counts.ts';

/** Times of different readers are compared, so they have one zone. */
const utc = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export interface Decision {
  who: string;
  atMs: number;
}

const en = {
  time: utc,
  fact: {
    keys: 'Keys',
    person: 'Person',
    projects: 'Projects',
    operations: 'Operations',
    grant: 'Grant',
    reason: 'Reason',
    passedOn: 'Passed on',
    expires: 'Expires',
    requester: 'Requested by',
    confirmed: 'Confirmed by',
    approved: 'Approved by',
    job: 'Job',
  },
  decision: ({ who, atMs }: Decision) => `${who}, ${utc(atMs)}`,
  button: {
    confirm: (count: number) => `Revoke ${plural(count, 'grant')}`,
    ask: 'Ask for approval',
    approve: (count: number) => `Approve: revoke ${plural(count, 'grant')}`,
    cancel: 'Cancel',
  },
  more: (count: number) => `and ${count} more`,
  issued: (who: string, atMs: number | undefined) =>
    atMs === undefined ? `issued by ${who}` : `issued by ${who}, ${utc(atMs)}`,
  unknown: 'unknown',
  passedOn: (count: number | undefined) =>
    count === undefined
      ? 'could not be counted'
      : count === 0
        ? 'nothing'
        : `${plural(count, 'grant')} issued to others, which ${count === 1 ? 'stays' : 'stay'}`,
  grantName: (name: string) => `named ${name}`,

  previewTitle: (count: number) => `Revoke ${plural(count, 'grant')}?`,
  approvalTitle: (count: number) => `Approval needed: revoke ${plural(count, 'grant')}`,
  nothingRevokedYet: 'Nothing has been revoked yet.',
  secondPersonNeeded: 'A second person must approve this.',
  approverRule: 'Another person who may revoke these grants must approve. The requester cannot.',
  changed: 'The grants have changed since they were shown, so this press revoked nothing. Look at them again.',
  unread: (count: number) =>
    `Not everything could be read (${plural(count, 'error')}): there may be more grants than shown.`,
  nobodyCanApprove:
    'This needs a second person, and nobody can approve it here. Ask in a shared channel where approving is switched ' +
    'on (may_approve in the setting HOOKS), or ask an administrator to revoke it with the API.',

  refused: 'Not done',
  mayNotRevoke:
    'You may not revoke this. It takes the permission kms:grant:revoke as the creator of the key, or ' +
    'kms:grant:revoke-any. Ask an administrator of this service.',
  mayNotRevokeAll:
    'You may not revoke all grants of a person. It takes the permission kms:grant:revoke-any. ' +
    'Ask an administrator of this service.',
  notAllowedHere: 'This command is not allowed here.',
  requesterMayNot: (who: string) =>
    `${who}, who asked for it, may no longer revoke this. Nothing has been revoked. Ask for it again yourself.`,
  ownRequest: 'You asked for this yourself, so another person must approve it.',
  mayNotApproveHere: 'Nobody can approve here: approving is switched off for this source.',
  onlyRequester: (who: string) => `Only ${who}, who asked for it, may do that.`,
  mayNotCancel: 'Only the person who asked for it, or a person who may approve it, may cancel it.',
  needsApproval:
    'This needs a second person, so it cannot be confirmed. The requester asks for approval, then another person ' +
    'approves.',
  needsNoApproval: 'This needs no second person. The requester can confirm it.',
  alreadyAsked: (who: string, expiresAtMs: number, requestId: string) =>
    `${who} asked for this already, and it waits for approval until ${utc(expiresAtMs)}. Another person must approve ` +
    `it on its card, or type in this channel: approve ${requestId}`,
  notAsked: 'Nobody has been asked to approve this. The requester must ask for approval first.',
  unknownRequest: 'There is no such request here. Send the command again.',

  nothingTitle: 'Nothing to revoke',
  holdsNothing: (person: string) => `${person} holds no grants here.`,
  seeEvents: 'To see what became of earlier grants, type: events <person>',
  goneTitle: 'Already gone',
  gone: 'The grants do not exist any more. Nothing was left to revoke.',
  goneBy: (who: string, channel: string, atMs: number) =>
    `The last change was made by ${who} through ${channel}, ${utc(atMs)}.`,
  goneElsewhere: 'No event of this service tells who removed them.',

  alreadyTitle: 'Already decided',
  alreadyBy: {
    confirm: ({ who, atMs }: Decision) => `${who} confirmed it, ${utc(atMs)}.`,
    approve: ({ who, atMs }: Decision) => `${who} approved it, ${utc(atMs)}.`,
    cancel: ({ who, atMs }: Decision) => `${who} cancelled it, ${utc(atMs)}.`,
  },
  stillWorking: 'The grants are being revoked. The receipt follows.',
  done: (count: number) => `${plural(count, 'grant')} revoked.`,
  workingTitle: 'Revoking',
  cancelledTitle: 'Cancelled',
  cancelled: 'This request revoked nothing. Send the command again if it is still needed.',
  expiredTitle: 'Expired',
  expired: 'Nobody decided in time, so this request revoked nothing. Send the command again if it is still needed.',
  replaced: 'A newer preview has replaced this one, which revoked nothing.',

  receiptTitle: (count: number) => `Revoked ${plural(count, 'grant')}`,
  receiptNothing: 'Nothing was revoked',
  receiptGone: 'The grants did not exist any more when they were to be revoked.',
  receiptLeftovers: (count: number) =>
    `Not everything could be revoked (${plural(count, 'error')}). The access may remain. Look at the error codes.`,
  receiptStopped: 'An administrator stopped it before it was complete.',
  leftover: (code: string) => `error ${code}`,
  unreadKey: 'The grants of a key could not be read',
};

type Words = typeof en;

const zh: Words = {
  time: utc,
  fact: {
    keys: '密钥',
    person: '人员',
    projects: '项目',
    operations: '操作权限',
    grant: '授权',
    reason: '原因',
    passedOn: '转授',
    expires: '失效时间',
    requester: '申请人',
    confirmed: '确认人',
    approved: '审批人',
    job: '任务',
  },
  decision: ({ who, atMs }) => `${who}，${utc(atMs)}`,
  button: {
    confirm: (count) => `撤销 ${count} 个授权`,
    ask: '申请审批',
    approve: (count) => `同意：撤销 ${count} 个授权`,
    cancel: '取消',
  },
  more: (count) => `另有 ${count} 个`,
  issued: (who, atMs) => (atMs === undefined ? `由 ${who} 授予` : `由 ${who} 授予，${utc(atMs)}`),
  unknown: '未知',
  passedOn: (count) =>
    count === undefined ? '无法统计' : count === 0 ? '无' : `已转授他人 ${count} 个授权，这些授权会保留`,
  grantName: (name) => `名称：${name}`,

  previewTitle: (count) => `要撤销 ${count} 个授权吗？`,
  approvalTitle: (count) => `待审批：撤销 ${count} 个授权`,
  nothingRevokedYet: '尚未撤销任何授权。',
  secondPersonNeeded: '此操作需要另一人审批。',
  approverRule: '须由另一位有权撤销这些授权的人员审批，申请人本人不能审批。',
  changed: '授权在展示之后已发生变化，因此本次操作未撤销任何授权。请重新核对。',
  unread: (count) => `有 ${count} 个密钥或授权无法读取，实际授权可能比所示的更多。`,
  nobodyCanApprove:
    '此操作需要另一人审批，但在这里无人可以审批。请在已启用审批的公共频道中申请（HOOKS 设置中的 may_approve），' +
    '或请管理员通过 API 撤销。',

  refused: '未执行',
  mayNotRevoke:
    '您无权撤销此授权。需要作为密钥创建者拥有 kms:grant:revoke 权限，或拥有 kms:grant:revoke-any 权限。请联系本服务的管理员。',
  mayNotRevokeAll: '您无权撤销某人的全部授权。需要 kms:grant:revoke-any 权限。请联系本服务的管理员。',
  notAllowedHere: '此处不允许使用该命令。',
  requesterMayNot: (who) => `申请人 ${who} 已不再有权撤销。尚未撤销任何授权。请您自行重新申请。`,
  ownRequest: '这是您自己的申请，须由另一人审批。',
  mayNotApproveHere: '此处无人可以审批：该来源未启用审批。',
  onlyRequester: (who) => `只有申请人 ${who} 可以执行此操作。`,
  mayNotCancel: '只有申请人或有权审批的人员可以取消。',
  needsApproval: '此操作需要另一人审批，不能直接确认。请由申请人申请审批，再由另一人审批。',
  needsNoApproval: '此操作不需要他人审批，申请人可以直接确认。',
  alreadyAsked: (who, expiresAtMs, requestId) =>
    `${who} 已提出申请，等待审批至 ${utc(expiresAtMs)}。须由另一人在卡片上审批，或在此频道中输入：approve ${requestId}`,
  notAsked: '此操作尚未提交审批，须先由申请人申请审批。',
  unknownRequest: '此处没有该申请。请重新发送命令。',

  nothingTitle: '没有可撤销的授权',
  holdsNothing: (person) => `${person} 在这里没有授权。`,
  seeEvents: '要查看以前的授权发生了什么，请输入：events <person>',
  goneTitle: '已不存在',
  gone: '这些授权已不存在，无需撤销。',
  goneBy: (who, channel, atMs) => `最后一次变更由 ${who} 通过 ${channel} 完成，${utc(atMs)}。`,
  goneElsewhere: '本服务没有事件记录是谁移除了它们。',

  alreadyTitle: '已有决定',
  alreadyBy: {
    confirm: ({ who, atMs }) => `${who} 已确认，${utc(atMs)}。`,
    approve: ({ who, atMs }) => `${who} 已审批同意，${utc(atMs)}。`,
    cancel: ({ who, atMs }) => `${who} 已取消，${utc(atMs)}。`,
  },
  stillWorking: '正在撤销授权，稍后发送回执。',
  done: (count) => `已撤销 ${count} 个授权。`,
  workingTitle: '正在撤销',
  cancelledTitle: '已取消',
  cancelled: '本次申请未撤销任何授权。如仍需要，请重新发送命令。',
  expiredTitle: '已失效',
  expired: '未在期限内作出决定，因此本次申请未撤销任何授权。如仍需要，请重新发送命令。',
  replaced: '已有更新的预览取代本预览，本预览未撤销任何授权。',

  receiptTitle: (count) => `已撤销 ${count} 个授权`,
  receiptNothing: '未撤销任何授权',
  receiptGone: '执行撤销时，这些授权已不存在。',
  receiptLeftovers: (count) => `有 ${count} 个授权或密钥未能处理，访问权限可能仍然存在。请查看错误码。`,
  receiptStopped: '管理员在完成之前停止了任务。',
  leftover: (code) => `错误码 ${code}`,
  unreadKey: '无法读取某个密钥的授权',
};

export const REVOKING = { en, zh };
