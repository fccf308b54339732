// The page's own WebSocket to the server, for commands and frames; see pages/ui/browser/stream.py.

import { decode } from "./plotting.js";

const AHEAD = 2; // frames requested at a time: one is computed while another is on its way
const HOLD = 250; // milliseconds
const REFUSED_AFTER = 3000; // milliseconds without a line while there is something to say
const RETRY_REFUSED = 30000;
const FORBIDDEN = 4403; // codes of pages/ui/browser/stream.py
const UNKNOWN = 4404;
const REPLACED = 4409;
const MOST_COMMANDS = 20; // as in pages/ui/parts/run_controls.py

const message = ({ number, settings, text }) => `${number} ${settings} ${text}`;
const travels = (text) => text === "now" || text.startsWith("at ");
const drags = (text) => /^(grab|drag) /.test(text);
// What a command becomes with a later one that makes it needless; null if none does.
function merged(first, later) {
  if (travels(first) && travels(later)) return later;
  return drags(first) && later.startsWith("drag ") ? first.slice(0, 5) + later.slice(5) : null;
}

export class Stream {
  // `onFrame` gets every frame; `onTrouble` is called when a run of the page is needed: the server has
  // `forgotten` us, or commands have to go by Streamlit, for the line is `refused`, or no longer.
  constructor(onFrame, onTrouble) {
    Object.assign(this, { onFrame, onTrouble });
    this.playing = false;
    this.refused = false;
    this.forgotten = false; // whether the server does not know us: it was started anew
    this.requested = 0; // frames that were requested and have not arrived
    this.commands = []; // not acknowledged yet: {number, settings, text, sent, given}
    this.newest = 0; // number of the newest frame
    this.last = 0; // number of the newest command
    this.failures = 0;
  }

  // Take what a run of the page says of the line and of the runs.
  follow({ stream, playing, searching, acknowledged }) {
    if (stream !== this.address) {
      // Another session, which knows nothing of the commands of the one before.
      this.close();
      this.commands = [];
      this.last = acknowledged;
      this.newest = 0;
      this.forbidden = false;
      this.address = stream;
    }
    this.forgotten = false;
    this.heldUntil = 0;
    this.acknowledge(acknowledged);
    this.playing = (playing && !this.pausing) || searching;
    // Opened before anything plays: the first frame after a control's change arrives over it.
    this.connect();
    this.ask();
  }

  // Request frames while the runs play, or a map is searched.
  ask() {
    if (!this.playing) return;
    const { held } = this;
    if (held > 0) {
      this.later(held + 1);
      return;
    }
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

  // Say a command that was pressed under these settings. It is kept until it is acknowledged; of
  // travels, and of moves of one drag, that wait only the last is sent.
  tell(text, settings) {
    const waiting = this.commands.at(-1);
    // What was given out once may have been carried out, whether or not we heard of it.
    const both = waiting && !waiting.given ? merged(waiting.text, text) : null;
    if (both) waiting.text = both;
    else if (this.commands.length < MOST_COMMANDS || text === "pause") {
      this.last += 1;
      this.commands.push({ number: this.last, settings, text });
    }
    if (text === "pause") this.playing = false;
    this.connect();
    this.sendWaiting();
  }

  sendWaiting() {
    if (!this.ready) return;
    for (const command of this.commands) {
      // Frames of a journey come one after the other, and the last place is not long in coming.
      const follows = travels(command.text) || drags(command.text);
      if (follows && this.commands[0].sent && !command.sent) return;
      if (!command.sent) this.socket.send(message(command));
      command.sent = true;
      command.given = true;
    }
  }

  acknowledge(number) {
    this.commands = this.commands.filter((command) => command.number > number);
    this.sendWaiting();
  }

  // Whether a Pause was pressed that has not been carried out.
  get pausing() {
    return this.commands.some(({ text }) => text === "pause");
  }

  // All commands as messages, to be said in another way.
  takeMessages() {
    for (const command of this.commands) command.given = true;
    return this.commands.map(message);
  }

  get ready() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // Open the line, unless it is open or will be tried again anyway.
  connect() {
    if (this.ready || !this.address || this.forbidden) return;
    if (!this.refused) this.deadline ??= setTimeout(() => this.refuse(true), REFUSED_AFTER);
    if (!this.socket && !this.retrying) this.open();
  }

  refuse(refused) {
    clearTimeout(this.deadline);
    this.deadline = null;
    if (this.refused === refused) return;
    this.refused = refused;
    // Some proxies never answer.
    if (refused && !this.ready) this.socket?.close();
    this.onTrouble();
  }

  open() {
    const url = new URL(this.address, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.requested = 0;
    for (const command of this.commands) command.sent = false;
    socket.onopen = () => {
      this.refuse(false);
      this.sendWaiting();
      this.ask();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.closed(code);
    };
  }

  closed(code) {
    // Connecting again would take the line away from the page that has it now.
    if (code === REPLACED) return;
    if (code === UNKNOWN && this.unknown !== this.address) {
      this.unknown = this.address;
      this.forgotten = true;
      this.onTrouble();
      return;
    }
    // A run of the page named this address, but the line leads to another process.
    if (code === UNKNOWN) this.refuse(true);
    if (code === FORBIDDEN) {
      this.forbidden = true;
      this.refuse(true);
      return;
    }
    this.failures += 1;
    const wait = this.refused ? RETRY_REFUSED : Math.min(250 * 2 ** this.failures, 5000);
    this.retrying = setTimeout(() => {
      this.retrying = null;
      this.open();
    }, wait);
    // So that it counts as refused where it stays closed.
    if (this.playing || this.commands.length) this.connect();
  }

  receive(data) {
    this.failures = 0;
    if (!data.byteLength) {
      // Nothing plays any more, or not yet.
      this.requested -= 1;
      if (this.playing) this.later(250);
      return;
    }
    const frame = decode(new Uint8Array(data));
    const { number, wanted, acknowledged, playing, searching } = frame.header.live;
    if (wanted) this.requested -= 1;
    this.acknowledge(acknowledged);
    // After Pause, frames that were on their way are dropped, until it was carried out; and so is one
    // that a later frame has overtaken.
    if (number >= this.newest && !(playing && this.pausing)) {
      this.newest = number;
      this.playing = playing || searching;
      this.onFrame(frame);
    }
    this.ask();
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), milliseconds);
  }

  close() {
    for (const timer of [this.timer, this.retrying, this.deadline]) clearTimeout(timer);
    this.retrying = null;
    this.deadline = null;
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
