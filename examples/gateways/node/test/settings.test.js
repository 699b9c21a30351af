'use strict';

const { test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { readSettings, SettingsError } = require('../lib/settings');

/** A config file with that content, which ends with the test. */
function configFile(t, content) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'gateway-node-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const file = path.join(dir, 'config.json');
  fs.writeFileSync(file, content);
  return file;
}

test('the defaults', () => {
  const settings = readSettings({});
  assert.strictEqual(settings.base, '');
  assert.strictEqual(settings.gatewayId, `gw-${os.hostname()}`);
  assert.strictEqual(settings.platform, 'relay');
  assert.deepStrictEqual(settings.policy, { requireAddress: false, freeResponseScopes: [], allowOtherBots: false });
  assert.strictEqual(settings.waits.descriptor, 30_000);
  assert.strictEqual(settings.waits.shutdown, 15_000);
});

test('the environment goes before the file, trimmed', (t) => {
  const gateway = { relay_url: 'https://file.example/', relay_id: ' gw-file ', relay_route_keys: ['G1', ' ', 2] };
  const discord = { require_mention: true, free_response_channels: 'C1, ,C2 ' };
  const settings = readSettings({
    RELAY_NODE_CONFIG: configFile(t, JSON.stringify({ gateway, discord, group_sessions_per_user: false })),
    GATEWAY_RELAY_URL: ' https://env.example// ',
    GATEWAY_RELAY_SECRET: '  ',
    GATEWAY_RELAY_PLATFORM: 'discord',
    DISCORD_ALLOW_BOTS: ' mentions ',
    RELAY_NODE_REDIAL_BASE: '0.25',
  });
  assert.strictEqual(settings.base, 'https://env.example');
  assert.strictEqual(settings.gatewayId, 'gw-file');
  assert.strictEqual(settings.secret, '');
  assert.deepStrictEqual(settings.routeKeys, ['G1', '2']);
  assert.deepStrictEqual(settings.policy, {
    requireAddress: true,
    freeResponseScopes: ['C1', 'C2'],
    allowOtherBots: true,
  });
  assert.strictEqual(settings.keys.groupSessionsPerUser, false);
  assert.strictEqual(settings.waits.redialBase, 250);
});

test('settings that cannot be used are refused', (t) => {
  const bad = [
    { RELAY_NODE_RESULT_WAIT: 'soon' },
    { RELAY_NODE_RESULT_WAIT: '0' },
    { RELAY_NODE_CONFIG: '/nonexistent.json' },
    { RELAY_NODE_CONFIG: configFile(t, '[]') },
    { RELAY_NODE_CONFIG: configFile(t, '{"gateway": {"relay_url": []}}') },
    { RELAY_NODE_GROUP_SESSIONS_PER_USER: 'maybe' },
  ];
  for (const env of bad) assert.throws(() => readSettings(env), SettingsError, JSON.stringify(env));
});
