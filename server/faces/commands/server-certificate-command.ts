import { fromPem, toPem } from '../../../core/pem.ts';
import { certifyServer, LONGEST_DAYS } from '../../authority/ceremony/certify-server.ts';
import { type Command, UsageError } from './command.ts';
import { readText, writeNew } from './text-files.ts';

const TEXT = { type: 'string' } as const;

export const caServerCertificate: Command = {
  usage: 'ca server-certificate --org ORG --name HOST --request FILE --to FILE [--days N]',
  about:
    "a certificate for a service that the organisation's devices call: a broker, or our own listener for them",
  options: { org: TEXT, name: TEXT, request: TEXT, to: TEXT, days: TEXT },
  words: 0,
  async run({ installation, required, text, print }) {
    const days = Number(text('days') ?? LONGEST_DAYS);
    if (!Number.isInteger(days) || days < 1 || days > LONGEST_DAYS)
      throw new UsageError(`--days is a number from 1 to ${LONGEST_DAYS}`);
    const [csr] = fromPem('CERTIFICATE REQUEST', readText(required('request')));
    if (csr === undefined) throw new UsageError('--request names no request in PEM');
    const to = required('to');
    const host = required('name');
    const answer = await certifyServer({ org: required('org'), host, csr, days }, installation);
    if (!answer.ok) {
      print(`refused: ${answer.code}`);
      return 1;
    }
    writeNew(to, toPem('CERTIFICATE', answer.der) + answer.chainPem);
    print(`${to} holds the certificate of ${host} and its chain`);
    return 0;
  },
};
