import { readFileSync } from 'node:fs';
import type { DeliveryFault, DeliveryResult } from '../../ports/deliveries.ts';
import { faultOf } from '../delivery-fault.ts';

/** The mail server that takes what we send. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte. `starttls`: before anything is said, or nothing is. `none`: a server on this machine. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user: string | undefined;
  /** Never to be shown. */
  readonly password: string | undefined;
  /** Address that mails come from. */
  readonly from: string;
  /** PEM file: trust anchors in place of the system's. */
  readonly trustFile: string | undefined;
}

export interface Mail {
  /** The same for the same mail, so that of two copies a mail program shows one. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  send(mail: Mail): Promise<DeliveryResult>;
  /** Speaks to the server and signs in, and sends nothing. */
  check(): Promise<DeliveryResult>;
}

/** Time limit for each step of the conversation, milliseconds. */
const PATIENCE = 10_000;

/**
 * Sends mail by SMTP (RFC 5321), as its submission (RFC 6409). The library is loaded with the first mail. It gets addresses as
 * fields of their own, and may read neither files nor addresses that a mail would name.
 */
export function mailer(server: MailServer, patience = PATIENCE): Mailer {
  const { host, port, security, user, password, from, trustFile } = server;
  async function transport() {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      ...{ host, port, secure: security === 'tls' },
      ...{ requireTLS: security === 'starttls', ignoreTLS: security === 'none' },
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      tls: {
        minVersion: 'TLSv1.2',
        // Read each time, so that a change takes effect without a restart.
        ...(trustFile === undefined ? {} : { ca: readFileSync(trustFile, 'utf8') }),
      },
      ...{ connectionTimeout: patience, greetingTimeout: patience },
      ...{ socketTimeout: patience, dnsTimeout: patience },
      ...{ disableFileAccess: true, disableUrlAccess: true },
    });
  }
  return {
    async send({ id, to, subject, text }) {
      try {
        const sent = await (await transport()).sendMail({
          from: { name: 'Fieldbind', address: from },
          to: { name: '', address: to },
          ...{ subject, text },
          messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
          // Answered by no other machine (RFC 3834, section 5).
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return sent.rejected.length === 0 ? { ok: true } : { ok: false, fault: 'not_taken' };
      } catch (error) {
        return { ok: false, fault: mailFault(error) };
      }
    },
    async check() {
      try {
        await (await transport()).verify();
        return { ok: true };
      } catch (error) {
        return { ok: false, fault: mailFault(error) };
      }
    },
  };
}

/** The text of an error is dropped: servers quote addresses and more in it. */
function mailFault(error: unknown): DeliveryFault {
  if (!(error instanceof Error)) return 'failed';
  const { code, responseCode, cause } = error as Error & { code?: string; responseCode?: number };
  // RFC 4954, section 6: 454 is a temporary failure, 53x and 535 are the credentials.
  if (code === 'EAUTH') return responseCode === 454 ? 'busy' : 'not_authorized';
  if (code === 'EENVELOPE' || code === 'EMESSAGE')
    return responseCode !== undefined && responseCode < 500 ? 'busy' : 'not_taken';
  if (code === 'ETLS') return 'not_trusted';
  if (code === 'ETIMEDOUT') return 'timed_out';
  // The library names the socket's own error in place of its code, or beside it.
  const fault = faultOf(cause ?? error);
  if (fault !== 'not_reached') return fault;
  return /certificate|altname|self.signed/i.test(error.message) ? 'not_trusted' : 'not_reached';
}
