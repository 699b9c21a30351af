'use strict';

const { test } = require('node:test');
const assert = require('node:assert');

const { readEvent, readSource } = require('../lib/event');
const { readForward, interactionOf, interactionEvent } = require('../lib/passthrough');
const { sessionKey } = require('../lib/session-key');
const { readDescriptor } = require('../lib/descriptor');
const { BadFrame } = require('../lib/fields');
const { DESCRIPTOR } = require('./descriptor');

const KEYS = { profile: '', groupSessionsPerUser: true, threadSessionsPerUser: false };
const source = (platform, chat_type, chat_id, more) => ({ platform, chat_type, chat_id, ...more });
const key = (raw, settings) => sessionKey(readSource(raw), { ...KEYS, ...settings });

test('the session keys of section 10', () => {
  const channel = source('discord', 'channel', 'C1', { user_id: 'U1' });
  const thread = { ...channel, thread_id: 'T1' };
  const rows = [
    [channel, {}, 'agent:main:discord:channel:C1:U1'],
    [thread, {}, 'agent:main:discord:channel:C1:T1'],
    [thread, { threadSessionsPerUser: true }, 'agent:main:discord:channel:C1:T1:U1'],
    [thread, { threadSessionsPerUser: true, groupSessionsPerUser: false }, 'agent:main:discord:channel:C1:T1'],
    [channel, { groupSessionsPerUser: false }, 'agent:main:discord:channel:C1'],
    [source('telegram', 'dm', 'C1', { user_id: 'U1', thread_id: 'T1' }), {}, 'agent:main:telegram:dm:C1:T1'],
    [source('telegram', 'dm', '', { user_id: 'U1', user_id_alt: 'UA' }), {}, 'agent:main:telegram:dm:UA'],
    [source('signal', 'dm', ''), {}, 'agent:main:signal:dm'],
    [source('whatsapp', 'dm', '15551234567:12@s.whatsapp.net'), {}, 'agent:main:whatsapp:dm:15551234567'],
    [source('whatsapp_cloud', 'dm', '+1555@c.us'), {}, 'agent:main:whatsapp_cloud:dm:1555'],
    [
      source('whatsapp', 'group', '120363@g.us', { user_id: '+15551234567' }),
      {},
      'agent:main:whatsapp:group:120363@g.us:15551234567',
    ],
    [source('carrierpigeon', 'group', 'C1', { user_id: 'U1' }), {}, 'agent:main:relay:group:C1:U1'],
    [channel, { profile: 'coder' }, 'agent:coder:discord:channel:C1:U1'],
    [channel, { profile: 'default' }, 'agent:main:discord:channel:C1:U1'],
    [{ ...channel, profile: 'coder', user_id: ' Ü:1 ' }, {}, 'agent:main:discord:channel:C1: Ü:1 '],
  ];
  for (const [raw, settings, expected] of rows) assert.strictEqual(key(raw, settings), expected);
});

test('an event is read with the defaults of what is missing', () => {
  const event = readEvent({ event: { source: source('discord', 'channel', '', { user_id: 7, guild_id: null }) } });
  assert.strictEqual(event.text, '');
  assert.strictEqual(event.messageType, 'text');
  assert.strictEqual(event.source.user_id, null);
  assert.strictEqual(event.source.guild_id, null);
  assert.strictEqual(event.viaRelay, true);
});

test('an unknown platform is relay and an unknown message type is text', () => {
  const raw = { text: 'x', message_type: 'hologram', source: source('carrierpigeon', 'dm', 'C1') };
  const event = readEvent({ event: raw });
  assert.strictEqual(event.messageType, 'text');
  assert.strictEqual(event.source.platform, 'relay');
  assert.strictEqual(event.sentPlatform, 'carrierpigeon');
  assert.deepStrictEqual(event.raw, raw);
  assert.strictEqual(raw.source.platform, 'carrierpigeon');
});

test('a bad event is refused', () => {
  const good = source('discord', 'dm', 'C1');
  const bad = [
    {},
    { event: null },
    { event: [] },
    { event: { text: 'x' } },
    { event: { text: 'x', source: 'C1' } },
    { event: { text: 1, source: good } },
    { event: { text: 'x', source: { ...good, chat_id: 5 } } },
    { event: { text: 'x', source: { ...good, chat_type: {} } } },
  ];
  for (const frame of bad) assert.throws(() => readEvent(frame), BadFrame, JSON.stringify(frame));
});

