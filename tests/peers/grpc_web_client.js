// Calls grpc.testing.TestService by the official gRPC-Web client, as a page in a browser would.
//
//     node grpc_web_client.js MODULES ADDRESS
//
// MODULES holds grpc-web and xhr2. Messages are written by hand: few bytes each.
'use strict';

const path = require('path');
const [modules, address] = process.argv.slice(2);
const load = (name) => require(path.resolve(modules, name));
global.XMLHttpRequest = load('xhr2');
const {GrpcWebClientBase, MethodDescriptor, MethodType} = load('grpc-web');

const base = `http://${address}/grpc.testing.TestService/`;
const timeoutMs = 10000;

function check(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) {
    bytes.push(value % 128 + 128);
  }
  return [...bytes, value];
}

// Fields of a message: numbers, or the bytes of text and of further messages.
const number = (field, value) => [field << 3, ...varint(value)];
const bytes = (field, content) => [field << 3 | 2, ...varint(content.length), ...content];
const text = (field, content) => bytes(field, [...Buffer.from(content)]);

// What client and server are told of a method: bytes in, bytes out.
function method(name, type) {
  return new MethodDescriptor(base + name, type, Array, Uint8Array,
                              (request) => Uint8Array.from(request), (reply) => reply);
}

function unary(client, name, request, metadata = {}) {
  return new Promise((resolve, reject) => {
    const seen = {};
    const call = client.rpcCall(base + name, request, {deadline: String(Date.now() + timeoutMs), ...metadata},
                                method(name, MethodType.UNARY),
                                (error, reply) => {
                                  seen.error = error;
                                  seen.reply = reply;
                                });
    call.on('metadata', (headers) => { seen.headers = headers; });
    call.on('status', (status) => { seen.status = status; });
    call.on('end', () => resolve(seen));
    call.on('error', (error) => { seen.error = error; resolve(seen); });
    setTimeout(() => reject(new Error(`${name}: no end`)), timeoutMs).unref();
  });
}

function streaming(client, name, request, deadlineMs = timeoutMs) {
  return new Promise((resolve, reject) => {
    const seen = {replies: []};
    const call = client.serverStreaming(base + name, request, {deadline: String(Date.now() + deadlineMs)},
                                        method(name, MethodType.SERVER_STREAMING));
    call.on('data', (reply) => seen.replies.push(reply));
    call.on('status', (status) => { seen.status = status; });
    call.on('error', (error) => { seen.error = error; resolve(seen); });
    call.on('end', () => resolve(seen));
    setTimeout(() => reject(new Error(`${name}: no end`)), timeoutMs).unref();
  });
}

const largeBytes = 314159;

const cases = {
  async empty_unary(client) {
    const seen = await unary(client, 'EmptyCall', []);
    check(!seen.error && seen.reply.length === 0, 'not an empty reply');
  },
  async large_unary(client) {
    const seen = await unary(client, 'UnaryCall', [...number(2, largeBytes),
                                                   ...bytes(3, bytes(2, Array(27182).fill(0)))]);
    check(!seen.error, String(seen.error));
    check(seen.reply.length > largeBytes && seen.reply.length < largeBytes + 16,
          `${seen.reply.length} bytes came`);
  },
  async custom_metadata(client) {
    const value = 'test_initial_metadata_value';
    const seen = await unary(client, 'UnaryCall', number(2, 1), {
      'x-grpc-test-echo-initial': value,
      'x-grpc-test-echo-trailing-bin': 'q6ur',
    });
    check(!seen.error, String(seen.error));
    check(seen.headers['x-grpc-test-echo-initial'] === value, 'the header did not come back');
    check(seen.status.metadata['x-grpc-test-echo-trailing-bin'] === 'q6ur', 'the trailer did not come back');
  },
  async status_code_and_message(client) {
    const words = 'test status message';
    const seen = await unary(client, 'UnaryCall', bytes(7, [...number(1, 2), ...text(2, words)]));
    check(seen.error && seen.error.code === 2 && seen.error.message === words, String(seen.error));
  },
  async special_status_message(client) {
    const words = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
    const seen = await unary(client, 'UnaryCall', bytes(7, [...number(1, 2), ...text(2, words)]));
    check(seen.error && seen.error.code === 2 && seen.error.message === words, String(seen.error));
  },
  async unimplemented_method(client) {
    const seen = await unary(client, 'UnimplementedCall', []);
    check(seen.error && seen.error.code === 12, String(seen.error));
  },
};

// This client streams as text alone.
const streamingCases = {
  async server_streaming(client) {
    const sizes = [31415, 9, 2653, 58979];
    const seen = await streaming(client, 'StreamingOutputCall',
                                 sizes.flatMap((size) => bytes(2, number(1, size))));
    check(!seen.error, String(seen.error));
    check(seen.replies.length === sizes.length, `${seen.replies.length} replies came`);
    sizes.forEach((size, i) => check(seen.replies[i].length >= size && seen.replies[i].length < size + 16,
                                     `reply ${i} has ${seen.replies[i].length} bytes`));
  },
  async timeout_on_sleeping_server(client) {
    const seen = await streaming(client, 'StreamingOutputCall',
                                 bytes(2, [...number(1, 1), ...number(2, 60 * 1000 * 1000)]), 300);
    check(seen.error && seen.error.code === 4, String(seen.error));
  },
};

async function runAll(format, all) {
  const client = new GrpcWebClientBase({format});
  const passed = [];
  for (const [name, run] of Object.entries(all)) {
    try {
      await run(client);
      passed.push(name);
      console.log(`${format} ${name}: passed`);
    } catch (error) {
      console.log(`${format} ${name}: FAILED: ${error.message}`);
    }
  }
  return passed.length;
}

async function main() {
  const passed = await runAll('text', {...cases, ...streamingCases}) + await runAll('binary', cases);
  const count = 2 * Object.keys(cases).length + Object.keys(streamingCases).length;
  console.log(`${passed} of ${count} passed`);
  process.exit(passed === count ? 0 : 1);
}

main();
