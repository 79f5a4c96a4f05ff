// A proxy that answers what goes through its tunnels itself, so that pages of public addresses can be fetched without a network.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @param {Record<string, string>} pages HTML, by path. */
export async function startPageProxy(pages) {
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html', connection: 'close' });
    response.end(page);
  });
  server.on('connect', (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    server.emit('connection', socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return { url: `http://127.0.0.1:${address.port}`, stop: () => server.close() };
}
