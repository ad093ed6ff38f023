import { expect, test } from '@jest/globals';
import { COMMANDS } from '../../../local/admin/commands.ts';
import { commandHelp } from '../../../local/admin/help.ts';

test.each(COMMANDS.map((command) => ({ command, name: command.name })))(
  'the help of $name has its usage, its options and one example',
  ({ command, name }) => {
    const help = commandHelp(command);
    expect(help.split('\n')[0]).toMatch(new RegExp(`^Usage: npm run admin -- ${name} .*\\[--json\\]$`));
    const usage = help.split('\n')[0]?.match(/--[a-z][a-z-]+/g) ?? [];
    expect(help.match(/^ {2}--[a-z][a-z-]+ {2,}(?=\S)/gm)?.map((option) => option.trim())).toEqual([
      ...usage,
      '--help',
    ]);
    expect(help.match(/Example:\n.*/g)).toEqual([expect.stringContaining(`npm run admin -- ${name}`)]);
  },
);
