/** Keeps what is looked at in the address, so that back leads to the same list. An empty value leaves it. */
export function sayInAddress(wanted: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(wanted))
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  const text = query.toString();
  history.replaceState(history.state, '', text === '' ? location.pathname : `${location.pathname}?${text}`);
}
