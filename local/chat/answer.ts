/** The answer of a chat source of kind bot (lib/chat/platforms/bot.ts), for a terminal. */
interface Button {
  label: string;
  /** What to type instead of pressing it. */
  command: string;
}

interface Message {
  text: string;
  tone: string;
  buttons: Button[];
}

export interface Answer {
  messages: Message[];
}

/** How the person goes on. */
export interface NextCommand {
  /** The start of a command line, up to `--as`. */
  invocation: string;
  person: string;
  /** Each with a space before it. */
  options: string;
}

export function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'messages' in value && Array.isArray(value.messages);
}

export const isRefused = ({ messages }: Answer) => messages.some(({ tone }) => tone === 'bad');

/** Returns the texts of the answer, each with the command lines that stand for its buttons. */
export function answerText({ messages }: Answer, next: NextCommand): string {
  return messages.map((message) => messageText(message, next)).join('\n\n');
}

function messageText({ text, buttons }: Message, next: NextCommand): string {
  // The text ends with the buttons as a bot shows them.
  const ofBots = buttons.map(({ label, command }) => `${label}: ${command}`);
  const lines = text.split('\n').filter((line) => !ofBots.includes(line));
  const ofTerminal = buttons.flatMap(({ label, command }) => ['', `${label}:`, `  ${commandLine(command, next)}`]);
  return [...lines, ...ofTerminal].join('\n');
}

/** Nobody approves their own request, so the line for it names another person. */
function commandLine(command: string, { invocation, person, options }: NextCommand): string {
  const who = command.startsWith('approve ') ? '<another person>' : person;
  return `${invocation} --as ${who}${options} ${command}`;
}
