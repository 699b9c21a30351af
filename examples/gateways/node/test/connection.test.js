'use strict';

const { test } = require('node:test');
const assert = require('node:assert');

const { dialUrl, routeUrl } = require('../lib/urls');
const { signToken, TokenMint } = require('../lib/token');
const { LineBuffer, encodeFrame, FRAME_LIMIT } = require('../lib/line-buffer');
const { Ladder } = require('../lib/ladder');

const SECRET = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';

test('the URLs of section 4', () => {
  const rows = [
    ['https://connector.example', 'wss://connector.example/relay', 'https://connector.example/relay/provision'],
    ['http://127.0.0.1:8080/', 'ws://127.0.0.1:8080/relay', 'http://127.0.0.1:8080/relay/provision'],
    ['wss://connector.example/relay', 'wss://connector.example/relay', 'https://connector.example/relay/provision'],
    ['https://host.example/base//', 'wss://host.example/base/relay', 'https://host.example/base/relay/provision'],
    [' ws://host.example/relay/ ', 'ws://host.example/relay', 'http://host.example/relay/provision'],
  ];
  for (const [base, dial, provision] of rows) {
    assert.strictEqual(dialUrl(base), dial);
    assert.strictEqual(dialUrl(dial), dial);
    assert.strictEqual(routeUrl(base, '/relay/provision'), provision);
  }
});

test('the token of section 6', () => {
  assert.strictEqual(
    signToken('gw-instance-1', 0, SECRET),
    'Z3ctaW5zdGFuY2UtMTowOjM3YWE3YjE0NWU4NzY0ZDQwM2JhOWM2MzlmMjMwZGQ2M2RlOGVkOTliODhmZWQzNmFhMDI2MjVhOGE3ZTM1NjQ',
  );
});

test('no token ends earlier than the one before, even when the clock steps back', () => {
  const clock = [1000_000, 1000_999, 900_000];
  const mint = new TokenMint(() => clock.shift());
  const exps = [1, 2, 3].map(() => {
    const text = Buffer.from(mint.mint('a:b', SECRET), 'base64url').toString();
    return Number(text.split(':').at(-2));
  });
  assert.deepStrictEqual(exps, [1300, 1300, 1301]);
});

test('frames are cut at newlines, wherever messages end', () => {
  const bytes = Buffer.from('{"a":"☃😀"}\r\n\n  \n{"b":1}\n');
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const lines = new LineBuffer();
    const frames = [...lines.push(bytes.subarray(0, cut)), ...lines.push(bytes.subarray(cut))];
    assert.deepStrictEqual(frames, [{ a: '☃😀' }, { b: 1 }]);
  }
});

test('a line that is no frame is skipped', () => {
  const skipped = [];
  const lines = new LineBuffer((why) => skipped.push(why));
  const bytes = Buffer.from('nope\n[1]\n"x"\nnull\n{"a":"\xff"}\n{}\n', 'latin1'); // the byte ff is no UTF-8
  assert.deepStrictEqual(lines.push(bytes), [{}]);
  assert.strictEqual(skipped.length, 5);
});

test('a line over the limit is dropped, and the next one is read', () => {
  const lines = new LineBuffer();
  const long = Buffer.alloc(FRAME_LIMIT / 2, 0x20);
  assert.deepStrictEqual(lines.push(long), []);
  assert.deepStrictEqual(lines.push(long), []);
  assert.deepStrictEqual(lines.push(Buffer.from('{"a":1}\n{"b":1}\n')), [{ b: 1 }]);
});

test('a frame goes out on one line', () => {
  assert.strictEqual(encodeFrame({ text: 'a\nb\ud83d' }), '{"text":"a\\nb\\ud83d"}\n');
});

test('the ladder climbs to its cap and begins again', () => {
  const ladder = new Ladder(1000, 30000, () => 0.5);
  const waits = () => Array.from({ length: 7 }, () => ladder.next());
  const rungs = [1000, 2000, 4000, 8000, 16000, 30000, 30000];
  assert.deepStrictEqual(waits(), rungs);
  ladder.reset();
  assert.deepStrictEqual(waits(), rungs);
});

test('a wait stays within a quarter of its rung', () => {
  assert.ok(new Ladder(1000, 30000, () => 0).next() >= 750);
  assert.ok(new Ladder(1000, 30000, () => 1).next() <= 1250);
});
