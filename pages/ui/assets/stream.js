// The panel's own line to the server; see pages/ui/stream.py.

import { decode } from "./plotting.js";

const AHEAD = 2; // pictures asked for before they are there: one is made while one travels
const UNKNOWN = 4404; // codes of pages/ui/stream.py
const REPLACED = 4409;

export class Stream {
  // `onPicture` gets every message; `onUnknown` is called when the server has forgotten us.
  constructor(onPicture, onUnknown) {
    Object.assign(this, { onPicture, onUnknown });
    this.playing = false;
    this.asked = 0;
    this.failures = 0;
  }

  // What the page says: where the line is, and whether there is something to ask for.
  follow({ stream, playing }) {
    if (stream !== this.address) this.close();
    this.address = stream;
    this.playing = playing;
    if (playing) this.ask();
  }

  pause() {
    this.playing = false;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send("pause");
  }

  ask() {
    if (!this.playing) return;
    if (!this.socket) this.open();
    while (this.socket.readyState === WebSocket.OPEN && this.asked < AHEAD) {
      this.asked += 1;
      this.socket.send("next");
    }
  }

  open() {
    const url = new URL(this.address, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.asked = 0;
    socket.onopen = () => this.ask();
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.failures = 0;
      this.asked -= 1;
      if (data.byteLength) {
        const message = decode(new Uint8Array(data));
        this.playing &&= message.header.live.playing;
        this.onPicture(message);
        this.ask();
      } else if (this.playing) {
        // Nothing plays there any more; the page will say so, or that it goes on.
        this.later(250);
      }
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (code === REPLACED) return;
      if (code === UNKNOWN) this.onUnknown();
      else {
        this.failures += 1;
        this.later(Math.min(250 * 2 ** this.failures, 5000));
      }
    };
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), milliseconds);
  }

  close() {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
