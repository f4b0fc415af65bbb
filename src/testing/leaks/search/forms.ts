/** So many characters of a form are looked up before all of it is looked for. */
export const START = 8;
/** Bytes whose forms have as many characters, at least. */
const START_BYTES = 12;
const START_BYTES_IN_UTF8 = 40;

/** Every form in which a secret may stand in a text, by name. */
export function formsOf(secret: Uint8Array): Map<string, string> {
  return new Map([...utf8Forms(secret), ...byteForms(secret)]);
}

/** How the forms of a secret begin. */
export function startsOf(secret: Uint8Array): string[] {
  const forms = [...utf8Forms(secret.subarray(0, START_BYTES_IN_UTF8)), ...byteForms(secret.subarray(0, START_BYTES))];
  return forms.map(([, text]) => text.slice(0, START));
}

function utf8Forms(secret: Uint8Array): [string, string][] {
  const text = Buffer.from(secret).toString('utf8');
  const json = inJson(text);
  return [
    ['UTF-8', text],
    ['JSON', json],
    ['JSON in ASCII', inAscii(json)],
  ];
}

function byteForms(secret: Uint8Array): [string, string][] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const latin1 = bytes.toString('latin1');
  const json = inJson(latin1);
  const forms: [string, string][] = [
    ['Latin-1', latin1],
    ['Latin-1 in JSON', json],
    ['Latin-1 in JSON in ASCII', inAscii(json)],
    ['hex', hex],
    ['upper-case hex', hex.toUpperCase()],
    // As Node.js and JSON show a Buffer.
    ['hex with spaces', hex.replace(/..(?=.)/g, '$& ')],
    ['numbers', bytes.join(',')],
  ];
  for (const before of [0, 1, 2]) {
    const text = base64Within(bytes, before);
    forms.push(
      [`base64, ${before} bytes into a group of three`, text],
      [`base64url, ${before} bytes into a group of three`, text.replaceAll('+', '-').replaceAll('/', '_')],
    );
  }
  return forms;
}

/** What is the same of the base64 of any text that holds the bytes behind so many others. */
function base64Within(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function inAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
