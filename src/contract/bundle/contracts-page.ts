import type { BundledContract, ContractBundle } from './bundle.js';
import { fieldRows, FURTHER_FIELDS, type FieldRow } from './field-rows.js';
import { PROTECTIONS } from './protections.js';

/** A page about the contracts of a bundle: one HTML document that loads nothing and runs no script. */
export function contractsPage({ name, version, contracts }: ContractBundle): string {
  const title = `Event contracts of ${name} ${version}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<p>What producers write and consumers read. Each event belongs to one tenant.</p>
<nav aria-label="Contracts">
${table(
  ['Event', 'Topic', 'Owner', 'Protection'],
  contracts.map(({ eventType, topic, owner, protection }) => [
    `<a href="#${escape(eventType)}">${escape(eventType)}</a>`,
    escape(topic),
    escape(owner ?? '–'),
    escape(protection),
  ]),
)}
</nav>
${contracts.map(section).join('\n')}
</main>
</body>
</html>
`;
}

function section(contract: BundledContract): string {
  const { eventType, type, version, topic, compacted, owner, description, protection, upcastFrom, examples } = contract;
  const optional = optionalForPublishers(contract);
  const facts = [
    ['Topic', escape(topic) + (compacted ? ', compacted: an event may be a tombstone, without data' : '')],
    ['Owner', escape(owner ?? 'not told')],
    ['Protection', escape(PROTECTIONS[protection])],
    ...(upcastFrom === undefined
      ? []
      : [['Older events', `Handlers also get version ${upcastFrom}, which is upcast to this one.`]]),
    ...(optional.length === 0
      ? []
      : [['With a default', `${optional.map((place) => code(place)).join(', ')}: publishers may leave it out.`]]),
  ];
  return `<section id="${escape(eventType)}">
<h2>${escape(type)} <small>version ${version}</small></h2>
${description === undefined ? '' : `<p>${escape(description)}</p>`}
<dl>
${facts.map(([term = '', text = '']) => `<dt>${term}</dt><dd>${text}</dd>`).join('\n')}
</dl>
<h3>Fields</h3>
${table(
  ['Field', 'Form', 'Present', 'Sealed', 'Meaning'],
  fieldRows(contract.output).map((row) => [
    code(row.place),
    escape(row.form),
    ...(row === FURTHER_FIELDS
      ? ['', '', '']
      : [row.isRequired ? 'always' : 'maybe', isSealed(contract, row) ? 'sealed' : '', escape(row.description ?? '')]),
  ]),
)}
${examples.map((example) => `<h3>Example</h3>\n<pre>${escape(JSON.stringify(example, undefined, 2))}</pre>`).join('\n')}
<details><summary>JSON Schema of what is written</summary><pre>${escape(JSON.stringify(contract.output, undefined, 2))}</pre></details>
<details><summary>JSON Schema of what is accepted</summary><pre>${escape(JSON.stringify(contract.input, undefined, 2))}</pre></details>
</section>`;
}

function isSealed({ protection, sealedFields = [] }: BundledContract, { pointer }: FieldRow): boolean {
  if (protection === 'confidential') return true;
  return pointer !== undefined && sealedFields.some((sealed) => `${pointer}/`.startsWith(`${sealed}/`));
}

/** Fields that are always written, and that those who publish need not give. */
function optionalForPublishers({ input, output }: BundledContract): readonly string[] {
  const needed = new Map(fieldRows(input).map(({ place, isRequired }) => [place, isRequired]));
  return fieldRows(output)
    .filter(({ place, isRequired }) => isRequired && needed.get(place) === false)
    .map(({ place }) => place);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p>None that has a name.</p>';
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table>
<thead>${cells('th scope="col"', head).replaceAll('</th scope="col">', '</th>')}</thead>
<tbody>
${rows.map((row) => cells('td', row)).join('\n')}
</tbody>
</table></div>`;
}

function code(text: string): string {
  return `<code>${escape(text)}</code>`;
}

/** Text of the contracts' authors is text on the page, whatever is in it. */
function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
section { margin-top: 3rem; border-top: 1px solid #8886; }
h2 small { font-weight: normal; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
dt { font-weight: bold; }
dd { margin: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
pre { overflow-x: auto; padding: 0.75rem; background: #8882; }
code, pre { font: 0.9em/1.4 ui-monospace, monospace; }
`;
