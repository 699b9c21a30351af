'use strict';

/**
 * Writes one line for people to stderr. Nothing secret is ever passed to it, and what a peer sent is quoted, so that it
 * cannot begin a line of its own.
 *
 * @param {string} text
 */
function log(text) {
  process.stderr.write(`${new Date().toISOString()} ${text.replace(/[\r\n]+/g, ' ')}\n`);
}

module.exports = { log };
