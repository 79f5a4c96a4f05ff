// Loaded with --require into every Node process of a VS Code server whose coverage is measured: in the extension host it counts what of Plue runs.
// SIGUSR2 writes it down, to PLUE_COVERAGE/host-PID-NUMBER.json; host-PID says that this host counts.
const { writeFileSync, renameSync, rmSync } = require('node:fs');
const { Session } = require('node:inspector');
const { join } = require('node:path');

const folder = process.env.PLUE_COVERAGE;
if (folder && process.argv.includes('--type=extensionHost')) count(folder);

/** @param {string} folder */
function count(folder) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const sign = join(folder, `host-${process.pid}`);
  writeFileSync(sign, '');
  let written = 0;
  const write = () =>
    session.post('Profiler.takePreciseCoverage', (fault, taken) => {
      if (fault) throw fault;
      const path = `${sign}-${written++}.json`;
      writeFileSync(`${path}.half`, JSON.stringify(taken.result.filter(({ url }) => url.endsWith('/extension/out/main.js'))));
      renameSync(`${path}.half`, path);
    });
  process.on('SIGUSR2', write);
  process.on('exit', () => {
    write();
    rmSync(sign, { force: true });
  });
}
