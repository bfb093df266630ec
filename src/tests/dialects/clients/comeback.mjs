// Dialect 1 with socket.io-client: a line each time that it is connected, and nothing that makes it come back.
import { io } from 'socket.io-client';

const [url, transport] = process.argv.slice(2);
const socket = io(url, { transports: [transport], auth: { token: process.env.PLAINSIGHT_TOKEN } });
socket.on('connected', () => console.log('connected'));
