import { fromPem, toPem } from '../../../core/pem.ts';
import { checkRootFile, isRootFile } from '../../authority/ceremony/root-papers.ts';
import { signIssuingRequest } from '../../authority/ceremony/sign-request.ts';
import { rootOf } from '../../ports/ca-names.ts';
import { nodeCrypto, sha256Hex } from '../../x509/node-crypto.ts';
import { wantedOrg } from './ca-commands.ts';
import { type BareCommand, type Command, UsageError } from './command.ts';
import { readText, writeNew } from './text-files.ts';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

/** Shortest passphrase: whoever finds the file has unlimited time to guess. */
const SHORTEST = 16;

/** The root file has a passphrase of its own: what this machine knows anyway must not open it. */
function rootPassphrase({
  rootPassphrase: passphrase,
}: {
  readonly rootPassphrase: string | undefined;
}): string {
  if (passphrase === undefined)
    throw new UsageError('FIELDBIND_ROOT_PASSPHRASE is missing: it protects the root file wherever it goes');
  return passphrase;
}

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
    const training = flag('training');
    const name = rootOf({ training });
    const to = required('to');
    writeNew(to, await installation.ceremonies.takeRootOut(training, passphrase));
    // The file is read again before the key is removed: a root file that cannot be opened must not replace the key here.
    checkRootFile(readText(to), passphrase);
    if (flag('remove')) await installation.ceremonies.removeRoot(training);
    print(`${to} holds the key ${name}${flag('remove') ? ', and this machine no longer does' : ''}`);
    return 0;
  },
};

export const caImport: Command = {
  usage: 'ca import --from FILE [--org ORG] [--training]',
  about:
    'what "ca sign", or a foreign CA with all above it, made of an organisation\'s request, put in its place; or a root file\'s key, put back here',
  options: { from: TEXT, org: TEXT, training: FLAG },
  words: 0,
  async run(call) {
    const { installation, config, required, flag, print } = call;
    const content = readText(required('from'));
    if (isRootFile(content)) {
      const name = await installation.ceremonies.putRootBack(content, rootPassphrase(config));
      print(`the key ${name} is on this machine again`);
      return 0;
    }
    const certificates = fromPem('CERTIFICATE', content);
    if (certificates.length === 0)
      throw new UsageError('--from names neither a root file nor a certificate in PEM');
    const ca = await wantedOrg(call, flag('training'));
    const { name, anchor } = await installation.ceremonies.bringIn(ca, certificates);
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
    const rootFile = { text: readText(required('root')), passphrase: rootPassphrase(config) };
    const [request] = fromPem('CERTIFICATE REQUEST', readText(required('request')));
    if (request === undefined) throw new UsageError('--request names no request in PEM');
    const { org, root, certificate } = await signIssuingRequest(request, rootFile, Date.now(), nodeCrypto);
    writeNew(required('to'), toPem('CERTIFICATE', certificate));
    print(`${root} signed the issuing CA of ${org}; request SHA-256 ${sha256Hex(request)}`);
    return 0;
  },
};
