import type { ClientRequest, OutgoingHttpHeaders } from 'node:http';

/** The headers of a request, by their lower-case names. */
export function headersOf(request: ClientRequest): OutgoingHttpHeaders {
  const headers = request.getHeaders();
  if (Object.keys(headers).length > 0) return headers;
  // Of headers that are given as a list Node.js keeps nothing but the text that it sends.
  const { _header: text } = request as { readonly _header?: unknown };
  return typeof text === 'string' ? parsed(text) : headers;
}

function parsed(text: string): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = {};
  for (const line of text.split('\r\n').slice(1)) {
    const [, name, value = ''] = /^([^:]+):\s*(.*)$/s.exec(line) ?? [];
    if (name !== undefined) (headers[name.toLowerCase()] ??= []).push(value);
  }
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}
