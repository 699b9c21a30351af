'use strict';

const { test } = require('node:test');
const assert = require('node:assert');

const { Actions } = require('../lib/actions');
const { Handler } = require('../lib/handler');
const { PendingResults } = require('../lib/pending-results');
const { ScopeMemory } = require('../lib/scope-memory');
const { SeenEvents } = require('../lib/seen-events');
const { Turns } = require('../lib/turns');
const { textLength, messageParts } = require('../lib/message-parts');

test('a text is measured in its unit and cut without a loss', () => {
  assert.strictEqual(textLength('a😀', 'chars'), 2);
  assert.strictEqual(textLength('a😀', 'utf16'), 3);
  assert.deepStrictEqual(messageParts('', 5, 'chars'), ['']);
  assert.deepStrictEqual(messageParts('a😀b', 2, 'chars'), ['a😀', 'b']);
  assert.deepStrictEqual(messageParts('a😀b', 2, 'utf16'), ['a', '😀', 'b']);
});

/** Actions that answer with the given results, and the actions that were asked for. */
function actionsWith(results, limit = 10) {
  const sent = [];
  const scopes = new ScopeMemory();
  const request = async (action) => {
    sent.push(action);
    return results.shift() ?? { success: true };
  };
  const actions = new Actions(request, () => ({ maxMessageLength: limit, lenUnit: 'chars' }), scopes);
  return { actions, sent, scopes };
}

test('a chat hears its own scope and no other, unless the caller gives one', async () => {
  const { actions, sent, scopes } = actionsWith([]);
  scopes.learn({ chat_id: 'C1', guild_id: 'G1' });
  scopes.learn({ chat_id: 'C1', guild_id: null });
  await actions.send({ chat_id: 'C1', content: 'x', metadata: { a: 1 } });
  await actions.typing({ chat_id: 'C2' });
  await actions.edit({ chat_id: 'C1', message_id: 'm', content: 'x', metadata: { guild_id: null } });
  await actions.chatInfo({ chat_id: 'C1' });
  assert.deepStrictEqual(
    sent.map((action) => action.metadata),
    [{ a: 1, guild_id: 'G1' }, {}, { guild_id: null }, undefined],
  );
});

test('a long text goes out in parts until one fails', async () => {
  const { actions, sent } = actionsWith([{ success: true, message_id: 'm1' }, { success: false, error: 'no' }], 4);
  const result = await actions.send({ chat_id: 'C1', content: 'aaaabbbbcc', reply_to: 'M' });
  assert.deepStrictEqual(result, { success: false, error: 'no' });
  assert.deepStrictEqual(
    sent.map(({ content, reply_to }) => [content, reply_to]),
    [['aaaa', 'M'], ['bbbb', undefined]],
  );
});

test('what does not fit into an edit follows as a message', async () => {
  const { actions, sent } = actionsWith([], 4);
  await actions.edit({ chat_id: 'C1', message_id: 'm', content: 'aaaabbbbcc' });
  assert.deepStrictEqual(sent.map(({ op, content }) => [op, content]), [['edit', 'aaaa'], ['send', 'bbbb'], ['send', 'cc']]);
});

test('an id that is a number is refused', async () => {
  const { actions, sent } = actionsWith([]);
  await assert.rejects(actions.send({ chat_id: 42, content: 'x' }), TypeError);
  await assert.rejects(actions.chatInfo({ chat_id: 42 }), TypeError);
  assert.deepStrictEqual(sent, []);
});

test('only success true is a success', async () => {
  for (const raw of [{}, { success: 'true' }, { success: null }, { success: false }]) {
    const result = await actionsWith([raw]).actions.send({ chat_id: 'C1', content: 'x' });
    assert.strictEqual(result.success, false);
    assert.strictEqual(typeof result.error, 'string');
  }
});

