// An editor that somebody kills: starts a sidecar, lets it do nothing or run a command, prints the ids of what runs, and waits.
//   editor.mjs HOME WORKSPACE nothing|"a command" SIDECAR
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startSidecar } from '../bench/sidecar.mjs';

const [home, workspace, doing, plue = ''] = process.argv.slice(2);
const sidecar = await startSidecar({ command: plue, args: ['serve'], env: { PLUE_HOME: home } }, workspace);
const pids = [sidecar.child.pid];
if (doing === 'a command') {
  sidecar.on('approval/changed', ({ approvals }) => {
    for (const { id, fingerprint } of approvals) void sidecar.ask('approval/answer', { id, fingerprint, decision: 'once' });
  });
  const { uri } = await sidecar.ask('codex/create', { templateId: 'coder', providerId: 'scripted', model: 'm' });
  await sidecar.ask('message/send', { codexId: uri, text: 'Run it' });
  while (pids.length < 2) {
    await delay(50);
    pids.push(...sleepers());
  }
}
console.log(pids.join(' '));
await delay(600_000);

/** Processes of `sleep 120` that run in the workspace, seen through their parents. */
function sleepers() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`) === ['sleep', '120', ''].join('\0') && descends(name))
    .map(Number);
}

/** @param {string} pid */
function descends(pid) {
  for (let at = pid; at !== '' && at !== '0';) {
    if (Number(at) === sidecar.child.pid) return true;
    at = /^\d+ \(.*\) \S (\d+)/s.exec(read(`/proc/${at}/stat`))?.[1] ?? '';
  }
  return false;
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // It ended while we looked.
  }
}
