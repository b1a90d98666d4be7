import { Object as Obj, type Static } from 'typebox/type';
import { Base64Url, Digest, Maybe, Pem, Uuid } from './scalars.ts';

/** A device shows its TPM: the endorsement key (SubjectPublicKeyInfo, DER) and an attestation key (TPMT_PUBLIC). */
export const TpmChallengeRequest = Obj(
  { ek: Base64Url(1024), ak: Base64Url(2048) },
  { additionalProperties: false },
);

/** `credential`: what tpm2_activatecredential reads: its header, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET. */
export const TpmChallengeAnswer = Obj({ id: Uuid, credential: Base64Url(2048) });
export type TpmChallengeAnswer = Static<typeof TpmChallengeAnswer>;

/** The secret that only this TPM finds, and what the attestation key certifies of the device's key (TPM2_Certify). */
export const TpmActivation = Obj(
  {
    id: Uuid,
    secret: Base64Url(64),
    /** TPMT_PUBLIC of the device's key, TPMS_ATTEST, TPMT_SIGNATURE. */
    key: Base64Url(2048),
    attest: Base64Url(2048),
    signature: Base64Url(2048),
  },
  { additionalProperties: false },
);
export type TpmActivation = Static<typeof TpmActivation>;

/** SHA-256 of the device's key (SubjectPublicKeyInfo); its certificate, where one was decided. */
export const TpmActivated = Obj({ key: Digest, certificate: Maybe(Pem(8192)) });
export type TpmActivated = Static<typeof TpmActivated>;
