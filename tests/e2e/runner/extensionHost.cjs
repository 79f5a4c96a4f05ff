// Loaded with --require into every Node process of a VS Code server under test. An extension host takes the environment of the open window from the
// file in PLUE_TEST_WINDOW, and registers its process ID in the folder of that window.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const file = process.env.PLUE_TEST_WINDOW;
if (file && process.argv.includes('--type=extensionHost')) {
  delete process.env.PLUE_TEST_WINDOW;
  const { folder, environment, removed } = JSON.parse(readFileSync(file, 'utf8'));
  Object.assign(process.env, environment);
  for (const name of removed) delete process.env[name];
  const hosts = join(folder, 'hosts');
  mkdirSync(hosts, { recursive: true });
  writeFileSync(join(hosts, String(process.pid)), '');
}
