// The live view's own WebSocket to the server; see pages/ui/browser/stream.py.

import { decode } from "./plotting.js";

const AHEAD = 2; // frames requested at a time: one is computed while another is on its way
const HOLD = 250; // milliseconds
const UNKNOWN = 4404; // codes of pages/ui/browser/stream.py
const REPLACED = 4409;
const NOTHING = ""; // answer to a command after which there is nothing to show

export class Stream {
  // `onFrame` gets every message; `onUnknown` is called when the server has forgotten us.
  constructor(onFrame, onUnknown) {
    Object.assign(this, { onFrame, onUnknown });
    this.playing = false;
    this.requested = 0; // frames that were requested and have not arrived
    this.owed = 0; // commands that have not been answered
    this.failures = 0;
  }

  // Take from a message of the page the stream's address, and whether the runs play.
  follow({ stream, playing }) {
    if (stream !== this.address) this.close();
    this.address = stream;
    this.playing = playing;
    this.heldUntil = 0;
    // Opened before anything plays: the first frame after a control's change arrives over it.
    if (!this.socket) this.open();
    this.ask();
  }

  // Request frames while the runs play.
  ask() {
    if (!this.playing) return;
    const { held } = this;
    if (held > 0) {
      this.later(held + 1);
      return;
    }
    if (!this.socket) this.open();
    while (this.ready && this.requested < AHEAD) {
      this.requested += 1;
      this.socket.send("next");
    }
  }

  // The reader used something else on the page: request no frames for a while, so that the answer
  // to that comes first.
  hold() {
    this.heldUntil = performance.now() + HOLD;
  }

  // Milliseconds for which no frames are requested yet.
  get held() {
    return Math.max(0, (this.heldUntil ?? 0) - performance.now());
  }

  // Send a command, or keep it until the last one has been answered. Of several that wait, only the
  // last is sent.
  tell(command) {
    if (command === "pause") this.playing = false;
    if (!this.address) return;
    if (!this.socket) this.open();
    if (this.ready && !this.owed) this.send(command);
    else this.command = command;
  }

  // Send a command that must not be replaced by a later one, at once or not at all; returns whether
  // it was sent. A waiting command is dropped, except for a mark, which is sent first: this command
  // would undo any other.
  press(command) {
    if (!this.ready) return false;
    if (this.command === "mark") this.send(this.command);
    this.command = null;
    this.send(command);
    return true;
  }

  // Whether a command was sent or waits that no frame has answered yet.
  get unanswered() {
    return Boolean(this.owed || this.command);
  }

  send(command) {
    this.owed += 1;
    this.socket.send(command);
  }

  get ready() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    const url = new URL(this.address, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.requested = 0;
    this.owed = 0;
    socket.onopen = () => {
      this.sendWaiting();
      this.ask();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (code === REPLACED) {
        // Connecting again would take the stream away from the page that has it now.
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
      // The runs do not play any more. The next message of the page tells whether they go on.
      this.requested -= 1;
      if (this.playing) this.later(250);
      return;
    }
    const message = decode(new Uint8Array(data));
    const { live } = message.header;
    if (live.wanted) this.requested -= 1;
    else if (!live.ahead) this.answered();
    this.playing &&= live.playing;
    this.onFrame(message);
    this.ask();
  }

  answered() {
    this.owed -= 1;
    this.sendWaiting();
  }

  sendWaiting() {
    const { command } = this;
    this.command = null;
    if (command) this.tell(command);
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), milliseconds);
  }

  // The visitor left the page: commands that wait are dropped.
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
