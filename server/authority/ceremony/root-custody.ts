import { equalBytes } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Authority } from '../../ports/authorities.ts';
import { rootOf } from '../../ports/ca-names.ts';
import { VaultError } from '../../ports/signer.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { commandLine } from '../../trail/actors.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import type { KeyFiles } from '../keys/key-files.ts';
import { openRootFile, rootFileText } from '../keys/root-file.ts';

export interface RootParts {
  /** Undefined if keys are in a token, which exports none. */
  readonly keyFiles: KeyFiles | undefined;
  readonly stores: Needs<'authorities'>;
  readonly transact: Transact<'audit'>;
  readonly clock: Clock;
  readonly verifierUrl: string;
}

/** The text of a root file, to be stored elsewhere. Throws VaultError. */
export async function takeRootOut(training: boolean, under: string, parts: RootParts): Promise<string> {
  const name = rootOf({ training });
  const { certificate } = await rootNamed(name, parts);
  const keyPem = files(parts).takeOut(name, under);
  if (keyPem === undefined) throw new VaultError(`the key ${name} is not on this machine`);
  await note('root key taken out', name, parts);
  return rootFileText({ name, certificate, keyPem, address: `${parts.verifierUrl}/ca/${name}.cer` });
}

/** Must be called only once the root file is safe elsewhere. */
export async function removeRoot(training: boolean, parts: RootParts): Promise<void> {
  const name = rootOf({ training });
  await note('root key removed', name, parts);
  files(parts).remove(name);
}

/** Puts the key of a root file back. Throws VaultError if the text is no root file, or another installation's. */
export async function putRootBack(text: string, passphrase: string, parts: RootParts): Promise<string> {
  const root = openRootFile(text, passphrase);
  const { certificate } = await rootNamed(root.name, parts);
  if (!equalBytes(certificate, root.certificate))
    throw new VaultError(`this file holds another ${root.name} than this installation’s`);
  files(parts).putIn(root.name, root.keyPem, passphrase);
  await note('root key put back', root.name, parts);
  return root.name;
}

async function rootNamed(name: string, { stores }: RootParts): Promise<Authority> {
  const root = await stores.authorities.authority(name);
  if (root === undefined || root.root !== null) throw new VaultError(`there is no root called ${name} here`);
  return root;
}

function files({ keyFiles }: RootParts): KeyFiles {
  if (keyFiles === undefined)
    throw new VaultError('the keys are in a token, which gives none out: keep the token itself elsewhere');
  return keyFiles;
}

async function note(event: string, subject: string, { transact, clock }: RootParts): Promise<void> {
  await transact(async (tx) =>
    audit(tx.audit, {
      at: toInstant(clock.now()),
      step: STEPS.admin,
      event,
      actor: commandLine(),
      org: null,
      subject,
      detail: '',
    }),
  );
}
