import { verifyAudit } from '../audit/chain.ts';
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

export const auditVerify: Command = {
  usage: 'audit verify',
  about: 'walks the audit trail; compare the head with one written down before',
  options: {},
  words: 0,
  async run({ installation, print }) {
    const verdict = await verifyAudit(installation.stores.audit);
    print(
      verdict.ok
        ? `${verdict.entries} entries, all in place; head ${verdict.head}`
        : `entry ${verdict.at}: ${verdict.why}`,
    );
    return verdict.ok ? 0 : 1;
  },
};
