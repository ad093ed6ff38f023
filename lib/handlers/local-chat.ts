/** Chat on one machine, where a chat source may have any name: the function `webhook` passes on what is no webhook. */
import { receiveChat as receive } from '../chat/receive.ts';
import { services } from '../services.ts';

/** @param input as `receiveChat` of lib/chat/ takes it */
export const receiveChat = (input: Parameters<typeof receive>[1]): ReturnType<typeof receive> =>
  receive(services(), input);
