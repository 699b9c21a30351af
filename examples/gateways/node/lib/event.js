'use strict';

const { required, always, optional } = require('./fields');
const { knownPlatform } = require('./session-key');

/**
 * Where an event comes from (section 9), with the contract's names. What is absent is null.
 *
 * @typedef {object} Source
 * @property {string} platform   a known one
 * @property {string} chat_id
 * @property {string} chat_type
 * @property {string | null} chat_name
 * @property {string | null} user_id
 * @property {string | null} user_name
 * @property {string | null} thread_id
 * @property {string | null} chat_topic
 * @property {string | null} user_id_alt
 * @property {string | null} chat_id_alt
 * @property {string | null} parent_chat_id
 * @property {string | null} message_id
 * @property {string | null} guild_id
 *
 * An event as the handler gets it.
 *
 * @typedef {object} Event
 * @property {string} text
 * @property {string} messageType
 * @property {Source} source
 * @property {string | null} messageId
 * @property {string | null} replyToMessageId
 * @property {string[]} mediaUrls
 * @property {string} sentPlatform   the platform's name as the connector sent it
 * @property {boolean} viaRelay      always true: whoever comes over this socket came by the relay, whatever it says
 * @property {boolean} [interaction] whether it was made from a forwarded interaction
 * @property {object} raw            the event as it was sent
 */

const MESSAGE_TYPES = new Set([
  'text', 'location', 'photo', 'video', 'audio', 'voice', 'document', 'sticker', 'command',
]);

const NULLABLE_SOURCE_FIELDS = [
  'chat_name', 'user_id', 'user_name', 'thread_id', 'chat_topic', 'user_id_alt', 'chat_id_alt', 'parent_chat_id',
  'message_id', 'guild_id',
];

/**
 * Maps the event of an `inbound` frame.
 *
 * @param {object} frame
 * @returns {Event}
 * @throws {import('./fields').BadFrame} when the event is unmappable, or a field makes the frame bad
 */
function readEvent(frame) {
  const raw = required(frame, 'event', 'object');
  const source = readSource(required(raw, 'source', 'object'));
  const messageType = always(raw, 'message_type', 'string', 'text');
  return {
    text: always(raw, 'text', 'string', ''),
    messageType: MESSAGE_TYPES.has(messageType) ? messageType : 'text',
    source: { ...source, platform: knownPlatform(source.platform) },
    messageId: optional(raw, 'message_id', 'string') || source.message_id,
    replyToMessageId: optional(raw, 'reply_to_message_id', 'string'),
    mediaUrls: optional(raw, 'media_urls', 'string[]', []),
    sentPlatform: source.platform,
    viaRelay: true,
    raw,
  };
}

/**
 * Reads a source; its platform stays as it was sent.
 *
 * @param {object} raw
 * @returns {Source}
 * @throws {import('./fields').BadFrame}
 */
function readSource(raw) {
  const source = {
    platform: always(raw, 'platform', 'string', 'relay'),
    chat_id: required(raw, 'chat_id', 'string'),
    chat_type: always(raw, 'chat_type', 'string', 'dm'),
  };
  for (const name of NULLABLE_SOURCE_FIELDS) source[name] = optional(raw, name, 'string');
  return /** @type {Source} */ (source);
}

module.exports = { readEvent, readSource };
