'use strict';

const { required, optional, own, BadFrame } = require('./fields');

/** What `max_message_length` 0 means, and what one that is no usable number is taken for. */
const DEFAULT_MAX_LENGTH = 4096;

/**
 * What a descriptor puts in force (section 8).
 *
 * @typedef {object} Capabilities
 * @property {number} contractVersion
 * @property {string} platform
 * @property {string} label
 * @property {number} maxMessageLength  in units of lenUnit, at least 1
 * @property {'chars' | 'utf16'} lenUnit
 * @property {boolean} supportsDraftStreaming
 * @property {boolean} supportsEdit
 * @property {boolean} supportsThreads
 * @property {string} markdownDialect
 * @property {boolean} supportsCodeBlocks
 * @property {string} emoji
 * @property {string} platformHint
 * @property {boolean} piiSafe
 */

/**
 * Reads a `descriptor` frame.
 *
 * @param {object} frame
 * @returns {Capabilities}
 * @throws {BadFrame} when it is no object, or lacks a required field
 */
function readDescriptor(frame) {
  const raw = required(frame, 'descriptor', 'object');
  const dialect = required(raw, 'markdown_dialect', 'string');
  return {
    contractVersion: required(raw, 'contract_version', 'int'),
    platform: required(raw, 'platform', 'string'),
    label: required(raw, 'label', 'string'),
    maxMessageLength: readMaxLength(raw),
    lenUnit: required(raw, 'len_unit', 'string') === 'utf16' ? 'utf16' : 'chars',
    supportsDraftStreaming: required(raw, 'supports_draft_streaming', 'bool'),
    supportsEdit: required(raw, 'supports_edit', 'bool'),
    supportsThreads: required(raw, 'supports_threads', 'bool'),
    markdownDialect: dialect,
    supportsCodeBlocks: dialect !== '' && dialect !== 'plain',
    emoji: optional(raw, 'emoji', 'string', '\u{1F50C}'),
    platformHint: optional(raw, 'platform_hint', 'string', ''),
    piiSafe: optional(raw, 'pii_safe', 'bool', false),
  };
}

/** A limit that is there but cannot be used is worth no refusal: the default is what 0 means too. */
function readMaxLength(raw) {
  const value = own(raw, 'max_message_length');
  if (value === undefined || value === null) throw new BadFrame('max_message_length is missing, expected int');
  return typeof value === 'number' && value >= 1 ? Math.floor(value) : DEFAULT_MAX_LENGTH;
}

module.exports = { readDescriptor, DEFAULT_MAX_LENGTH };
