import { ListChangesAnswer } from '../../contract/list-changes.ts';
import type { Credential } from '../../contract/operator.ts';
import { parse } from '../../contract/parse.ts';
import { checkEvidence } from '../../core/evidence.ts';
import { parseJws } from '../../core/jws.ts';
import { lookUp } from '../../core/list-lookup.ts';
import { extendStatementKeys } from '../../core/statement.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { carriedList } from '../../src/effects/install/carried-list.ts';
import { prepare } from '../../src/effects/prepare.ts';
import { MemoryWork } from './records-backend.ts';
import type { TestDevice } from './server-device.ts';
import type { Reply, TestOperator } from './server-operator.ts';

/** A phone of this person, as the app prepares it, against the server. `bytes`: of each answer about a list. */
export async function listPhone(who: TestOperator) {
  const work = new MemoryWork();
  const { statementKeys, credential } = await who.enrol();
  work.keys = await extendStatementKeys(new Map(), statementKeys, who.session.aud, nodeCrypto);
  work.enrolled = {
    credential: parseJws(credential)?.payload as Credential,
    ...{ credentialDigest: '', signer: who.key, epoch: who.epoch, persistent: true },
  };
  const bytes: number[] = [];
  const notUsed = async () => Promise.reject(new Error('not asked for'));
  const etagOf = (reply: Reply) => reply.headers.get('etag') ?? '';
  const refresh = () =>
    prepare(
      {
        work,
        clock: { now: Date.now },
        crypto: nodeCrypto,
        keys: { make: notUsed, renew: notUsed, save: notUsed, epoch: notUsed },
        backend: {
          ...{ signInOptions: notUsed, signIn: notUsed, signOut: notUsed, session: notUsed },
          ...{ enrolChallenge: notUsed, enrol: notUsed },
          async knownKeys() {
            const { statementKeys } = (await who.get('/api/statement-keys')).body as {
              statementKeys: string[];
            };
            return { ok: true, value: statementKeys };
          },
          async workPack(org, etag) {
            const reply = await who.get(
              `/api/work-pack?org=${org}&list=apart`,
              etag === null ? {} : { 'if-none-match': etag },
            );
            if (reply.status === 304) return { ok: true, value: 'unchanged' };
            const { pack } = reply.body as { pack: string };
            return { ok: true, value: { jws: pack, etag: etagOf(reply) } };
          },
          async listChanges(org, held) {
            const reply = await who.get(
              `/api/list-changes?org=${org}&after=${held?.cursor ?? ''}`,
              held === null ? {} : { 'if-none-match': held.etag },
            );
            if (reply.status === 304) return { ok: true, value: 'unchanged' };
            if (reply.status !== 200) return { ok: false, failure: { kind: 'unreachable' } };
            bytes.push(JSON.stringify(reply.body).length);
            const answer = parse(ListChangesAnswer, reply.body);
            if (answer === undefined) throw new Error('an answer that does not fit');
            return { ok: true, value: { ...answer, etag: etagOf(reply) } };
          },
        },
      },
      who.session,
    );
  const listOf = async (org: string) => {
    const stored = (await work.packs()).find(({ pack }) => pack.org === org);
    if (stored === undefined) throw new Error('no pack');
    return carriedList(stored);
  };
  return { work, refresh, bytes, listOf };
}

/** What the phone says of the list, for this device. */
export async function listChecks(
  phone: Awaited<ReturnType<typeof listPhone>>,
  org: string,
  { udid, spki }: TestDevice,
) {
  const list = await lookUp(await phone.listOf(org), { udid, publicKey: spki }, nodeCrypto);
  const evidence = {
    ...{ udid, aliases: [], labelKey: undefined, deviceKey: spki, csr: new Uint8Array() },
    ...{
      keyFrom: 'device' as const,
      possession: { claimed: 'static' as const, challenge: undefined, proof: undefined, tokens: [] },
    },
    ...{ identity: { stated: [], known: [] }, subjectSaysNothing: true, list, tombstoned: false },
  };
  const checks = await checkEvidence(evidence, nodeCrypto);
  return checks.flatMap((one) =>
    one.check === 'on_list' || one.check === 'list_key'
      ? [one.result === 'passed' ? 'passed' : one.code]
      : [],
  );
}
