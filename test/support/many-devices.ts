import { randomBytes } from 'node:crypto';
import type { DomainName } from '../../core/name.ts';
import type { Udid } from '../../core/udid.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { keep } from './kept-record.ts';
import { OAK_STREET, type TestServer } from './server.ts';
import { makeDevice, registrationOf } from './server-device.ts';

const ORG = 'northfield';

/**
 * Puts bound devices into the store, each with its registration and a certificate that waits to be written. They share a key
 * pair and a certificate that nobody reads: for lists, whose length is what matters. Returns their UDIDs.
 */
export async function bindMany(server: TestServer, count: number, site?: string): Promise<string[]> {
  const { transact, ca } = server.running.installation;
  const issuer = await ca.issuer(ORG);
  if (issuer === undefined) throw new Error('no issuing CA');
  const like = await makeDevice();
  const udids: string[] = [];
  await transact(async (tx) => {
    for (let n = 0; n < count; n++) {
      const id = uuid7(Date.now(), nodeCrypto);
      const udid = `acme-many-${randomBytes(6).toString('hex')}` as Udid;
      const place = { ...(site === undefined ? {} : { site }), position: `Flat ${n}`, photos: [] };
      const at = new Date().toISOString();
      const serial = randomBytes(16).toString('hex');
      const header = { alg: 'ES256', typ: 'registration+jws', v: 1, kid: 'k', aud: 'a', org: ORG } as const;
      await keep(tx, {
        id,
        digest: `digest of ${id}`,
        header: { ...header, seq: n + 1, prev: null, epoch: id, anchor: 'a' },
        author: 'ines',
        payload: registrationOf({ ...like, udid }, OAK_STREET, { id, place }),
        udid,
        capturedAt: at,
        receivedAt: at,
        outcome: 'bound',
        code: null,
        decidedAt: at,
        binding: id,
        approvedBy: null,
      });
      await tx.bindings.open({
        id,
        scope: 'real',
        org: ORG,
        domain: OAK_STREET as DomainName,
        site: site ?? null,
        maker: like.maker,
        udid,
        keyDigest: serial,
        registration: id,
        state: 'issued',
        unproven: true,
        firstUse: false,
        boundAt: at,
        endedAt: null,
      });
      const notAfter = new Date(Date.now() + 90 * 24 * 3_600_000).toISOString();
      const toBeSigned = new Uint8Array();
      const intent = { serial, issuer: issuer.name, kind: 'tbs', toBeSigned, digest: '' } as const;
      await tx.intents.intend({ ...intent, notBefore: at, notAfter }, id);
      await tx.certificates.issue(serial, {
        der: Uint8Array.of(48, 0),
        fingerprint: randomBytes(32).toString('hex'),
      });
      udids.push(udid);
    }
  });
  return udids;
}
