/* The only wiring of the page: finds the nodes, makes the parts, introduces them to each other. Holds no behaviour. */

import { Cameras } from "./cameras.js";
import { CaseDialog } from "./case_dialog.js";
import { Compare } from "./compare.js";
import { Connection } from "./connection.js";
import { Console } from "./console.js";
import { Fleet } from "./fleet.js";
import { FleetDesk } from "./fleet_desk.js";
import { FleetDialog } from "./fleet_dialog.js";
import { LinkState } from "./link_state.js";
import { People } from "./people.js";
import { Session } from "./session.js";
import { Sightings } from "./sightings.js";
import { Snap } from "./snap.js";
import { SnapDesk } from "./snap_desk.js";
import { Store } from "./store.js";
import { Toasts } from "./toasts.js";
import { Work } from "./work.js";
import { WorkDesk } from "./work_desk.js";

const byId = (id) => document.getElementById(id);

/** Nodes by short names: nodes("case", "form", "file") is {form: #case-form, file: #case-file}. */
const nodes = (part, ...names) => Object.fromEntries(names.map((name) => [name, byId(`${part}-${name}`)]));

const origin = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
const store = new Store();
const toasts = new Toasts({ region: byId("toasts"), whisper: byId("whisper") });

const session = new Session({
  store,
  nodes: { ...nodes("session", "panel", "form", "token", "fault", "leave"), console: byId("console") },
  onEnter: () => begin(),
  onLeave: () => connection.stop(),
  onFault: toasts.error,
});

const connection = new Connection({
  url: `${origin}/client`,
  token: () => session.token,
  onMessage: (message) => conversation.hear(message),
  onLink: (link) => {
    store.link.value = link;
    if (link.state === "open") conversation.catchUp();
    if (link.state === "waiting") askWhoWeAre();
  },
  probe: () => session.check(),
});

const conversation = new Console({ store, connection, session, toasts });

const compare = new Compare({
  store,
  nodes: nodes("compare", "dialog", "title", "photo", "blank", "crop", "facts", "close"),
});

new LinkState({
  store,
  nodes: nodes("link", "pill", "banner", "next", "retry"),
  onRetry: () => connection.retryNow(),
});

new Cameras({
  store,
  nodes: nodes("cameras", "wall", "empty", "command", "count"),
  processorUrl: `${origin}/processor`,
  onBox: (camera, box, frameId) => conversation.follow(camera, box, frameId),
});

new People({
  store,
  nodes: nodes("people", "list", "empty", "count"),
  onStop: (objectId) => conversation.stop(objectId),
  onChoose: (objectId) => conversation.choose(objectId, { toggle: true }),
  announce: (text) => toasts.announce(text),
});

new Sightings({
  store,
  nodes: nodes("sightings", "list", "empty", "count", "filter"),
  onChoose: (objectId) => conversation.choose(objectId),
  onPoint: (sighting) => conversation.point(sighting),
  onCompare: (sighting) => compare.show(sighting),
});

new CaseDialog({
  store,
  nodes: {
    ...nodes("case", "dialog", "form", "open", "file", "drop", "preview", "hint", "name", "fault", "submit"),
    ...nodes("case", "count", "more", "threshold", "expires"),
  },
  onCase: (image, name) => conversation.openCase(image, name),
  onPhotos: (photos, fields) => conversation.openCaseOf(photos, fields),
});

new WorkDesk({ store, session });
new Work({ store, nodes: nodes("work", "panel", "cloudlets", "jobs", "count") });

const desk = new FleetDesk({ store, session, toasts });

const fleetDialog = new FleetDialog({
  store,
  nodes: {
    ...nodes("fleet", "dialog", "title", "form", "kind", "name", "where", "place"),
    ...nodes("fleet", "other", "source", "rules", "fault", "submit"),
  },
  onOrder: (nodeId, order) => desk.start(nodeId, order),
});

new Fleet({
  store,
  nodes: nodes("fleet", "panel", "list", "count"),
  onStart: (nodeId) => fleetDialog.show(nodeId),
  onStop: (nodeId, name) => desk.stop(nodeId, name),
  announce: (text) => toasts.announce(text),
});

const snapDesk = new SnapDesk({ store, session, toasts });

new Snap({
  store,
  nodes: nodes("snap", "panel", "count", "to", "button", "results", "pictures", "empty"),
  onSnap: (to) => snapDesk.snap(to),
});

/** Connect when the session allows it, and hang up when it does not. */
async function begin() {
  connection.stop();
  if (await mayEnter()) connection.start();
}

async function mayEnter() {
  try {
    return await session.check();
  } catch {
    return true; // nobody answers: the connection keeps trying and says so
  }
}

/** The link was lost: perhaps because the session ended while the page was open. */
async function askWhoWeAre() {
  if (!(await mayEnter())) connection.stop();
}

session.enterByLink().then(begin);
