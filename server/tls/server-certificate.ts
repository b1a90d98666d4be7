import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { AcmeConfig } from '../config/public-address.ts';
import type { Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { type AcmeParts, acmeCertificate } from './acme-certificate.ts';
import { type GivenFiles, givenFiles } from './given-files.ts';
import { type SecureServers, secureServers } from './secure-server.ts';

export type CertificateParts = Omit<AcmeParts, 'note'> & {
  readonly transact: Transact<'audit'>;
};

/** This server's certificate for `host`, from files or from a CA. Throws ConfigError. */
export function serverCertificate(
  host: string,
  from: Omit<GivenFiles, 'host'> | AcmeConfig,
  parts: CertificateParts,
): Promise<SecureServers> {
  const all = { ...parts, note: noteOn(host, parts) };
  const source = 'email' in from ? acmeCertificate(host, from, all) : givenFiles({ ...from, host }, all);
  return secureServers(source, parts.onFault);
}

/** The certificate of the devices' own listener, which its files name as they like. Throws ConfigError. */
export function listenerCertificate(
  files: Omit<GivenFiles, 'host'>,
  parts: Pick<CertificateParts, 'clock' | 'say' | 'onFault' | 'transact'>,
): Promise<SecureServers> {
  const note = noteOn('EST', parts);
  return secureServers(givenFiles({ ...files, host: undefined }, { ...parts, note }), parts.onFault);
}

function noteOn(
  subject: string,
  { transact, clock }: { readonly transact: Transact<'audit'>; readonly clock: Clock },
): (event: string, detail: string) => Promise<void> {
  return (event, detail) => {
    const entry = { at: toInstant(clock.now()), step: STEPS.admin, event, actor: 'server', org: null };
    return transact((tx) => audit(tx.audit, { ...entry, subject, detail }));
  };
}
