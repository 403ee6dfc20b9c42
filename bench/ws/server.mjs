// The reference of the row `ws`: a WebSocket server of Node with the package `ws`, which sends what it is told.
// It prints its port, then for each line "SIZE BURST" of its input the CPU time of sending that, in microseconds.
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('listening', () => console.log(`port ${server.address().port}`));

const sent = (client, message) => new Promise((done) => client.send(message, { binary: false }, done));

for await (const line of createInterface({ input: process.stdin })) {
  const [size, burst] = line.split(' ').map(Number);
  const message = Buffer.alloc(size, 'x');
  const before = process.cpuUsage();
  const all = [];
  for (let count = 0; count < burst; count += 1) {
    for (const client of server.clients) all.push(sent(client, message));
  }
  await Promise.all(all);
  const { user, system } = process.cpuUsage(before);
  console.log(`sent ${user + system} ${server.clients.size}`);
}