const forwardOf = (body, more) => ({
  forward: {
    platform: 'discord',
    botId: 'bot-1',
    method: 'POST',
    path: '/interactions',
    headers: [['x-trace', '1'], ['x-trace', '2']],
    bodyB64: Buffer.from(body).toString('base64'),
    ...more,
  },
});

test('the interaction of section 14 becomes an event', () => {
  const body =
    '{"type":2,"id":"I1","channel_id":"C1","guild_id":"G1","data":{"name":"model"},' +
    '"member":{"user":{"id":"U1","username":"alice"}}}';
  const forward = readForward(forwardOf(body));
  assert.strictEqual(forward.body.toString(), body);
  assert.deepStrictEqual(forward.headers, [['x-trace', '1'], ['x-trace', '2']]);
  const event = interactionEvent(interactionOf(forward));
  assert.strictEqual(event.text, 'model');
  assert.strictEqual(event.message_id, 'I1');
  assert.strictEqual(event.source.user_name, 'alice');
  assert.strictEqual(key(event.source), 'agent:main:relay:channel:C1:U1');
});

test('other interactions', () => {
  const event = interactionEvent({ type: 3, channel_id: 'C1', data: { custom_id: 'b' }, user: { id: 'U2' } });
  assert.strictEqual(event.text, 'b');
  assert.strictEqual(event.source.chat_type, 'dm');
  assert.strictEqual(event.source.user_id, 'U2');
  for (const type of [4, 5, 99, '2', undefined]) {
    assert.strictEqual(interactionEvent({ type, data: { name: 'n', custom_id: 'c' } }).text, '');
  }
});

test('a forward that is no interaction, and one that is malformed', () => {
  assert.strictEqual(interactionOf(readForward(forwardOf('not json'))), null);
  assert.strictEqual(interactionOf(readForward(forwardOf('[1]'))), null);
  assert.strictEqual(interactionOf(readForward(forwardOf('{}', { platform: 'slack' }))), null);
  for (const more of [{ bodyB64: '@@' }, { bodyB64: 'e30' }, { bodyB64: 'e31=' }, { headers: [['a']] }, { headers: null }, { path: 1 }]) {
    assert.throws(() => readForward(forwardOf('{}', more)), BadFrame, JSON.stringify(more));
  }
});

test('a descriptor without its optional fields', () => {
  const inForce = readDescriptor({ descriptor: { ...DESCRIPTOR, len_unit: 'utf16', unknown: 1 } });
  assert.strictEqual(inForce.maxMessageLength, 2000);
  assert.strictEqual(inForce.lenUnit, 'utf16');
  assert.strictEqual(inForce.supportsCodeBlocks, true);
  assert.strictEqual(inForce.emoji, '\u{1F50C}');
});

test('what a descriptor leaves open', () => {
  const read = (more) => readDescriptor({ descriptor: { ...DESCRIPTOR, ...more } });
  assert.strictEqual(read({ max_message_length: 0 }).maxMessageLength, 4096);
  assert.strictEqual(read({ max_message_length: -5 }).maxMessageLength, 4096);
  assert.strictEqual(read({ len_unit: 'furlongs' }).lenUnit, 'chars');
  assert.strictEqual(read({ markdown_dialect: '' }).supportsCodeBlocks, false);
  assert.strictEqual(read({ markdown_dialect: 'plain' }).supportsCodeBlocks, false);
});

test('a descriptor that lacks a required field is refused', () => {
  for (const name of Object.keys(DESCRIPTOR)) {
    const { [name]: _, ...rest } = DESCRIPTOR;
    assert.throws(() => readDescriptor({ descriptor: rest }), BadFrame, name);
  }
  for (const name of Object.keys(DESCRIPTOR)) {
    assert.throws(() => readDescriptor({ descriptor: { ...DESCRIPTOR, [name]: null } }), BadFrame, name);
  }
  for (const descriptor of [undefined, null, [], 'x']) assert.throws(() => readDescriptor({ descriptor }), BadFrame);
});
