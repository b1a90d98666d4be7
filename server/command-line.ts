import { type Environment, readConfig } from './config/config.ts';
import { isForeseen } from './config/foreseen.ts';
import { type Asker, asker } from './faces/commands/asker.ts';
import { auditExport, auditVerify } from './faces/commands/audit-commands.ts';
import { caList, caRequest, caRotate } from './faces/commands/ca-commands.ts';
import { clientCreate, clientList, clientRevoke } from './faces/commands/client-commands.ts';
import { type BareCall, type BareCommand, type Command, UsageError } from './faces/commands/command.ts';
import { backup, begin, move, restore } from './faces/commands/copy-commands.ts';
import {
  domainCreate,
  domainList,
  operatorInstallation,
  operatorJoin,
  operatorLeave,
  operatorRecover,
  operatorRevoke,
  operatorSignOut,
  orgCreate,
  peopleList,
} from './faces/commands/custody-commands.ts';
import { devicesList, dueList, revoke, tombstoneLift } from './faces/commands/device-commands.ts';
import { doctor } from './faces/commands/doctor-command.ts';
import {
  clientConfirm,
  operatorConfirm,
  restoreJudgeAgain,
  restoreReport,
} from './faces/commands/era-commands.ts';
import {
  eventsAdd,
  eventsList,
  eventsRemove,
  eventsResume,
  eventsTest,
} from './faces/commands/event-commands.ts';
import {
  clockConfirm,
  rescueKeyEnd,
  rescueKeyList,
  rescueKeyRotate,
  statementKeyEnd,
  statementKeyList,
  statementKeyRotate,
} from './faces/commands/installation-commands.ts';
import { deviceReplace, deviceResume, deviceRetire, deviceSuspend } from './faces/commands/life-commands.ts';
import { listExport, listHandOn, listImport, listStale } from './faces/commands/list-commands.ts';
import { makerKeyAdd, makerKeyEnd, makerKeyList } from './faces/commands/maker-key-commands.ts';
import { parseCall } from './faces/commands/parse-call.ts';
import { policyClear, policySet, policyShow } from './faces/commands/policy-commands.ts';
import { caExport, caImport, caSign } from './faces/commands/root-commands.ts';
import { caServerCertificate } from './faces/commands/server-certificate-command.ts';
import { setup } from './faces/commands/setup-command.ts';
import { siteAdd, siteClose, siteImport, siteList, siteRename } from './faces/commands/site-commands.ts';
import { tokenBuild } from './faces/commands/token-commands.ts';
import { transferDecide, transferList } from './faces/commands/transfer-commands.ts';
import { verify } from './faces/commands/verify-commands.ts';
import { visibleLine, visibleLines } from './faces/commands/visible.ts';
import { facesOf, openInstallation } from './installation.ts';

const COMMANDS: readonly (Command | BareCommand)[] = [
  setup,
  doctor,
  orgCreate,
  domainCreate,
  domainList,
  listImport,
  listExport,
  listHandOn,
  listStale,
  makerKeyAdd,
  makerKeyList,
  makerKeyEnd,
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
  siteList,
  siteAdd,
  siteRename,
  siteClose,
  siteImport,
  policySet,
  policyShow,
  policyClear,
  clientCreate,
  clientList,
  clientConfirm,
  clientRevoke,
  eventsAdd,
  eventsList,
  eventsRemove,
  eventsResume,
  eventsTest,
  peopleList,
  operatorJoin,
  operatorConfirm,
  operatorLeave,
  operatorSignOut,
  operatorInstallation,
  operatorRecover,
  operatorRevoke,
  statementKeyRotate,
  statementKeyList,
  statementKeyEnd,
  clockConfirm,
  rescueKeyList,
  rescueKeyRotate,
  rescueKeyEnd,
  caList,
  caRotate,
  caRequest,
  caSign,
  caImport,
  caExport,
  caServerCertificate,
  tokenBuild,
  verify,
  auditVerify,
  auditExport,
  begin,
  backup,
  restoreJudgeAgain,
  restoreReport,
  restore,
  move,
];

/** The lower-case words at the beginning of a command's usage, which distinguish it from other commands. */
function verbs(command: Command | BareCommand): string[] {
  const words = command.usage.split(' ');
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return end < 0 ? words : words.slice(0, end);
}

function help(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  return COMMANDS.map(({ usage, about }) => `  ${usage.padEnd(width)}  ${about}`).join('\n');
}

/** What a run of the command line needs from its process. */
export interface Terminal {
  readonly env: Environment;
  /** Prints a line of results. */
  print(line: string): void;
  /** Prints a line that says why the command failed. */
  complain(line: string): void;
  /** Whether the results go to a terminal rather than into a file. */
  readonly watched?: boolean;
  /** Where questions are answered, and where they are shown; nobody answers without. */
  readonly input?: NodeJS.ReadableStream;
  readonly questions?: NodeJS.WritableStream;
}

/** Runs one command and returns its exit code; never rejects. The process's entry point is server/cli.mjs. */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(words, terminal);
  } catch (error) {
    const said = isForeseen(error) ? error.message : error instanceof Error ? error.stack : String(error);
    terminal.complain(visibleLines(`fieldbind: ${said}`));
    return 2;
  }
}

async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = COMMANDS.find((one) => verbs(one).every((verb, index) => words[index] === verb));
  if (command === undefined) {
    const asked = words.length === 0 || words[0] === 'help' || words[0] === '--help';
    terminal.print(
      `npm run fieldbind -- <command>\n\n${help()}\n\nIt works on FIELDBIND_DATA (./data), beside a running server too.`,
    );
    return asked ? 0 : 2;
  }
  const { values, positionals } = parseCall(command, words.slice(verbs(command).length));
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const config = readConfig(terminal.env);
  const { input, questions } = terminal;
  let asking: Asker | undefined;
  const call: BareCall = {
    config,
    environment: terminal.env,
    async ask(question, secret) {
      if (input === undefined || questions === undefined) return undefined;
      asking ??= asker(input, questions);
      return asking.ask(question, secret);
    },
    words: positionals,
    text,
    flag: (name) => values[name] === true,
    required(name) {
      const value = text(name);
      if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
      return value;
    },
    print: (...cells) => terminal.print(visibleLine(cells)),
    give: (lines) => terminal.print(terminal.watched === true ? visibleLines(lines) : lines),
    async withInstallation(work) {
      const installation = await openInstallation({
        ...config,
        ...(command.begins ? {} : { as: 'command' }),
      });
      installation.guardRoom();
      try {
        return await work(facesOf(installation).commands);
      } finally {
        await installation.close();
      }
    },
  };
  try {
    if ('bare' in command) return await command.run(call);
    return await call.withInstallation((installation) => command.run({ ...call, installation }));
  } finally {
    asking?.close();
  }
}
