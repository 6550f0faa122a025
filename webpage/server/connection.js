/* The WebSocket to the server, kept up with backoff. Knows no message but its own greeting. */

import { Backoff } from "./backoff.js";
import { readMessage } from "./wire.js";

const SILENCE_MS = 20_000;
const HANDSHAKE_MS = 8000;

export class Connection {
  #socket = null;
  #timer = 0;
  #heardAt = 0;
  #running = false;
  #backoff = new Backoff({ first: 500, longest: 15_000 });

  /**
   * @param {object} peers
   * @param {string} peers.url
   * @param {() => string|null} peers.token the token of this sitting; null when the cookie alone speaks for us
   * @param {(message: object) => void} peers.onMessage gets checked messages only
   * @param {(link: {state: string, retryAt: number|null}) => void} peers.onLink "connecting", "open" or "waiting"
   * @param {() => Promise<void>} peers.probe rejects when the server cannot be reached
   */
  constructor({ url, token, onMessage, onLink, probe }) {
    Object.assign(this, { url, token, onMessage, onLink, probe });
    setInterval(() => this.#listenForSilence(), SILENCE_MS / 4);
    addEventListener("online", () => this.retryNow());
  }

  start() {
    this.#running = true;
    this.#open();
  }

  stop() {
    this.#running = false;
    this.#drop();
  }

  /** Try at once instead of waiting for the next turn. */
  retryNow() {
    if (this.#running && !this.#socket) this.#open();
  }

  /** Send one message. Returns false, and sends nothing, while the link is down. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #open() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.onLink({ state: "connecting", retryAt: null });
    this.#timer = setTimeout(() => socket === this.#socket && this.#lost(), HANDSHAKE_MS);
    socket.onopen = () => socket === this.#socket && this.#greet();
    socket.onmessage = ({ data }) => socket === this.#socket && this.#hear(data);
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  #greet() {
    clearTimeout(this.#timer);
    this.#heardAt = performance.now();
    const jwt = this.token();
    if (jwt) this.send({ type: "authenticate", jwt });
    this.send({ type: "setUsesImages", usesImages: true });
    this.send({ type: "subscribe", sightings: true, cameras: true });
    this.onLink({ state: "open", retryAt: null });
  }

  #hear(data) {
    this.#heardAt = performance.now();
    // Only a server that speaks counts as back: one that accepts and hangs up must not be asked at full speed.
    this.#backoff.reset();
    const message = typeof data === "string" ? readMessage(data) : null;
    if (message) this.onMessage(message);
  }

  #lost() {
    this.#drop();
    if (!this.#running) return;
    const wait = this.#backoff.next();
    this.#timer = setTimeout(() => this.#open(), wait);
    this.onLink({ state: "waiting", retryAt: Date.now() + wait });
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** A half-open TCP connection says nothing for minutes: ask by another way, and hang up when nobody answers. */
  async #listenForSilence() {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || performance.now() - this.#heardAt < SILENCE_MS) return;
    try {
      await this.probe();
      this.#heardAt = performance.now();
    } catch {
      if (socket === this.#socket) this.#lost();
    }
  }
}