test('the name and type of a chat', async () => {
  const rows = [
    [{ success: true, chat_info: { name: 'n', type: 'channel' }, name: 'no' }, { name: 'n', type: 'channel' }],
    [{ name: 'n', type: 'group' }, { name: 'n', type: 'group' }],
    [{ success: true }, { name: 'C1', type: 'dm' }],
    [{ chat_info: {} }, { name: 'C1', type: 'dm' }],
  ];
  for (const [raw, info] of rows) {
    const result = await actionsWith([raw]).actions.chatInfo({ chat_id: 'C1' });
    assert.deepStrictEqual(result, { success: true, chat_info: info });
  }
  const refused = await actionsWith([{ success: false, error: 'no' }]).actions.chatInfo({ chat_id: 'C1' });
  assert.deepStrictEqual(refused, { success: false, error: 'no' });
});

test('results find their callers in any order, and fail when they do not come', { timeout: 30_000 }, async () => {
  const pending = new PendingResults(60_000);
  const sent = [];
  const session = { send: (frame) => sent.push(frame) };
  const [first, second, third] = [1, 2, 3].map(() => pending.request(session, { op: 'typing' }));
  pending.take({ requestId: sent[1].requestId, result: { success: true, n: 2 } });
  pending.take({ requestId: sent[1].requestId, result: { success: true, n: 9 } });
  pending.take({ requestId: 'unknown', result: { success: true } });
  pending.take({ requestId: sent[0].requestId, result: { success: true, n: 1 } });
  pending.fail(session);
  assert.strictEqual((await first).n, 1);
  assert.strictEqual((await second).n, 2);
  assert.strictEqual((await third).success, false);
  assert.strictEqual((await pending.request(null, { op: 'typing' })).success, false);
  assert.strictEqual((await new PendingResults(1).request(session, { op: 'typing' })).success, false);
});

test('a repeat of a buffered event is known by its buffer id or its message', async () => {
  const seen = new SeenEvents();
  const accepted = Promise.resolve(true);
  seen.remember('b1', ['discord', 'C1', 'M1'], accepted);
  assert.strictEqual(seen.find('b1', null), accepted);
  assert.strictEqual(seen.find('b2', ['discord', 'C1', 'M1']), accepted);
  assert.strictEqual(seen.find('b2', ['discord', 'C2', 'M1']), undefined);
  seen.remember('b3', null, Promise.resolve(false));
  await null;
  await null;
  assert.strictEqual(seen.find('b3', null), undefined);
});

/** Turns, and how they ended. */
function turnsWithEnds() {
  const ends = [];
  const turns = new Turns((key, outcome) => ends.push([key, outcome]));
  return { turns, ends };
}

const until = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve));

test('turns of one session follow each other, and one that fails holds up none', async () => {
  const { turns, ends } = turnsWithEnds();
  const order = [];
  turns.add('a', async () => {
    await null;
    order.push(1);
    throw new Error('told to');
  });
  turns.add('a', async () => order.push(2));
  await turns.idle(60_000);
  assert.deepStrictEqual(order, [1, 2]);
  assert.deepStrictEqual(ends, [['a', 'failed'], ['a', 'done']]);
});

test('an interrupt cancels the turn of its session and no other', async () => {
  const { turns, ends } = turnsWithEnds();
  turns.add('a', until);
  turns.add('b', until);
  turns.add('a', async () => {});
  turns.interrupt('a'); // before the turn has begun
  turns.interrupt('unknown');
  await new Promise(setImmediate);
  assert.deepStrictEqual(ends, [['a', 'interrupted'], ['a', 'done']]);
  turns.stop();
  await turns.idle(60_000);
  assert.deepStrictEqual(ends.at(-1), ['b', 'interrupted']);
});

test('the handler holds and fails at either step', async () => {
  const handler = new Handler('echo', async () => {});
  assert.strictEqual(handler.accept('a'), null);
  handler.set('fail', 'accept');
  assert.throws(() => handler.accept('a'));
  handler.set('hold', 'accept');
  const [a, b] = [handler.accept('a'), handler.accept('b')];
  handler.interrupt('a');
  handler.release();
  assert.deepStrictEqual([await a, await b], [true, false]);
  handler.set('hold', 'turn');
  const held = handler.turn({})(new AbortController().signal);
  handler.release();
  await held;
  handler.set('fail', 'turn');
  await assert.rejects(handler.turn({})(new AbortController().signal));
});
