import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ProblemCode } from '../../contract/codes.ts';
import type { AccessNotes } from '../ports/access-notes.ts';
import { problemOf } from './problem.ts';

/** Refusals of who calls, of what lets somebody in, and of what takes two; not of what else was sent. */
const REFUSALS: readonly ProblemCode[] = [
  'unauthenticated',
  'forbidden',
  'origin_refused',
  'rate_limited',
  'confirmation_needed',
  'sign_in_again',
  'own_request',
  'administrator_too_new',
  'last_administrator',
  'several_organisations',
  'installation_administrator',
  'invitation_unknown',
  'invitation_used',
  'invitation_over',
  'invitation_waits',
  'passkey_refused',
  'nonce_unknown',
  'guessing_locked',
];

/**
 * Puts calls that were refused on the audit trail, by person or by where they came from. That comes after the answer:
 * whoever is refused waits for no database.
 */
export function noteRefusedCalls(
  app: FastifyInstance,
  access: AccessNotes,
  onFault: (error: unknown) => void,
  whoOf: (request: FastifyRequest) => string | undefined,
): void {
  app.addHook('onResponse', async (request) => {
    const code = problemOf(request);
    if (code === undefined || !REFUSALS.includes(code)) return;
    const actor = whoOf(request) ?? `nobody signed in, ${whereFrom(request.ip)}`;
    access.note({ event: 'call refused', actor, org: null, subject: code }).catch(onFault);
  });
}

/** What is said of an address: a trail is kept for long, and an address is personal data. */
export function whereFrom(ip: string): string {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? ip.split('%')[0] ?? '';
  if (isIP(plain) === 0) return 'elsewhere';
  if (/^127\./.test(plain) || plain === '::1') return 'this machine';
  // RFC 1918, RFC 3927, RFC 6598; RFC 4193, RFC 4291.
  const isPrivate =
    /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      plain,
    ) || /^f[cd]|^fe[89ab]/i.test(plain);
  return isPrivate ? 'a private network' : 'elsewhere';
}
