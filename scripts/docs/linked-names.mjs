// Links from names in the text of a page: error codes lead to their entry in the guide, exported names to the API.

const TROUBLESHOOTING = 'guides/troubleshooting.html';
// What is a link already, and what headings hold, stays as it is; so does code of more than a name.
const PARTS = /<a\b[^]*?<\/a>|<h[1-6]\b[^]*?<\/h[1-6]>|<pre\b[^]*?<\/pre>|<code>([A-Za-z]\w+)<\/code>/g;

/**
 * @typedef {object} PagePlace
 * @property {string} url - the page, from the root of the site
 * @property {ReadonlySet<string>} codes - the error codes that have an entry
 * @property {ReadonlyMap<string, string>} names - exported names, with the page that documents each
 */

/**
 * A page's HTML with those links in it.
 *
 * @param {string} html
 * @param {PagePlace} page
 */
export function linkedNames(html, { url, codes, names }) {
  return html.replaceAll(PARTS, (whole, /** @type {string | undefined} */ name) => {
    if (name === undefined) return whole;
    const target = codes.has(name) ? `${TROUBLESHOOTING}#${name.toLowerCase()}` : names.get(name);
    if (target === undefined || target === url) return whole;
    return `<a href="${'../'.repeat(url.split('/').length - 1)}${target}" class="tn-name">${whole}</a>`;
  });
}
