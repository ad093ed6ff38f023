/** People in Slack revoke grants while the service is killed at any moment: each request is done once and told once. */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANN, BOB, type Incident, openSlackFixture, type SlackFixture } from './slack-fixture.ts';

const REQUESTS = 5;
const APPROVE = 'Approve: revoke 3 grants';

const ROUNDS = ['sent', 'sent', 'sent', 'sent', 'delivering', 'delivered'] as const;
const channelsOf = (round: number) => Array.from({ length: REQUESTS }, (_, index) => `C0R${round}N${index}`);

let slack: SlackFixture;
beforeAll(async () => {
  slack = await openSlackFixture(['C0PREVIEW', 'C0TWO', ...ROUNDS.flatMap((_, round) => channelsOf(round))]);
});
afterAll(() => slack.close());

/** @returns incidents in the channels, with the service started */
async function startWith(channels: readonly string[]): Promise<Incident[]> {
  await slack.kill();
  const incidents = await slack.newIncidents(channels);
  await slack.start();
  return incidents;
}

/** Nothing but one receipt stands in the channel, and the grants were revoked once. */
async function expectOneReceipt(incident: Incident, count: number, decision: RegExp): Promise<void> {
  const [receipt, ...others] = slack.standingIn(incident.channel);
  expect(others).toEqual([]);
  expect(receipt?.buttons).toEqual([]);
  expect(receipt?.lines.join('\n')).toContain(`Revoked ${count} grant`);
  expect(receipt?.lines.join('\n')).toMatch(decision);
  const removals = await slack.removals(incident);
  expect(removals.map(({ channel }) => channel)).toEqual(Array(count).fill('slack'));
  expect(new Set(removals.map(({ grant, grantId }) => grant?.grant_id ?? grantId)).size).toBe(count);
}

test('a slash command, a preview and a press: what stands in the channel is one receipt', async () => {
  const [incident] = (await startWith(['C0PREVIEW'])) as [Incident];
  const { channel, keyId, grantIds } = incident;
  await slack.say(ANN, channel, `revoke ${keyId} ${grantIds[0]} reason left`);
  expect(slack.standingIn(channel)).toEqual([]);
  await slack.press(ANN, channel, 'Revoke 1 grant');
  await slack.kill();
  await expectOneReceipt(incident, 1, /Confirmed by\nadministrator/);
});

test('two people, one request: what stands in the channel is one receipt', async () => {
  const [incident] = (await startWith(['C0TWO'])) as [Incident];
  const { channel, grantee, keyId } = incident;
  await slack.say(ANN, channel, `revoke-all ${grantee} on ${keyId} reason left`);
  await slack.press(ANN, channel, 'Ask for approval');
  expect(slack.standingIn(channel)).toMatchObject([{ buttons: [APPROVE, 'Cancel'] }]);
  await slack.press(BOB, channel, APPROVE);
  await slack.kill();
  await expectOneReceipt(incident, 3, /Approved by\nbob/);
});

/** Kills the process at the moment. @param press sends all presses */
async function killAt(moment: (typeof ROUNDS)[number], press: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const hold = async () => {
    resolve();
    await new Promise(() => {});
  };
  if (moment === 'delivering') slack.hooks.beforeShown = hold;
  if (moment === 'delivered') slack.hooks.afterShown = hold;
  press();
  if (moment === 'sent') await pause(randomInt(200));
  else await promise;
  await slack.kill();
  slack.hooks.beforeShown = async () => {};
  slack.hooks.afterShown = async () => {};
}

test.each(ROUNDS.map((moment, round) => ({ moment, round })))(
  'round $round: the process is killed when the approvals are $moment; after the restart each is done once, and its card tells so',
  async ({ moment, round }) => {
    const incidents = await startWith(channelsOf(round));
    for (const { channel, grantee, keyId } of incidents) {
      await slack.say(ANN, channel, `revoke-all ${grantee} on ${keyId}`);
      await slack.press(ANN, channel, 'Ask for approval');
    }
    await killAt(moment, () => {
      for (const { channel } of incidents) slack.press(BOB, channel, APPROVE).catch(() => {});
    });
    await slack.start();
    if (moment === 'sent') {
      // The press may never have arrived. Whoever sees no change presses again.
      for (const { channel } of incidents) await slack.press(BOB, channel, APPROVE).catch(() => {});
    }
    for (const { channel } of incidents) await slack.receiptIn(channel);
    await slack.kill();
    for (const incident of incidents) await expectOneReceipt(incident, 3, /Approved by\nbob/);
  },
  120_000,
);
