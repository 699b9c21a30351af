'use strict';

const { messageParts } = require('./message-parts');
const { failure } = require('./pending-results');
const { isObject, optional } = require('./fields');

/**
 * What a caller is told about an action.
 *
 * @typedef {object} Result
 * @property {boolean} success
 * @property {string} [message_id]
 * @property {string} [error]
 */

/**
 * The actions of the contract's section 12, as the agent calls them. A text that is longer than the descriptor's limit
 * goes out in parts, and an action of an op with `chat_id` and `metadata` says the chat's scope back.
 */
class Actions {
  #request;
  #capabilities;
  #scopes;

  /**
   * @param {(action: object) => Promise<object>} request  sends an action and gives its result
   * @param {() => import('./descriptor').Capabilities | null} capabilities  what is in force
   * @param {import('./scope-memory').ScopeMemory} scopes
   */
  constructor(request, capabilities, scopes) {
    this.#request = async (action) => request(checked(action));
    this.#capabilities = capabilities;
    this.#scopes = scopes;
  }

  /**
   * Sends a text, in parts if it must be; the first part answers `reply_to`. Stops at the first part that fails, and
   * when the signal is aborted.
   *
   * @param {{chat_id: string, content: string, reply_to?: string | null, metadata?: object | null}} fields
   * @param {AbortSignal} [signal]
   * @returns {Promise<Result>} that of the last part that was sent
   */
  async send({ chat_id, content, reply_to, metadata }, signal) {
    let result = failure('interrupted');
    let replyTo = reply_to;
    for (const part of this.#parts(content)) {
      if (signal?.aborted) break;
      const action = { op: 'send', chat_id, content: part };
      if (replyTo !== undefined && replyTo !== null) action.reply_to = replyTo;
      action.metadata = this.#scopes.metadataFor(chat_id, metadata);
      result = outcome(await this.#request(action));
      if (!result.success) break;
      replyTo = null;
    }
    return result;
  }

  /**
   * Replaces a message. What does not fit into it follows as messages of its own.
   *
   * @param {{chat_id: string, message_id: string, content: string, metadata?: object | null}} fields
   * @returns {Promise<Result>} that of the edit, or the first failure
   */
  async edit({ chat_id, message_id, content, metadata }) {
    const [first, ...rest] = this.#parts(content);
    const scoped = this.#scopes.metadataFor(chat_id, metadata);
    const result = outcome(await this.#request({ op: 'edit', chat_id, message_id, content: first, metadata: scoped }));
    if (!result.success || rest.length === 0) return result;
    const more = await this.send({ chat_id, content: rest.join(''), metadata });
    return more.success ? result : more;
  }

  /**
   * Shows that the agent is busy.
   *
   * @param {{chat_id: string, content?: string | null, metadata?: object | null}} fields
   * @returns {Promise<Result>}
   */
  async typing({ chat_id, content, metadata }) {
    const action = { op: 'typing', chat_id };
    if (content !== undefined && content !== null) action.content = content;
    action.metadata = this.#scopes.metadataFor(chat_id, metadata);
    return outcome(await this.#request(action));
  }

  /**
   * Answers with a credential that the connector keeps for the session (section 13). It is never repeated.
   *
   * @param {{session_key: string, kind: string, content: string, metadata?: object | null}} fields
   * @returns {Promise<Result>}
   */
  async followUp({ session_key, kind, content, metadata }) {
    const action = { op: 'follow_up', session_key, kind, content, metadata: metadata ?? {} };
    return outcome(await this.#request(action));
  }

  /**
   * Asks for a chat's name and type. What the connector does not know is the chat's id, and `dm`.
   *
   * @param {{chat_id: string}} fields
   * @returns {Promise<{success: boolean, chat_info?: {name: string, type: string}, error?: string}>}
   */
  async chatInfo({ chat_id }) {
    const result = await this.#request({ op: 'get_chat_info', chat_id });
    if (result.success === false) return outcome(result);
    const info = isObject(result.chat_info) ? result.chat_info : result;
    const name = optional(info, 'name', 'string') || chat_id;
    const type = optional(info, 'type', 'string') || 'dm';
    return { success: true, chat_info: { name, type } };
  }

  #parts(content) {
    const inForce = this.#capabilities();
    return inForce === null ? [content] : messageParts(content, inForce.maxMessageLength, inForce.lenUnit);
  }
}

/** Fields of an action that are texts, wherever they occur. */
const TEXTS = ['chat_id', 'content', 'reply_to', 'message_id', 'session_key', 'kind'];

/** Refuses what a caller gave in the wrong type, such as an id that is a number, before it goes out. */
function checked(action) {
  for (const name of TEXTS) {
    if (Object.hasOwn(action, name) && typeof action[name] !== 'string') {
      throw new TypeError(`${name} is a ${typeof action[name]}, expected a string`);
    }
  }
  return action;
}

/**
 * A result as a caller gets it: only `success` true is a success, and a failure always says something.
 *
 * @returns {Result}
 */
function outcome(raw) {
  const result = { success: raw.success === true };
  const messageId = optional(raw, 'message_id', 'string');
  const error = optional(raw, 'error', 'string');
  if (messageId !== null) result.message_id = messageId;
  if (error !== null) result.error = error;
  else if (!result.success) result.error = 'the connector did not say that it was done';
  return result;
}

module.exports = { Actions };
