// Dialect 1 with socket.io-client, over both transports.
import { io } from 'socket.io-client';

const [url, transport] = process.argv.slice(2);
const token = process.env.PLAINSIGHT_TOKEN;

/** The next event of this name, within a time. */
const once = (socket, event) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${transport}: no ${event}`)), 20_000);
    socket.once(event, (data) => {
      clearTimeout(late);
      resolve(data);
    });
  });

const socket = io(url, { transports: [transport], auth: { token } });
socket.on('connect_error', (error) => {
  console.error(error.message);
  process.exit(1);
});
const connected = await once(socket, 'connected');
if (connected.api_version !== '2.0.0') throw new Error(JSON.stringify(connected));
socket.emit('subscribe', { streams: ['portfolio_update', 'trade_feed', 'ai_decision'] });
const confirmed = await once(socket, 'subscription_confirmed');
if (confirmed.streams.length !== 3) throw new Error(JSON.stringify(confirmed));
const seen = await Promise.all(['portfolio_update', 'trade_feed', 'ai_decision'].map((event) => once(socket, event)));
if (typeof seen[0].total_equity !== 'number' || typeof seen[1].price !== 'number') throw new Error(JSON.stringify(seen));
socket.emit('ping', { timestamp: 1 });
if ((await once(socket, 'pong')).client_timestamp !== 1) throw new Error('no pong');
const acknowledged = await socket.timeout(20_000).emitWithAck('ping', { timestamp: 2 });
if (acknowledged != null) throw new Error(JSON.stringify(acknowledged));
// A lost connection comes back by itself, and is greeted again.
socket.io.engine.close();
await once(socket, 'connected');
socket.close();
console.log('ok');
