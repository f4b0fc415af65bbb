/**
 * The JSON of an HTTP answer, undefined where it is none. An answer that is longer than `maxBytes` is not held.
 *
 * @param tooLong - makes the error for one that is
 */
export async function jsonAnswer(response: Response, maxBytes: number, tooLong: () => Error): Promise<unknown> {
  const body: AsyncIterable<Uint8Array> | null = response.body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
