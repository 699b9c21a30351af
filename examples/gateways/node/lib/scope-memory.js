'use strict';

/**
 * Remembers the scope of each chat and says it back (section 11). Without the scope the connector cannot tell whose an
 * action is, and declines it.
 */
class ScopeMemory {
  /** @type {Map<string, string>} chat id to scope; one short text a chat, kept as long as the process */
  #scopes = new Map();

  /** @param {import('./event').Source} source */
  learn(source) {
    if (source.guild_id) this.#scopes.set(source.chat_id, source.guild_id);
  }

  /**
   * The metadata of an action for a chat: the caller's, and the chat's scope unless the caller gave one.
   *
   * @param {string} chatId
   * @param {object | null} [given]
   */
  metadataFor(chatId, given) {
    const metadata = { ...given };
    const scope = this.#scopes.get(chatId);
    if (scope !== undefined && !Object.hasOwn(metadata, 'guild_id')) metadata.guild_id = scope;
    return metadata;
  }
}

module.exports = { ScopeMemory };
