/**
 * How far `thisUpdate` of a CRL or an OCSP answer lies in the past, milliseconds: as far as `notBefore` of certificates
 * (ca/policy.ts). A verifier whose clock is behind would otherwise take no list, and with it no device, after a revocation.
 */
export const STATUS_LEEWAY = 3_600_000;
