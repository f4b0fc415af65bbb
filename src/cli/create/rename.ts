import type { ServiceNames } from './service-names.js';

/**
 * The template is a working service with names of its own. Its files hold them in these forms and in no other, never
 * alone as an identifier, and never meaning anything else; so text by text they can be replaced by other names.
 */
const FORMS: readonly (readonly [inTemplate: string, of: (names: ServiceNames) => string])[] = [
  ['shipment-service', ({ service }) => service],
  ['shipments', ({ topic }) => topic],
  ['shipment', ({ aggregate }) => camelCase(aggregate)],
  ['Shipment', ({ aggregate }) => pascalCase(aggregate)],
  ['requested', ({ event }) => event],
  ['Requested', ({ event }) => pascalCase(event)],
];

// The longer ones come first, and all in one pass: what has been put in is not looked at again.
const ANY_FORM = new RegExp(FORMS.map(([form]) => form).join('|'), 'g');
const NEW_FORMS = new Map(FORMS);

/** A text of the template with other names. */
export function renamed(text: string, names: ServiceNames): string {
  return text.replaceAll(ANY_FORM, (form) => NEW_FORMS.get(form)?.(names) ?? form);
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_hyphen, letter: string) => letter.toUpperCase());
}

function pascalCase(name: string): string {
  return camelCase(name).replace(/^./, (letter) => letter.toUpperCase());
}
