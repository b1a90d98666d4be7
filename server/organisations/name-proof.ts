/** TXT records of a DNS name: what proves that somebody controls a domain (RFC 1035 section 3.3.14). */
export interface TxtResolver {
  /** Each record's text, its strings joined. Empty if there is none or the name cannot be resolved. */
  txt(name: string): Promise<string[]>;
}
