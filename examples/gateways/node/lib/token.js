'use strict';

const crypto = require('node:crypto');

/** How long an upgrade token lives, in seconds (section 22). */
const TOKEN_LIFE = 300;

/**
 * Signs an upgrade token (section 6).
 *
 * @param {string} payload  the gateway's id
 * @param {number} exp      unix seconds, or 0 for never
 * @param {string} secret
 */
function signToken(payload, exp, secret) {
  const text = `${payload}:${exp}`;
  const signature = crypto.createHmac('sha256', secret).update(text).digest('hex');
  return Buffer.from(`${text}:${signature}`).toString('base64url');
}

/** Mints the upgrade tokens of one process. None ends earlier than the one before, even if the clock steps back. */
class TokenMint {
  #lastExp = 0;
  #now;

  /** @param {() => number} now milliseconds since 1970 */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /**
   * @param {string} gatewayId
   * @param {string} secret
   */
  mint(gatewayId, secret) {
    const exp = Math.floor(this.#now() / 1000) + TOKEN_LIFE;
    this.#lastExp = exp < this.#lastExp ? this.#lastExp + 1 : exp;
    return signToken(gatewayId, this.#lastExp, secret);
  }
}

module.exports = { signToken, TokenMint, TOKEN_LIFE };
