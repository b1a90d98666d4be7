import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64 } from '../../core/bytes.ts';
import { csvLine, listCsv } from '../../core/list-csv.ts';
import { toPem } from '../../core/pem.ts';
import { parseCsv } from '../../server/organisations/lists/csv.ts';
import { TRAINING_ROWS } from '../../server/organisations/lists/import-rows.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { rowsIn } from '../support/list-rows.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, rowOf } from '../support/server-device.ts';

describe('CSV', () => {
  it('reads back whatever it writes', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', 'é') });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(table, (rows) => {
        const { lines, broken } = parseCsv(rows.map(csvLine).join(''));
        expect(broken).toBeUndefined();
        expect(lines.map(({ fields }) => fields)).toEqual(rows);
      }),
    );
  });

  it('names the line where a quote is out of place', () => {
    expect(parseCsv('a,b\n"c\nd",e\nf"g,h\n')).toMatchObject({ broken: 4 });
    expect(parseCsv('a,"b')).toMatchObject({ broken: 1 });
    expect(parseCsv('a,"b"c')).toMatchObject({ broken: 1 });
  });
});

describe('rows from CSV', () => {
  const read = (text: string, maker?: string) => rowsIn(text, maker, nodeCrypto);

  it('takes keys as base64 and as PEM, and gives the same row back', async () => {
    const { spki, udid } = await makeDevice();
    const pem = toPem('PUBLIC KEY', spki);
    const text = `maker,udid,anchor,public_key,model,order,aliases\nacme,${udid},key,${toBase64(spki)},M 1,O7,"a;b"\nacme,acme-2,key,"${pem}",,,\n`;
    const { rows, faults } = await read(text);
    expect(faults).toEqual([]);
    expect(rows[0]?.row).toMatchObject({
      udid,
      anchor: 'key',
      model: 'M 1',
      order: 'O7',
      aliases: ['a', 'b'],
    });
    expect(rows[1]?.row.publicKey).toBe(rows[0]?.row.publicKey);
    const again = await read(listCsv(rows.map(({ row }) => row)));
    expect(again.rows.map(({ row }) => row)).toEqual(rows.map(({ row }) => row));
  });

  it.each([
    ['serial', 'SN-1', 'acme-sn-1'],
    ['mac', '00:11:22:33:44:55', 'mac-001122334455'],
    ['imei', '352099001761481', 'imei-352099001761481'],
  ])('makes the UDID of a %s and keeps it as an alias', async (column, value, udid) => {
    const { rows } = await read(`${column}\n${value}\n`, 'acme');
    expect(rows[0]?.row).toEqual({ maker: 'acme', udid, anchor: 'udid-only', aliases: [value] });
  });

  it('names each bad row by its line and code, and keeps the good ones', async () => {
    const { rows, faults } = await read(
      'imei,public_key\n352099001761481,\n352099001761480,\n1,2,3\n352099001761481,!\n',
      'acme',
    );
    expect(rows).toHaveLength(1);
    expect(faults.map(({ line, code }) => [line, code])).toEqual([
      [3, 'imei_check_digit'],
      [4, 'columns'],
      [5, 'public_key_malformed'],
    ]);
  });

  it.each(['', 'maker\n', 'serial,mac\n', 'serial,colour\n', 'serial,serial\n'])(
    'refuses the header %j',
    async (text) => {
      expect((await read(text, 'acme')).faults).toMatchObject([{ code: 'columns' }]);
      expect((await read('serial\nA\n')).faults).toMatchObject([{ code: 'columns' }]);
    },
  );
});

describe('the list', () => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fieldbind-list-'));
    server = await startTestServer();
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('is imported and exported beside a running server, row errors by line', async () => {
    const file = join(folder, 'list.csv');
    writeFileSync(file, 'serial,model\nA-1,M\nB 2,M\n,M\n');
    const result = await server.fieldbind('list', 'import', file, '--org', 'northfield', '--maker', 'acme');
    expect(result.code).toBe(1);
    expect(result.out).toContain('line 4: serial_malformed');
    expect(result.out).toContain('2 imported, 0 unchanged, 1 with errors');
    const exported = await server.fieldbind('list', 'export', '--org', 'northfield');
    expect(exported.out).toContain('acme,acme-a-1,udid-only,,M,,A-1');
    const ines = await server.signIn('ines');
    expect((await ines.pack('northfield')).rows).toHaveLength(2);
  });

  it('refuses rows that contradict themselves or others', async () => {
    const device = await makeDevice();
    const other = await makeDevice({ maker: 'other' });
    const { errors } = await server.importList('northfield', [
      rowOf(device, { udid: 'mqtt' }),
      rowOf(device, { maker: 'www' }),
      rowOf(other, { maker: 'acme' }),
      rowOf(device, { publicKey: 'AAAA' }),
      rowOf(device, { anchor: 'udid-only', publicKey: 'AAAA' }),
    ]);
    expect(errors.map(({ row, code }) => [row, code])).toEqual([
      [1, 'udid_invalid'],
      [2, 'maker_name'],
      [3, 'udid_invalid'],
      [4, 'public_key_malformed'],
      [5, 'anchor'],
    ]);
    await server.importList('northfield', [rowOf(device)]);
    expect((await server.importList('hanna-home', [rowOf(device)])).errors).toMatchObject([
      { code: 'taken' },
    ]);
  });

  it('keeps a bounded number of practice rows, the newest, and bounds how often they come', async () => {
    const rows = Array.from({ length: TRAINING_ROWS }, (_, n) => ({
      maker: 'acme',
      udid: `acme-many-${n}`,
      aliases: [],
      anchor: 'udid-only' as const,
    }));
    await server.importList('training', rows);
    const newest = await makeDevice();
    const ines = await server.signIn('ines');
    await ines.post('/api/list?org=training', { rows: [rowOf(newest)] });
    const { list } = server.running.installation.stores;
    const kept = await list.ofOrg('training', 5000);
    expect(kept).toHaveLength(TRAINING_ROWS);
    expect(kept[0]).toMatchObject({ row: { udid: newest.udid }, importedBy: 'ines' });
    let last = '';
    for (let n = 0; n < 70; n++) {
      const { body } = await ines.post('/api/list?org=training', { rows: [rowOf(newest)] });
      last = (body as { code?: string }).code ?? '';
    }
    expect(last).toBe('rate_limited');
  });
});
