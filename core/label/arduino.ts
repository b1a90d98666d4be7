import type { LabelFormat } from './label.ts';

/**
 * The unique hardware id of an Arduino board, 32 bytes as hex (UHWID of the board configuration protocol; arduino-cloud-cli
 * cborcoders). Boards leave the factory without a code, so this is what a maker's own sticker or a terminal shows.
 */
export const arduinoFormat: LabelFormat = {
  kind: 'arduino',
  claims: (text) => /^[0-9a-f]{64}$/i.test(text),
  parse(text) {
    const serial = text.toLowerCase();
    return {
      ok: true,
      label: { kind: 'arduino', aliases: [serial], serial: { maker: 'arduino', serial }, redacted: text },
    };
  },
};
