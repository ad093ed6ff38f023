import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { alarmTopics, corsOrigins } from '../../deploy/checks.js';

/** The framework of a stage with these settings. */
const framework = (settings: Record<string, string>) => ({
  resolveVariable: async (variable: string) => settings[variable],
  resolveConfigurationProperty: async () => undefined,
});
const origins = (setting: string) => corsOrigins(framework({ 'param:corsOrigins': setting }));
const topics = (stage: string, setting: string) =>
  alarmTopics(framework({ 'param:alarmTopics': setting, 'sls:stage': stage }));

let warn: ReturnType<typeof jest.spyOn>;
beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => warn.mockRestore());

test('corsOrigins is a list of origins, or none', async () => {
  expect(await origins('https://app.example.com, http://localhost:5173')).toEqual([
    'https://app.example.com',
    'http://localhost:5173',
  ]);
  expect(await origins('none')).toEqual(['none']);
});

test.each(['*', 'https://*.example.com', 'app.example.com', 'https://app.example.com,*', 'https://a.example/', ''])(
  'corsOrigins %j is refused, as CORS_ORIGINS is on one machine',
  async (setting) => {
    await expect(origins(setting)).rejects.toThrow('corsOrigins must be none, or origins such as');
  },
);

test('only prod without alarmTopics warns', async () => {
  expect(await topics('dev', 'none')).toBe('none');
  const topic = 'arn:aws:sns:eu-central-1:111122223333:pager';
  expect(await topics('prod', topic)).toBe(topic);
  expect(warn).not.toHaveBeenCalled();
  expect(await topics('prod', 'none')).toBe('none');
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('--param=alarmTopics='));
});
