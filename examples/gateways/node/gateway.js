'use strict';

/** A gateway for the relay contract that echoes each text back to its chat. */

const { readSettings, SettingsError } = require('./lib/settings');
const { DriverChannel } = require('./lib/driver-channel');
const { driverMethods } = require('./lib/driver-methods');
const { Gateway } = require('./lib/gateway');
const { log } = require('./lib/log');

const NAME = 'relay-gateway-node';
const VERSION = '1.0.0';

/** Exit codes: 0 after a shutdown, 2 for settings that cannot be used. */
const BAD_SETTINGS = 2;

/** Keeps the process alive while nothing else does: a gateway without a relay is still an agent. */
const HEARTBEAT = 1 << 30;

async function main() {
  const settings = settingsOrExit();
  const driver = settings.driverUrl === '' ? null : new DriverChannel(settings.driverUrl, { name: NAME, version: VERSION });
  const gateway = new Gateway(settings, (method, params) => driver?.notify(method, params));
  const heartbeat = setInterval(() => {}, HEARTBEAT);

  const stop = async () => {
    await gateway.shutdown();
    await driver?.close();
    clearInterval(heartbeat);
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  if (driver !== null) {
    driver.serve(driverMethods(gateway, settings, stop));
    await driver.open(settings.waits.driver);
  }
  await gateway.run();
}

function settingsOrExit() {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    log(error.message);
    return process.exit(BAD_SETTINGS);
  }
}

main();
