// What a program does with the types: they tell frames apart by `type`, pushes by `topic` and `kind`.
// Node 22 runs it: `node clients/typescript/example.ts ws://127.0.0.1:3000/v1/ws`.
import type { ClientFrame, NewOrder, Rest, ServerFrame } from "./plainsight";

const order: NewOrder = { symbol: "BTCUSDT", side: "buy", type: "market", quantity: "0.01" };
// @ts-expect-error A quantity is a decimal number in a string.
const wrong: NewOrder = { ...order, quantity: 0.01 };

/** What is said first. */
export function begin(token?: string): ClientFrame[] {
  return [
    token === undefined ? { type: "hello" } : { type: "hello", token },
    { type: "subscribe", id: 1, topics: [{ topic: "portfolio:paper" }, { topic: "trades:paper", history: 10 }] },
    { type: "order", id: 2, order: wrong === order ? wrong : order },
  ];
}

/** What a frame tells, in a line. */
export function told(frame: ServerFrame): string {
  switch (frame.type) {
    case "welcome":
      return `session ${frame.session}`;
    case "error":
      return `${frame.code}: ${frame.message}`;
    case "push":
      switch (frame.kind) {
        case "event":
          return "evidence" in frame.data ? `${frame.data.side} ${frame.data.quantity}` : frame.topic;
        case "snapshot":
          return "equity" in frame.data ? `equity ${frame.data.equity}` : frame.topic;
        case "delta":
          return frame.topic;
      }
    default:
      return frame.type;
  }
}

/** An operation's parts by its name. */
export type Positions = Rest["GET /v1/positions"]["answer"];
export const held = (positions: Positions): string[] => positions.map((position) => position.symbol);
