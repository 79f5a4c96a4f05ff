// The scenario of connections that are not safe: certificates, protocols and a proxy that `plue run` must not talk through.
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createPlainServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { findOnPath, run, runOrStop } from '../../scripts/lib/run.mjs';
import { whole } from './endpoint.mjs';
import { Findings } from './findings.mjs';

const question = ['run', 'Hello', '--kind', 'openai-compatible', '--model', 'm'];
const canary = 'key-that-must-not-go-out';
const body = whole(['The safe answer.'], []);
const reply = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

/** @param {import('./scenarios.mjs').Setting} setting @returns {Promise<import('./scenarios.mjs').Finding[]>} */
export async function tellUnsafeConnections({ folder, plue }) {
  const findings = new Findings();
  if (!findOnPath('openssl')) return [{ ...findings.finding, skipped: 'There is no `openssl` on PATH.' }];
  const house = await Certificates.make(mkdtempSync(join(folder, 'tls-')));
  /** @type {{name: string, host?: string, how: import('node:tls').TlsOptions, says: RegExp | undefined}[]} */
  const cases = [
    // The first shows that the others fail for their own reason: this house is trusted.
    { name: 'a good certificate', how: house.of('good'), says: undefined },
    { name: 'an expired certificate', how: house.of('expired'), says: /certificate/i },
    { name: 'a certificate of another host', how: house.of('other'), says: /certificate/i },
    { name: 'a certificate that nobody signed', how: house.of('selfmade'), says: /certificate/i },
    {
      name: 'an old protocol',
      how: { ...house.of('good'), minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      says: /safe connection|closed|reach/i,
    },
  ];
  for (const { name, how, says } of cases) {
    let received = '';
    const server = createTlsServer(how, (socket) =>
      socket
        .on('error', () => {})
        .on('data', (bytes) => {
          received += bytes.toString('latin1');
          if (/\r\n\r\n[^]*}/.test(received)) socket.end(reply);
        }),
    );
    server.on('tlsClientError', () => {});
    await listening(server, async (port) => {
      const { code, output } = await askAt(`https://localhost:${port}/v1`, house.env);
      if (says === undefined) findings.expect(code === 0 && output.includes('The safe answer.'), `${name} is refused: ${output}`);
      else {
        findings.fault();
        findings.expect(code === 1 && says.test(output), `${name} ended with ${code}: ${output}`);
        findings.expect(!received.includes(canary) && !received.includes('Hello'), `${name} was finding: ${received}`);
      }
    });
  }
  findings.fault();
  await listening(
    createPlainServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy())),
    async (port) => {
      const { code, output } = await askAt(`https://localhost:${port}/v1`, house.env);
      findings.expect(code === 1 && output.length > 20, `Closed in the middle of the greeting it ended with ${code}: ${output}`);
    },
  );
  findings.fault();
  let asked = '';
  const proxy = createServer().on('connect', (request, socket) => {
    asked += `${request.url} ${JSON.stringify(request.headers)}`;
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="house"\r\nContent-Length: 0\r\n\r\n');
  });
  await listening(proxy, async (port) => {
    const env = {
      ...house.env,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      https_proxy: `http://127.0.0.1:${port}`,
      NO_PROXY: '',
      no_proxy: '',
    };
    const { code, output } = await askAt('https://models.example/v1', env);
    findings.expect(asked.startsWith('models.example:443'), `The proxy was asked for “${asked}”.`);
    findings.expect(code === 1 && /proxy/i.test(output), `A proxy that wants a sign-in ended it with ${code}: ${output}`);
    findings.expect(!asked.includes(canary), 'The proxy received the key.');
  });
  return [findings.finding];
}

/** @param {string} address @param {NodeJS.ProcessEnv} env */
const askAt = (address, env) =>
  run(plue, [...question, '--base-url', address, '--key-env', 'A_KEY'], { env: { ...env, A_KEY: canary }, timeout: 60_000 });

/** @param {import('node:net').Server} server @param {(port: number) => Promise<void>} work */
async function listening(server, work) {
  await new Promise((resolve) => server.listen(0, () => resolve(undefined)));
  const address = server.address();
  try {
    await work(address !== null && typeof address === 'object' ? address.port : 0);
  } finally {
    server.close();
  }
}

/** A house that signs certificates, trusted by who is given {@link env}. */
class Certificates {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    this.env = { PLUE_HOME: join(folder, 'home'), SSL_CERT_FILE: join(folder, 'house.crt'), SSL_CERT_DIR: join(folder, 'none') };
  }

  /** @param {string} folder */
  static async make(folder) {
    const at = (/** @type {string} */ name) => join(folder, name);
    const openssl = (/** @type {string[]} */ ...args) => runOrStop('openssl', args);
    const key = ['-newkey', 'rsa:2048', '-nodes'];
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      at('house.key'),
      '-out',
      at('house.crt'),
      '-days',
      '2',
      '-subj',
      '/CN=House',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
    );
    const days = { good: [], expired: ['-days', '-1'], other: [] };
    for (const [name, dates] of Object.entries(days)) {
      const host = name === 'other' ? 'elsewhere.example' : 'localhost';
      await openssl(
        'req',
        ...key,
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.csr`),
        '-subj',
        `/CN=${host}`,
        '-addext',
        `subjectAltName=DNS:${host}`,
      );
      const sign = [
        'x509',
        '-req',
        '-in',
        at(`${name}.csr`),
        '-CA',
        at('house.crt'),
        '-CAkey',
        at('house.key'),
        '-CAcreateserial',
        '-copy_extensions',
        'copy',
      ];
      await openssl(...sign, '-out', at(`${name}.crt`), ...(dates.length > 0 ? dates : ['-days', '2']));
    }
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      at('selfmade.key'),
      '-out',
      at('selfmade.crt'),
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    );
    return new Certificates(folder);
  }

  /** @param {string} name */
  of(name) {
    const read = (/** @type {string} */ ending) => readFileSync(join(this.folder, `${name}.${ending}`));
    return { key: read('key'), cert: read('crt') };
  }
}
