import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox/type';
import { parse } from '../../../contract/parse.ts';
import { TpmActivation, TpmChallengeRequest } from '../../../contract/tpm.ts';
import { type ActivationParts, activateTpm, challengeTpm } from '../../authority/tpm/activation.ts';
import { TpmError } from '../../authority/tpm/tpm-reader.ts';
import { ProblemError } from '../problem.ts';

/** Routes beside EST for devices whose list row names their TPM. Bodies are text (est-app.ts). */
export function tpmRoutes(app: FastifyInstance, parts: ActivationParts): void {
  app.post('/tpm/challenge', async ({ body }) => {
    const request = read(TpmChallengeRequest, body);
    const answer = await sound(() => challengeTpm(request, parts));
    if (answer === undefined) throw new ProblemError('not_found', 'This TPM stands on no list');
    return answer;
  });
  app.post('/tpm/activate', async ({ body }) => {
    const request = read(TpmActivation, body);
    const answer = await sound(() => activateTpm(request, parts));
    if (answer === undefined)
      throw new ProblemError(
        'nonce_unknown',
        'The challenge is used up or too old, or this is not its secret',
      );
    return answer;
  });
}

function read<T extends TSchema>(schema: T, body: unknown) {
  const value = parse(schema, fromJson(body));
  if (value === undefined) throw new ProblemError('request_invalid');
  return value;
}

function fromJson(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : undefined;
  } catch {
    return undefined; // said as request_invalid
  }
}

async function sound<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TpmError) throw new ProblemError('proof_invalid', `TPM: ${error.message}`);
    throw error;
  }
}
