import { parseArgs } from 'node:util';
import { clientCreate, clientList, clientRevoke } from './commands/client-commands.ts';
import { type BareCommand, type Command, type CommandCall, UsageError } from './commands/command.ts';
import { backup, move, restore } from './commands/copy-commands.ts';
import {
  domainCreate,
  domainList,
  operatorJoin,
  operatorRevoke,
  orgCreate,
  peopleList,
} from './commands/custody-commands.ts';
import { devicesList, dueList, revoke, tombstoneLift } from './commands/device-commands.ts';
import { auditVerify, statementKeyRotate } from './commands/installation-commands.ts';
import { deviceReplace, deviceResume, deviceRetire, deviceSuspend } from './commands/life-commands.ts';
import { listExport, listImport } from './commands/list-commands.ts';
import { policyClear, policySet, policyShow } from './commands/policy-commands.ts';
import { transferDecide, transferList } from './commands/transfer-commands.ts';
import { ConfigError, readConfig } from './config/config.ts';
import { openInstallation } from './installation.ts';

const COMMANDS: readonly (Command | BareCommand)[] = [
  orgCreate,
  domainCreate,
  domainList,
  listImport,
  listExport,
  devicesList,
  dueList,
  deviceSuspend,
  deviceResume,
  deviceRetire,
  deviceReplace,
  revoke,
  tombstoneLift,
  transferList,
  transferDecide,
  policySet,
  policyShow,
  policyClear,
  clientCreate,
  clientList,
  clientRevoke,
  peopleList,
  operatorJoin,
  operatorRevoke,
  statementKeyRotate,
  auditVerify,
  backup,
  restore,
  move,
];

/** The lower-case words a command begins with: what tells it from the others. */
function verbs(command: Command | BareCommand): string[] {
  const words = command.usage.split(' ');
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return end < 0 ? words : words.slice(0, end);
}

function help(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  return COMMANDS.map(({ usage, about }) => `  ${usage.padEnd(width)}  ${about}`).join('\n');
}

async function main(words: readonly string[]): Promise<number> {
  const command = COMMANDS.find((one) => verbs(one).every((verb, index) => words[index] === verb));
  if (command === undefined) {
    const asked = words.length === 0 || words[0] === 'help' || words[0] === '--help';
    console.log(
      `npm run fieldbind -- <command>\n\n${help()}\n\nIt works on FIELDBIND_DATA (./data), beside a running server too.`,
    );
    return asked ? 0 : 2;
  }
  const { values, positionals } = parse(command, words.slice(verbs(command).length));
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const call: Omit<CommandCall, 'installation'> = {
    words: positionals,
    text,
    flag: (name) => values[name] === true,
    required(name) {
      const value = text(name);
      if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
      return value;
    },
    print: (line) => console.log(line),
  };
  const config = readConfig(process.env);
  if ('bare' in command) return command.run({ ...call, config });
  const installation = await openInstallation(config);
  try {
    return await command.run({ ...call, installation });
  } finally {
    await installation.close();
  }
}

function parse(command: Command | BareCommand, args: string[]) {
  try {
    const parsed = parseArgs({ args, options: { ...command.options }, allowPositionals: true });
    if (parsed.positionals.length !== command.words) throw new UsageError(`usage: ${command.usage}`);
    return parsed;
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(
          `${error instanceof Error ? error.message : 'wrong options'}; usage: ${command.usage}`,
        );
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const foreseen =
    error instanceof UsageError ||
    error instanceof ConfigError ||
    (error instanceof Error && error.name === 'KeyFileError');
  console.error(
    `fieldbind: ${foreseen ? error.message : error instanceof Error ? error.stack : String(error)}`,
  );
  process.exitCode = 2;
}
