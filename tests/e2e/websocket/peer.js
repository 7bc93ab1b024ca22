// The WebSocket library `ws` on both sides of weir, for tests/e2e/websocket_test.cc.
//
//   node peer.js serve                     echoes on a free port, which it prints: "listening PORT"
//   node peer.js SCENARIO URL [NUMBER]     plays one of the scenarios below; prints what it found,
//                                          exits 1 if that is not what should be
//
// The library comes from the folder in WS_FOLDER, where the test has npm put it.
'use strict';

const assert = require('assert');
const { once } = require('events');
const path = require('path');
const { WebSocket, WebSocketServer } = require(path.join(process.env.WS_FOLDER, 'node_modules/ws'));

function serve() {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: 16 << 20,
    handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
  });
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => {
      const text = binary ? '' : data.toString();
      if (text === 'close me') return socket.close(4001, 'as you wish');
      if (text === 'drop me') return socket.terminate();
      socket.send(data, { binary });
    });
    socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
    socket.on('error', (error) => console.log(`error ${error.code}`));
  });
  server.on('listening', () => console.log(`listening ${server.address().port}`));
}

async function open(url, ...rest) {
  const socket = new WebSocket(url, ...rest);
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

async function echo(socket, message) {
  socket.send(message);
  const [data, binary] = await once(socket, 'message');
  assert.strictEqual(binary, typeof message !== 'string');
  assert.ok(Buffer.from(message).equals(data), 'not what was sent');
}

// Bytes that are told apart by where they stand.
const bytes = (size) => Buffer.from(Uint32Array.from({ length: size / 4 }, (_, i) => i).buffer);

const scenarios = {
  async echo(url) {
    const socket = await open(url);
    for (const text of ['', 'x', 'grüße', 'y'.repeat(70000)]) await echo(socket, text);
    for (let size = 4; size <= 1 << 20; size *= 4) await echo(socket, bytes(size));
    const pong = once(socket, 'pong');
    socket.ping('still there?');
    assert.strictEqual((await pong)[0].toString(), 'still there?');
    socket.close();
  },

  // Messages that meet each other on the way, in one piece each.
  async crossing(url) {
    const socket = await open(url);
    const count = 64;
    const message = bytes(1 << 18);
    let came = 0;
    const all = new Promise((resolve, reject) => {
      socket.on('close', () => reject(new Error(`closed after ${came}`)));
      socket.on('message', (data) => {
        if (!message.equals(data)) reject(new Error(`message ${came} is damaged`));
        if (++came === count) resolve();
      });
    });
    for (let i = 0; i < count; ++i) socket.send(message);
    await all;
    socket.close();
  },

  async subprotocol(url) {
    const socket = await open(url, ['chat.v1', 'chat.v2']);
    assert.strictEqual(socket.protocol, 'chat.v2');
    socket.close();
  },

  // The closing handshake, begun by the client and by the service.
  async close(url) {
    const first = await open(url);
    first.close(4000, 'enough');
    const [code, reason] = await once(first, 'close');
    assert.deepStrictEqual([code, reason.toString()], [4000, 'enough']);
    const second = await open(url);
    second.send('close me');
    const [theirs, why] = await once(second, 'close');
    assert.deepStrictEqual([theirs, why.toString()], [4001, 'as you wish']);
  },

  // A service that goes without a word.
  async drop(url) {
    const socket = await open(url);
    socket.send('drop me');
    assert.strictEqual((await once(socket, 'close'))[0], 1006);
  },

  async parallel(url, count) {
    const sockets = await Promise.all(Array.from({ length: count }, () => open(url)));
    await Promise.all(
      sockets.map(async (socket, i) => {
        for (let round = 0; round < 20; ++round) await echo(socket, `${i}/${round}`);
        await echo(socket, bytes(1 << 14));
        socket.close();
        await once(socket, 'close');
      }),
    );
  },

  // Nothing moves, so weir closes it: without a closing handshake.
  async idle(url) {
    const socket = await open(url);
    assert.strictEqual((await once(socket, 'close'))[0], 1006);
  },

  // With `count` tunnels open, the next one gets 503; when one has closed, it is let in.
  async full(url, count) {
    const sockets = [];
    for (let i = 0; i < count; ++i) sockets.push(await open(url));
    const refused = new WebSocket(url);
    refused.on('error', () => {});
    const [, answer] = await once(refused, 'unexpected-response');
    const connection = answer.socket; // weir keeps it open, for ordinary requests
    assert.strictEqual(answer.statusCode, 503);
    assert.match(answer.headers['proxy-status'], /details="upgrades"/);
    let body = '';
    for await (const piece of answer) body += piece;
    assert.strictEqual(JSON.parse(body).reason, 'upgrades');
    connection.destroy();
    for (const socket of sockets) await echo(socket, 'still here');
    sockets[0].close();
    await once(sockets[0], 'close');
    for (;;) {
      // Its place is free as soon as weir has seen both sides close.
      const next = new WebSocket(url);
      next.on('error', () => {});
      const opened = await Promise.race([
        once(next, 'open').then(() => true),
        once(next, 'unexpected-response').then(([, no]) => no.socket.destroy() && false),
      ]);
      if (!opened) continue;
      await echo(next, 'let in');
      next.close();
      break;
    }
    for (const socket of sockets.slice(1)) socket.close();
  },

  // Says when it is open, and with which code it closed.
  async stay(url) {
    const socket = await open(url);
    console.log('open');
    const [code] = await once(socket, 'close');
    console.log(`code ${code}`);
  },
};

const [what, url, number] = process.argv.slice(2);
if (what === 'serve') {
  serve();
} else {
  scenarios[what](url, Number(number)).then(
    () => console.log('fine'),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
