import { describe, expect, it, test } from 'vitest';
import { readMatterCode, readMatterDigits } from '../../core/label/matter.ts';
import { parseLabel } from '../../core/label/parse-label.ts';

describe('Matter codes', () => {
  // Of the specification's test vendor, as generate_setup_payload.py prints them.
  it.each([
    ['MT:-24J042C00KA0648G00', 0xfff1, 0x8001, 3840],
    ['MT:Y.K9042C00KA0648G00', 0xfff1, 0x8000, 3840],
  ])('%s', (text, vendor, product, discriminator) => {
    expect(readMatterCode(text)).toEqual({ vendor, product, discriminator, passcode: 20202021 });
  });

  // As @matter/types writes them.
  it.each([
    ['MT:-24J042C00KA064IJ3P0IXZB0DK5N1K8SQ1RYCU1-A40', '1234567890'],
    ['MT:-24J042C00KA064IJ3P0A0994YC300O0', '1234567'],
  ])('%s names its device, and its passcode goes nowhere', (text, serial) => {
    expect(parseLabel(text)).toEqual({
      ok: true,
      label: {
        kind: 'matter',
        aliases: [serial],
        model: 'Matter FFF1:8001',
        redacted: `Matter FFF1:8001 ${serial}`,
      },
    });
  });

  it('the typed one holds the upper four bits of the same discriminator', () => {
    expect(readMatterDigits('34970112332')).toEqual({ discriminator: 3840 >> 8, passcode: 20202021 });
  });

  it('every other last digit is refused, and so is every swap of neighbours', () => {
    const text = '34970112332';
    for (let digit = 0; digit <= 9; digit++)
      if (digit !== 2) expect(readMatterDigits(text.slice(0, -1) + digit)).toBeUndefined();
    for (let at = 0; at < 10; at++) {
      const swapped = [...text];
      [swapped[at], swapped[at + 1]] = [swapped[at + 1] ?? '', swapped[at] ?? ''];
      if (swapped.join('') !== text) expect(readMatterDigits(swapped.join(''))).toBeUndefined();
    }
  });
});

test('a LoRaWAN owner token goes nowhere', () => {
  const text = 'LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:OAABBCCDDEEFF:SYYWWNNNNNN:PFOOBAR:CAF2C';
  expect(parseLabel(text)).toEqual({
    ok: true,
    label: {
      kind: 'lorawan',
      udid: 'mac-aabbccddeeff0011',
      aliases: ['aabbccddeeff0011', 'YYWWNNNNNN'],
      model: 'LoRaWAN AABB1122',
      redacted: 'LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:SYYWWNNNNNN:PFOOBAR',
    },
  });
});
