// From a tick's arrival to the publication of what it triggered, with many orders resting: the server's
// own stamps on the pushes of `orders:paper`, each of which is on the disk before it is published.
// Usage: PLAINSIGHT_TOKEN=… node --experimental-websocket benches/reaction.mjs <url> <resting orders> <seconds>

const [url, count, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const socket = new WebSocket(`${url.replace("http", "ws")}/v1/ws`, "plainsight.v1.json");
const send = (frame) => socket.send(JSON.stringify(frame));
const waiting = new Map();
let next = 1;
let price;

/** Sends a command; resolves with its `ok` or `error`. */
const command = (frame) =>
  new Promise((resolve) => {
    const id = next++;
    waiting.set(id, resolve);
    send({ ...frame, id });
  });

const delays = [];
let measuring = false;

socket.onmessage = ({ data }) => {
  for (const line of data.split("\n")) {
    const frame = JSON.parse(line);
    if (frame.type === "ok" || frame.type === "error") {
      waiting.get(frame.id)?.(frame);
      waiting.delete(frame.id);
    } else if (frame.type === "push" && frame.topic === "market:BTCUSDT") {
      price = Number(frame.data.price ?? price);
    } else if (frame.type === "push" && frame.topic === "orders:paper" && measuring) {
      if (frame.data.trigger && frame.data.status === "triggered") {
        delays.push(frame.t_published - frame.t_received);
      }
    }
  }
};

await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = () => reject(new Error("the server does not answer"));
});
send({ type: "hello", token: process.env.PLAINSIGHT_TOKEN });
await command({ type: "subscribe", topics: [{ topic: "market:BTCUSDT" }, { topic: "orders:paper" }] });
while (price === undefined) await new Promise((resolve) => setTimeout(resolve, 50));

// From 5 % to 24 % away; one in ten trails.
const begin = price;
for (let index = 0; index < count; ) {
  const some = [];
  for (let part = 0; part < 50 && index < count; part++, index++) {
    const away = 0.05 + (index % 1900) / 10_000;
    const side = index % 2 ? "sell" : "buy";
    const sign = side === "buy" ? 1 : -1;
    const at = (direction) => (begin * (1 + direction * sign * away)).toFixed(2);
    const own =
      index % 10 === 0
        ? { type: "trailing_stop", trail_percent: (away * 100).toFixed(2) }
        : index % 10 <= 5
          ? { type: "limit", price: at(-1) }
          : { type: "stop", stop_price: at(1) };
    some.push(command({ type: "order", order: { symbol: "BTCUSDT", side, quantity: "0.001", ...own } }));
  }
  for (const answer of await Promise.all(some)) {
    if (answer.type === "error") throw new Error(answer.message);
  }
}

// Now and again a stop right beside the market, which the next moves trigger.
measuring = true;
const until = Date.now() + seconds * 1000;
let side = "buy";
while (Date.now() < until) {
  side = side === "buy" ? "sell" : "buy";
  const stop_price = (price * (side === "buy" ? 1.00005 : 0.99995)).toFixed(2);
  await command({ type: "order", order: { symbol: "BTCUSDT", side, type: "stop", quantity: "0.001", stop_price } });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await new Promise((resolve) => setTimeout(resolve, 500));
delays.sort((a, b) => a - b);
const at = (share) => delays[Math.floor((delays.length - 1) * share)];
console.log(JSON.stringify({ n: delays.length, p50: at(0.5), p99: at(0.99), max: at(1) }));
socket.close();
