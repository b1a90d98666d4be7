import { expect, it } from 'vitest';
import { makeDeviceKey } from '../../simulator/profiles/device-key.ts';
import { certificationRequest } from '../../simulator/profiles/request.ts';
import { nrfEvidence } from '../../src/device/drivers/zephyr-cred/nrf-evidence.ts';
import { codeOf, signal } from '../support/device-code.ts';

const { key } = await makeDeviceKey();
const csr = Buffer.from(await certificationRequest(key, key.spki, 'CN=dev')).toString('base64');
const GOOD = `CSR: ${csr}\r\nCSR generation complete\r\n`;
const NOISE = [
  '[00:00:09.100,000] <wrn> lte_lc: cell search failed, retrying\r\n',
  '[00:00:09.100,000] <err> app: CSR generation failed: -5\r\n',
  '[00:00:09.100,000] <err> cloud: Failed to get device id\r\n',
  '[00:00:09.100,000] <inf> app: CSR generation complete\r\n',
];

/** A shell that says this when it is asked for a request, and has no `pubkey`. */
const shell = (output: string) => ({
  run: async (command: string) =>
    command.includes('csr') ? `\r\n${output}` : 'pubkey: subcommand not found\r\n',
});
const ask = (output: string) =>
  nrfEvidence(shell(output), 42, { makesKey: false, challenge: undefined }, signal());

it.each(NOISE)('reads a request among log lines, whatever they speak of: %s', async (noise) => {
  for (const output of [noise + GOOD, GOOD + noise]) {
    expect(Buffer.from((await ask(output)).csr).toString('base64')).toBe(csr);
  }
});

it.each([
  ['CSR generation failed: -5\r\n', 'no_key'],
  ['CSR generation failed: -2\r\n', 'no_key'],
  ['CSR generation failed: -12\r\n', 'device_refused'],
  ['Base64 encoding failed: -12\r\n', 'device_refused'],
  ['Invalid sec tag: x\r\n', 'device_refused'],
  ['Failed to get device id: -2 (pass a subject explicitly)\r\n', 'device_refused'],
  [`CSR: ${csr.slice(0, 200)}`, 'evidence_needs_cable'],
])('tells what came instead of one, with log lines around it: %s', async (output, code) => {
  for (const noise of ['', ...NOISE]) expect(await codeOf(ask(noise + output))).toBe(code);
});
