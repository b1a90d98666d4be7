import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CredCommands } from '../../src/device/drivers/zephyr-cred/cred-commands.ts';
import { parseCredList } from '../../src/device/drivers/zephyr-cred/cred-list.ts';
import { secTagOf } from '../../src/device/drivers/zephyr-cred/sec-tag.ts';

const DIGEST = 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';

describe('cred list', () => {
  it('is read with CR LF, log lines and digests that the device could not make', () => {
    const output = `\r\n42,SERV,${DIGEST},0\r\n[00:00:01.000,000] <inf> net: 1,2,3\r\n42,PK,ERROR,-116\r\n7,CA,N/A,0\r\n3 credentials found.\r\n`;
    expect(parseCredList(output)).toEqual({
      complete: true,
      credentials: [
        { tag: 42, type: 'SERV', digest: Buffer.from(DIGEST, 'base64').toString('hex') },
        { tag: 42, type: 'PK', digest: undefined },
        { tag: 7, type: 'CA', digest: undefined },
      ],
    });
  });

  it('is nothing where the command is unknown, and never throws', () => {
    expect(parseCredList('cred: command not found\r\n')).toBeUndefined();
    expect(parseCredList('0 credentials found.\r\n')).toEqual({ credentials: [], complete: true });
    fc.assert(fc.property(fc.string({ maxLength: 3_000 }), (text) => void parseCredList(text)));
  });
});

describe('the security tag', () => {
  const tagOf = (lines: readonly string[], console = '') => {
    const list = parseCredList([...lines, `${lines.length} credentials found.`].join('\n'));
    return secTagOf(list ?? { credentials: [], complete: true }, console);
  };

  it.each([
    ['holds the key', [`42,PK,${DIGEST},0`, `7,CA,${DIGEST},0`], '', 42],
    ['holds a key in PSA', [`42,INV,${DIGEST},0`, `7,CA,${DIGEST},0`], '', 42],
    [
      'is the one of two keys that the console names',
      [`1,PK,${DIGEST},0`, `2,PK,${DIGEST},0`],
      'sec tag 2',
      2,
    ],
    ['is what the console names', [], 'Run: cred add 9 SERV DEFAULT BINT', 9],
    ['is the only one in use', [`5,CA,${DIGEST},0`], '', 5],
  ])('%s', (_, lines, console, tag) => {
    expect(tagOf(lines, console)).toBe(tag);
  });

  it('is not guessed', () => {
    expect(() => tagOf([])).toThrow('sec_tag_unknown');
    expect(() => tagOf([`1,PK,${DIGEST},0`, `2,PK,${DIGEST},0`])).toThrow('sec_tag_unknown');
  });
});

it('is asked for again where a board was reset in the middle of it, and not where there is no such command', async () => {
  const list = '42,INV,3fwa0LjMG6cQQmtx9P0lBU/Nnd1bQAXHLYik2WBSYfs=,0\r\n1 credentials found.\r\n';
  const boot =
    '\r\n*** Booting Zephyr OS build v4.2.99 ***\r\nWaiting for the device and CA certificates\r\n';
  for (const [answers, tags, asks] of [
    [[boot, list], [42], 2],
    [['cred: command not found\r\n', list], undefined, 1],
    [[boot, boot, boot, list], undefined, 3],
  ] as const) {
    let asked = 0;
    const commands = new CredCommands({ run: async () => answers[asked++] ?? '' });
    const found = await commands.listAll(new AbortController().signal);
    expect(found?.credentials.map(({ tag }) => tag)).toEqual(tags);
    expect(asked).toBe(asks);
  }
});
