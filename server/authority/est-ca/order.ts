import { Array as ArrayOf, Number as Num, Object as Obj, String as Text } from 'typebox/type';
import { parse } from '../../../contract/parse.ts';
import { DomainName as DomainText, Maybe, OneOf, Udid as UdidText } from '../../../contract/scalars.ts';
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../../core/bytes.ts';
import { isDomainName } from '../../../core/name.ts';
import { isUdid } from '../../../core/udid.ts';
import type { CertificateOrder } from '../../ports/certificate-authority.ts';

export type FixedOrder = CertificateOrder & { readonly lifetime: number };

const Order = Obj({
  udid: UdidText,
  domain: DomainText,
  spki: Text(),
  lifetime: Num(),
  subject: Maybe(ArrayOf(Obj({ attribute: OneOf('CN', 'O', 'OU'), value: Text() }))),
});

/** What an intent contains if a third party writes the certificate: the order itself. */
export function writeOrder({ udid, domain, subject, spki, lifetime }: FixedOrder): Uint8Array {
  return utf8(JSON.stringify({ udid, domain, subject, spki: toBase64Url(spki), lifetime }));
}

export function readOrder(bytes: Uint8Array): FixedOrder | undefined {
  const text = fromUtf8(bytes);
  const order = text === undefined ? undefined : parse(Order, JSON.parse(text));
  const spki = order && fromBase64Url(order.spki);
  if (order === undefined || spki === undefined) return undefined;
  const { udid, domain, lifetime, subject } = order;
  if (!isUdid(udid) || !isDomainName(domain)) return undefined;
  return {
    udid,
    domain,
    spki,
    lifetime,
    ...(subject === undefined ? {} : { subject }),
  };
}
