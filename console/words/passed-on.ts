import { area } from './words.ts';

export const passedOnWords = area(
  {
    picture: 'Who passed a grant on to whom',
    pictureArea: 'Picture of the links',
    pictureText: (principals: string, lines: string) =>
      `A picture of ${principals} principals and ${lines} links. The table beside it has the same facts.`,
    table: 'Issued by, and to whom',
    from: 'Issued by',
    to: 'To',
    grants: 'Grants',
    shows: (shown: string, all: string) => `The picture shows ${shown} of ${all} grants.`,
    loadedOf: (loaded: string, total: string) => `${loaded} of ${total} grants are loaded.`,
    withoutIssuer: (grants: string) => `${grants} have no known issuer.`,
    none: 'No loaded grant says who issued it.',
  },
  {
    picture: '授权转授关系',
    pictureArea: '关系图',
    pictureText: (principals, lines) => `图中有 ${principals} 个主体和 ${lines} 条关系。旁边的表格列出相同内容。`,
    table: '授予者与被授予者',
    from: '授予者',
    to: '被授予者',
    grants: '授权数',
    shows: (shown, all) => `图中显示 ${shown} / 共 ${all} 项授权。`,
    loadedOf: (loaded, total) => `已加载 ${loaded} / 共 ${total} 项授权。`,
    withoutIssuer: (grants) => `${grants} 项没有已知的授予者。`,
    none: '已加载的授权均未注明授予者。',
  },
);
