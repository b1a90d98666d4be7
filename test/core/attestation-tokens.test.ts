import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAttestationTokens } from '../../core/attestation-tokens.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { attestationTokensCsv, listCsv } from '../../core/list-csv.ts';
import { checkRow } from '../../server/organisations/lists/check-row.ts';
import { RIGS } from '../ports/device-rigs.ts';
import { Stop } from '../ports/device-visit.ts';
import { CRYPTO } from '../ports/rig.ts';
import { signal } from '../support/device-code.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { rowsIn } from '../support/list-rows.ts';

const AT = '2026-11-21T09:30:00.000Z';

/** One device after another, as at the bench where no list exists yet. */
async function read(name: string) {
  const rig = RIGS.find((one) => one.name === name);
  if (rig === undefined) throw new Error(name);
  const stop = new Stop(await rig.start());
  const session = await stop.open();
  const { aliases } = await stop.run(session.identify(signal()));
  const evidence = await stop.run(session.evidence(signal()));
  await stop.end();
  return { aliases, evidence };
}

describe('what is read at the bench', () => {
  it.each(RIGS.filter(({ driver }) => driver !== 'improv').map(({ name }) => name))(
    'makes a list that is imported as it was written: %s',
    async (name) => {
      const { aliases, evidence } = await read(name);
      const publicKey = toBase64Url(evidence.publicKey);
      const row = {
        maker: 'acme',
        udid: 'acme-17',
        aliases: [...aliases],
        anchor: 'key' as const,
        publicKey,
      };
      expect(checkRow(row)).toBeUndefined();
      const imported = await rowsIn(listCsv([row]), undefined, CRYPTO.crypto);
      expect(imported).toEqual({ rows: [{ line: 2, row }], faults: [] });
    },
  );
});

describe('Nordic’s attestation tokens', () => {
  it('are read as they were written, the last line of each modem', async () => {
    const { aliases, evidence } = await read('AT host');
    const named = (scheme: string) =>
      aliases.find((alias) => alias.startsWith(scheme))?.slice(scheme.length) ?? '';
    const token = evidence.attestations?.find(({ kind }) => kind === 'nordic-attesttoken')?.text ?? '';
    const row = { imei: named('imei-'), uuid: named('uuid-'), token, at: AT };
    const earlier = { ...row, at: '2026-11-20T09:30:00.000Z' };
    expect(readAttestationTokens(attestationTokensCsv([earlier, row]))).toEqual({ rows: [row], faults: [] });
  });

  it('are taken from Nordic’s own script too, and lines that are none are told by number', () => {
    const token = `${'A'.repeat(30)}.${'B'.repeat(30)}`;
    const line = `352656100367872,50363154-3931-44F0-8022-121B6401627D,${token},2026-11-21T09:30:00+01:00`;
    const text = `${line}\r\n\r\nimei,uuid\r\n${line.replace('872', '873')}\r\n`;
    expect(readAttestationTokens(text)).toMatchObject({
      rows: [{ imei: '352656100367872', uuid: '50363154-3931-44f0-8022-121b6401627d' }],
      faults: [3, 4],
    });
  });

  it('survive anything', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(readAttestationTokens(text).rows.length).toBeLessThanOrEqual(text.length);
      }),
      fuzzed(20_000),
    );
  });
});
