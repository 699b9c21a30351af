'use strict';

/** A descriptor of required fields alone. */
const DESCRIPTOR = {
  contract_version: 1,
  platform: 'discord',
  label: 'Discord',
  max_message_length: 2000,
  supports_draft_streaming: false,
  supports_edit: true,
  supports_threads: true,
  markdown_dialect: 'discord',
  len_unit: 'chars',
};

module.exports = { DESCRIPTOR };
