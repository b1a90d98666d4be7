/** The path of an invitation to this installation, in what was scanned or pasted; undefined where there is none. */
export function invitationIn(text: string, origin: string): string | undefined {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return undefined;
  const url = new URL(trimmed);
  const isOurs = url.origin === origin && url.pathname === '/join' && /^#[A-Za-z0-9_-]{43}$/.test(url.hash);
  return isOurs ? `/join${url.hash}` : undefined;
}
