'use strict';

/** The whole gateway as a process, against a connector of a few lines. */

const { test } = require('node:test');
const assert = require('node:assert');

const { serve, start } = require('./connector');
const { DESCRIPTOR } = require('./descriptor');

const SOURCE = { platform: 'discord', chat_id: 'C1', chat_type: 'channel', user_id: 'U1', guild_id: 'G1' };
const EVENT = { text: 'hi', message_type: 'text', source: SOURCE, message_id: 'M1' };
const KEY = 'agent:main:discord:channel:C1:U1';

const settings = (port) => ({
  GATEWAY_RELAY_URL: `http://127.0.0.1:${port}`,
  GATEWAY_RELAY_ID: 'gw-1',
  GATEWAY_RELAY_SECRET: 'secret',
  GATEWAY_RELAY_PLATFORM: 'discord',
  GATEWAY_RELAY_BOT_ID: 'bot-1',
  RELAY_NODE_REDIAL_BASE: '0.05',
});

/** The handshake of the next socket. */
async function welcome(sockets) {
  const session = await sockets.next();
  assert.deepStrictEqual(await session.frames.next(), { type: 'hello', platform: 'discord', botId: 'bot-1' });
  session.send({ type: 'descriptor', descriptor: DESCRIPTOR });
  return session;
}

test('an event is acknowledged and echoed once, and a drain ends in order', { timeout: 60_000 }, async (t) => {
  const { port, sockets } = await serve(t);
  const { child, exited } = start(t, settings(port));
  const session = await welcome(sockets);
  assert.match(session.request.headers.authorization, /^Bearer [\w-]+$/);

  session.send({ type: 'inbound', event: EVENT, bufferId: 'b1' });
  assert.deepStrictEqual(await session.frames.next(), { type: 'inbound_ack', bufferId: 'b1' });
  const { requestId, action } = await session.frames.next();
  assert.deepStrictEqual(action, {
    op: 'send',
    chat_id: 'C1',
    content: 'echo: hi',
    reply_to: 'M1',
    metadata: { guild_id: 'G1' },
  });
  session.send({ type: 'outbound_result', requestId, result: { success: true } });
  session.send({ type: 'inbound', event: EVENT, bufferId: 'b1' });
  assert.deepStrictEqual(await session.frames.next(), { type: 'inbound_ack', bufferId: 'b1' });

  child.kill('SIGTERM');
  assert.deepStrictEqual(await session.frames.next(), { type: 'going_idle' });
  session.send({ type: 'inbound', event: { ...EVENT, message_id: 'M2' }, bufferId: 'b2' });
  assert.deepStrictEqual(await session.frames.next(), { type: 'inbound_ack', bufferId: 'b2' });
  const last = await session.frames.next();
  session.send({ type: 'going_idle_ack' });
  session.send({ type: 'outbound_result', requestId: last.requestId, result: { success: true } });
  assert.strictEqual((await session.closed)[0], 1000);
  assert.deepStrictEqual(await exited, [0, null]);
});

test('4401 is retried until a handshake has succeeded, and is final then', { timeout: 60_000 }, async (t) => {
  const { port, sockets } = await serve(t);
  const gateway = start(t, settings(port));
  (await sockets.next()).socket.close(4401, 'unauthorized');
  (await welcome(sockets)).socket.close(1012);
  (await sockets.next()).socket.close(4401, 'unauthorized');
  await gateway.logged('relay_disabled');
  gateway.child.kill('SIGTERM');
  assert.deepStrictEqual(await gateway.exited, [0, null]);
});

test('a driver holds a turn, and an interrupt ends it', { timeout: 60_000 }, async (t) => {
  const { port, sockets } = await serve(t);
  const desk = await serve(t);
  const { exited } = start(t, { ...settings(port), RELAY_DRIVER_URL: `ws://127.0.0.1:${desk.port}/x` });
  const driver = await desk.sockets.next();
  const told = async (method) => {
    const message = await driver.frames.next();
    assert.strictEqual(message.method, method, JSON.stringify(message));
    return message.params;
  };
  await told('driver/ready');
  let id = 0;
  const ask = (method, params) => driver.send({ jsonrpc: '2.0', id: (id += 1), method, params });
  assert.strictEqual((await told('event/status')).state, 'connecting');
  const session = await welcome(sockets);
  assert.strictEqual((await told('event/status')).state, 'connected');

  ask('handler/set', { mode: 'hold' });
  assert.deepStrictEqual((await driver.frames.next()).result, {});
  session.send({ type: 'inbound', event: EVENT });
  assert.deepStrictEqual(await told('event/inbound'), { event: EVENT, session_key: KEY });
  session.send({ type: 'interrupt_inbound', session_key: KEY, chat_id: 'C1' });
  assert.deepStrictEqual(await told('event/interrupt'), { session_key: KEY, chat_id: 'C1' });
  assert.deepStrictEqual(await told('event/turn'), { session_key: KEY, outcome: 'interrupted' });

  ask('gateway/send', { chat_id: 'C1', content: 'x', colour: 'red' });
  assert.strictEqual((await driver.frames.next()).error.code, -32602);
  ask('gateway/react', {});
  assert.strictEqual((await driver.frames.next()).error.code, -32601);

  ask('gateway/shutdown', {});
  assert.deepStrictEqual(await session.frames.next(), { type: 'going_idle' });
  session.send({ type: 'going_idle_ack' });
  assert.strictEqual((await told('event/status')).state, 'stopped');
  assert.deepStrictEqual((await driver.frames.next()).result, {});
  assert.strictEqual((await driver.closed)[0], 1000);
  assert.deepStrictEqual(await exited, [0, null]);
});
