import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deviceArguments } from '../../simulator/arguments.ts';
import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import { NordicModemDevice } from '../../simulator/profiles/nordic/nordic-modem.ts';
import { serveUart } from '../../simulator/uart-sockets.ts';

async function ask(device: NordicModemDevice, commands: readonly string[]): Promise<string> {
  const server = await serveUart(device, { port: 0 }, false);
  const socket = connect(Number(server.at), '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  for (const [i, command] of commands.entries()) {
    socket.write(`${command}\r\n`);
    const finals = () => text.match(/^(?:OK|ERROR|\+CME ERROR: \d+)\r$/gm)?.length ?? 0;
    while (finals() <= i) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  socket.destroy();
  await server.close();
  return text;
}

const device = async () =>
  NordicModemDevice.start({
    state: await newDeviceState('imei-352656100367872'),
    firmware: { noise: false },
  });

it('keeps to the modem’s rules over TCP', async () => {
  const write = 'AT%CMNG=0,5,0,"A\nB"';
  const answers = await ask(await device(), [
    'AT+CGSN',
    write,
    'AT+CFUN=4',
    write,
    write,
    'AT%CMNG=1,5',
    'AT%CMNG=3,5,1',
  ]);
  // printf 'A\nB' | sha256sum
  const digest = '23519A43C66B4C342F25B32E09797EC5F3FC0BE388CD8243FB3449AFBDCE4013';
  expect(answers.split('\r\n')).toEqual([
    '352656100367872',
    'OK',
    '+CME ERROR: 518',
    'OK',
    'OK',
    '+CME ERROR: 519',
    `%CMNG: 5,0,"${digest}"`,
    'OK',
    '+CME ERROR: 513',
    '',
  ]);
});

it('gives a request that OpenSSL takes for what the firmware sends', async () => {
  const text = await ask(await device(), ['AT+CFUN=4', 'AT%KEYGEN=5,2,0,"CN=x,OU=y"', 'AT%KEYGEN=5,2,0']);
  expect(text).toContain('+CME ERROR: 519');
  const csr = Buffer.from(/%KEYGEN: "([^.]+)\./.exec(text)?.[1] ?? '', 'base64url');
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-test-'));
  try {
    writeFileSync(join(folder, 'csr'), csr);
    const args = ['req', '-inform', 'DER', '-in', join(folder, 'csr'), '-noout', '-subject', '-text'];
    const shown = execFileSync('openssl', args, { encoding: 'utf8' });
    expect(shown).toMatch(/CN ?= ?x, OU ?= ?y/);
    expect(shown).toContain('Digital Signature');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('is one of the profiles', () => {
  expect(
    deviceArguments(['--profile', 'nordic-modem', '--misbehave', 'digest-mismatch']).digestMismatch,
  ).toBe(true);
  expect(() => deviceArguments(['--profile', 'arduino', '--misbehave', 'digest-mismatch'])).toThrow(
    'misbehaviour',
  );
  expect(deviceArguments(['--profile', 'improv']).profile).toBe('improv');
});
