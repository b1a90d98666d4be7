import type { TSchema } from 'typebox/type';
import { expect, test } from 'vitest';
import { Cursor } from '../../contract/change.ts';
import { Fingerprint } from '../../contract/confirmation.ts';
import { parse } from '../../contract/parse.ts';
import {
  Audience,
  Base64Url,
  CompactJws,
  Digest,
  DomainName,
  Instant,
  Maker,
  OrgName,
  Pem,
  RecordId,
  Udid,
  Uuid,
  Words,
} from '../../contract/scalars.ts';

const ID = '019b0000-0000-7000-8000-00000000000a';

test.each<[string, TSchema, readonly string[], readonly string[]]>([
  [
    'Digest',
    Digest,
    ['A'.repeat(43)],
    ['A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(43)}\n`],
  ],
  [
    'Instant',
    Instant,
    ['2026-01-01T00:00:00.000Z'],
    [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.000+00:00',
      '2026-01-01 00:00:00.000Z',
      '02026-01-01T00:00:00.000Z',
    ],
  ],
  [
    'RecordId',
    RecordId,
    [ID],
    [ID.toUpperCase(), ID.replace('-7', '-4'), ID.replace('-8', '-c'), `${ID}0`, ID.replaceAll('-', '')],
  ],
  ['Uuid', Uuid, [ID, '00000000-0000-0000-0000-000000000000'], [ID.toUpperCase(), `{${ID}}`]],
  ['Udid', Udid, ['a', 'imei-1', '-', 'a'.repeat(63)], ['', 'A', 'a.b', 'a:b', 'a'.repeat(64), 'a\n', 'ä']],
  ['Maker', Maker, ['ab', 'a1', 'a'.repeat(16)], ['a', '1a', 'A1', 'a-b', 'a'.repeat(17)]],
  ['OrgName', OrgName, ['ab', 'a-1'], ['a', '-a', 'A1', 'a'.repeat(32)]],
  ['DomainName', DomainName, ['a.b', 'a'.repeat(64)], ['ab', 'A.b', 'a_b', 'a'.repeat(65), 'a b']],
  ['Audience', Audience, ['localhost:4600'], ['', 'a/b', 'A', 'a'.repeat(129)]],
  ['Base64Url(4)', Base64Url(4), ['', 'A-_9'], ['AAAAA', 'A=', 'A+']],
  ['CompactJws(9)', CompactJws(9), ['a.b.c', 'aaa.b.ccc'], ['a.b', 'a.b.c.d', 'a..c', '.b.c', 'aaaa.bb.cc']],
  ['Pem(32)', Pem(32), ['', '-----BEGIN X'], ['x', ' -----BEGIN ', `-----BEGIN ${'x'.repeat(32)}`]],
  ['Words(3)', Words(3), ['', 'äöü', '<b>'], ['four']],
  ['Fingerprint', Fingerprint, ['0f'.repeat(32)], ['0F'.repeat(32), '0f'.repeat(31)]],
  ['Cursor', Cursor, ['', 'a-_9'], ['a b', 'a'.repeat(65)]],
])('%s', (_, schema, good, bad) => {
  for (const text of good) expect(parse(schema, text), JSON.stringify(text)).toBe(text);
  for (const text of bad) expect(parse(schema, text), JSON.stringify(text)).toBeUndefined();
});
