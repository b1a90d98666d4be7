import { fromPem, toPem } from '../../../core/pem.ts';
import { byRoot, endOf } from '../../authority/ca/issuing-certificates.ts';
import { DEFAULT_POLICY } from '../../authority/ca/policy.ts';
import { readIssuingRequest } from '../../authority/ca/request.ts';
import { bringIn } from '../../authority/ceremony/bring-in.ts';
import { putRootBack, rootTaken, takeRootOut } from '../../authority/ceremony/root-custody.ts';
import { isRootFile, openRootFile, rootFileText } from '../../authority/keys/root-file.ts';
import { ROOTS } from '../../ports/ca-names.ts';
import { nodeCrypto, sha256Hex } from '../../x509/node-crypto.ts';
import { wantedOrg } from './ca-commands.ts';
import { type BareCommand, type Command, UsageError } from './command.ts';
import { readText, writeNew } from './text-files.ts';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

/** Whoever finds the file has all the time in the world to guess. */
const SHORTEST = 16;

/** The file must not open by what this machine knows anyhow, so it has a passphrase of its own. */
function rootPassphrase({ rootPassphrase: given }: { readonly rootPassphrase: string | undefined }): string {
  if (given === undefined)
    throw new UsageError('FIELDBIND_ROOT_PASSPHRASE is missing: it protects the root file wherever it goes');
  return given;
}

const nameOf = (training: boolean) => (training ? ROOTS.training : ROOTS.real);

export const caExport: Command = {
  usage: 'ca export --to FILE [--training] [--remove]',
  about:
    "a root's key into a file, encrypted under FIELDBIND_ROOT_PASSPHRASE; --remove takes it off this machine",
  options: { to: TEXT, training: FLAG, remove: FLAG },
  words: 0,
  async run({ installation, config, required, flag, print }) {
    const passphrase = rootPassphrase(config);
    if (passphrase.length < SHORTEST)
      throw new UsageError(`FIELDBIND_ROOT_PASSPHRASE is shorter than ${SHORTEST} characters`);
    const name = nameOf(flag('training'));
    const root = await takeRootOut(name, passphrase, installation);
    const to = required('to');
    writeNew(to, rootFileText(root));
    // Read again from the file: what cannot be opened there must not go here.
    openRootFile(readText(to), passphrase);
    if (flag('remove')) await rootTaken(name, installation);
    print(`${to} holds the key ${name}${flag('remove') ? ', and this machine no longer does' : ''}`);
    return 0;
  },
};

export const caImport: Command = {
  usage: 'ca import --from FILE [--org ORG] [--training]',
  about:
    'what "ca sign" made of an organisation\'s request, put in its place; or a root file\'s key, put back here',
  options: { from: TEXT, org: TEXT, training: FLAG },
  words: 0,
  async run(call) {
    const { installation, config, required, flag, print } = call;
    const given = readText(required('from'));
    if (isRootFile(given)) {
      const root = openRootFile(given, rootPassphrase(config));
      await putRootBack(root, rootPassphrase(config), installation);
      print(`the key ${root.name} is on this machine again`);
      return 0;
    }
    const [certificate] = fromPem('CERTIFICATE', given);
    if (certificate === undefined)
      throw new UsageError('--from names neither a root file nor a certificate in PEM');
    const { name, anchor } = await bringIn(
      await wantedOrg(call, flag('training')),
      certificate,
      installation,
    );
    print(`${name} issues now, SHA-256 ${sha256Hex(anchor)}`);
    return 0;
  },
};

export const caSign: BareCommand = {
  usage: 'ca sign --root FILE --request FILE --to FILE',
  about: 'on the machine that has the root file, and needs nothing else: an issuing CA from its request',
  options: { root: TEXT, request: TEXT, to: TEXT },
  words: 0,
  bare: true,
  async run({ config, required, print }) {
    const root = openRootFile(readText(required('root')), rootPassphrase(config));
    const [request] = fromPem('CERTIFICATE REQUEST', readText(required('request')));
    if (request === undefined) throw new UsageError('--request names no request in PEM');
    const { org, spki } = await readIssuingRequest(request, nodeCrypto);
    const now = Date.now();
    const notAfter = Math.min(now + DEFAULT_POLICY.issuing, endOf(root.certificate));
    const subject = { org, spki, notBefore: now - DEFAULT_POLICY.backdate, notAfter };
    const certificate = await byRoot(subject, root, root.address, nodeCrypto);
    writeNew(required('to'), toPem('CERTIFICATE', certificate));
    print(`${root.name} signed the issuing CA of ${org}; request SHA-256 ${sha256Hex(request)}`);
    return 0;
  },
};
