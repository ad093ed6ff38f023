/** `npm run -s chat -- --as <name> "<command>"`: sends a command to a chat source of kind bot and prints the answer. */
import { readLocalConfig } from './aws-credentials.ts';
import { runChat } from './chat/run.ts';
import { withDemoHooks } from './demo-files.ts';

const { code, out, err } = await runChat(process.argv.slice(2), () => withDemoHooks(readLocalConfig()));
process.stderr.write(err);
process.stdout.write(out);
process.exitCode = code;
