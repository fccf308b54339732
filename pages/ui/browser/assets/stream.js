// The panel's own line to the server; see pages/ui/browser/stream.py.

import { decode } from "./plotting.js";

const AHEAD = 2; // frames asked for before they are there: one is made while one travels
const HOLD = 250; // milliseconds
const UNKNOWN = 4404; // codes of pages/ui/browser/stream.py
const REPLACED = 4409;
const NOTHING = ""; // what was said left nothing to show

export class Stream {
  // `onFrame` gets every message; `onUnknown` is called when the server has forgotten us.
  constructor(onFrame, onUnknown) {
    Object.assign(this, { onFrame, onUnknown });
    this.playing = false;
    this.asked = 0; // frames on their way
    this.owed = 0; // answers to what was said
    this.failures = 0;
  }

  // What the page says: where the line is, and whether there is something to ask for.
  follow({ stream, playing }) {
    if (stream !== this.address) this.close();
    this.address = stream;
    this.playing = playing;
    this.heldUntil = 0;
    // Open before anything plays: what a control changes is seen here first.
    if (!this.socket) this.open();
    this.ask();
  }

  // Ask for frames while there are any.
  ask() {
    if (!this.playing) return;
    const { held } = this;
    if (held > 0) {
      this.later(held + 1);
      return;
    }
    if (!this.socket) this.open();
    while (this.ready && this.asked < AHEAD) {
      this.asked += 1;
      this.socket.send("next");
    }
  }

  // The reader did something elsewhere on the page: its answer goes before further frames.
  hold() {
    this.heldUntil = performance.now() + HOLD;
  }

  // Milliseconds for which the answer goes first; 0 where nothing is held.
  get held() {
    return Math.max(0, (this.heldUntil ?? 0) - performance.now());
  }

  // Say something else. What cannot be said yet is said once, and the last of several counts.
  tell(command) {
    if (command === "pause") this.playing = false;
    if (!this.address) return;
    if (!this.socket) this.open();
    if (this.ready && !this.owed) this.say(command);
    else this.command = command;
  }

  // Say what counts each time, at once or not at all; whether it was said. Whatever waits to be
  // said of the past would be undone by it; a mark is set before.
  press(command) {
    if (!this.ready) return false;
    if (this.command === "mark") this.say(this.command);
    this.command = null;
    this.say(command);
    return true;
  }

  // Whether something was said that no frame has answered yet.
  get unanswered() {
    return Boolean(this.owed || this.command);
  }

  say(command) {
    this.owed += 1;
    this.socket.send(command);
  }

  get ready() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    const url = new URL(this.address, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.asked = 0;
    this.owed = 0;
    socket.onopen = () => {
      this.sayWaiting();
      this.ask();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (code === REPLACED) {
        // Asking on would take the line away from whoever has it now.
        this.playing = false;
        clearTimeout(this.timer);
        return;
      }
      if (code === UNKNOWN) this.onUnknown();
      else {
        this.failures += 1;
        this.later(Math.min(250 * 2 ** this.failures, 5000));
      }
    };
  }

  receive(data) {
    this.failures = 0;
    if (data === NOTHING) {
      this.answered();
      return;
    }
    if (!data.byteLength) {
      // Nothing plays there any more; the page will say so, or that it goes on.
      this.asked -= 1;
      if (this.playing) this.later(250);
      return;
    }
    const message = decode(new Uint8Array(data));
    const { live } = message.header;
    if (live.wanted) this.asked -= 1;
    else if (!live.ahead) this.answered();
    this.playing &&= live.playing;
    this.onFrame(message);
    this.ask();
  }

  answered() {
    this.owed -= 1;
    this.sayWaiting();
  }

  sayWaiting() {
    const { command } = this;
    this.command = null;
    if (command) this.tell(command);
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), milliseconds);
  }

  // Nobody looks any more: what is still to be said does not matter then.
  leave() {
    this.command = null;
    this.playing = false;
    this.close();
  }

  close() {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
