'use strict';

/**
 * How long a text is: in Unicode code points under `chars`, in UTF-16 code units under `utf16`.
 *
 * @param {string} text
 * @param {'chars' | 'utf16'} unit
 */
function textLength(text, unit) {
  if (unit === 'utf16') return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * Cuts a text into parts of at most `limit` units. Nothing is lost: the parts joined are the text. A code point is
 * never cut, so that under `utf16` a part can be one unit shorter, and with a limit of 1 one unit too long.
 *
 * @param {string} text
 * @param {number} limit at least 1
 * @param {'chars' | 'utf16'} unit
 * @returns {string[]} at least one part, which is empty for an empty text
 */
function messageParts(text, limit, unit) {
  const parts = [];
  let part = '';
  let length = 0;
  for (const point of text) {
    const size = unit === 'utf16' ? point.length : 1;
    if (length + size > limit && part !== '') {
      parts.push(part);
      part = '';
      length = 0;
    }
    part += point;
    length += size;
  }
  parts.push(part);
  return parts;
}

module.exports = { textLength, messageParts };
