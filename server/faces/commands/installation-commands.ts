import type { Command } from './command.ts';

export const statementKeyRotate: Command = {
  usage: 'statement-key rotate',
  about: 'a new key for receipts, credentials and packs, vouched for by the one before',
  options: {},
  words: 0,
  async run({ installation, print }) {
    print(`statement key ${await installation.statementKeys.rotate()}`);
    return 0;
  },
};
