// The client that the conformance tests of the protocol start: it sends the address of their server to the test at the port of its first argument, and ends
// with the exit code that the test returns.
import { connect } from 'node:net';

const [, , port, url] = process.argv;
const context = process.env.MCP_CONFORMANCE_CONTEXT;
const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${JSON.stringify({ url, ...(context === undefined ? {} : { context: JSON.parse(context) }) })}\n`));
let answer = '';
socket.on('data', (data) => { answer += data; });
socket.on('close', () => process.exit(answer.trim() === 'done' ? 0 : 1));
socket.on('error', () => process.exit(1));
