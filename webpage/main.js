/* The only wiring of the page: finds the elements, makes the parts, gives each what it needs. Holds no behaviour. */

import { CaseDialog } from "./cases/case_dialog.js";
import { CaseList } from "./cases/case_list.js";
import { Controller } from "./console/controller.js";
import { LinkStatus } from "./console/link_status.js";
import { Session } from "./console/session.js";
import { FleetPanel } from "./fleet/fleet_panel.js";
import { FleetService } from "./fleet/fleet_service.js";
import { StartDialog } from "./fleet/start_dialog.js";
import { CameraWall } from "./live/camera_wall.js";
import { Connection } from "./server/connection.js";
import { Store } from "./shared/store.js";
import { Toasts } from "./shared/toasts.js";
import { CompareDialog } from "./sightings/compare_dialog.js";
import { SightingList } from "./sightings/sighting_list.js";
import { SnapPanel } from "./snap/snap_panel.js";
import { SnapService } from "./snap/snap_service.js";
import { WorkloadPanel } from "./workload/workload_panel.js";
import { WorkloadService } from "./workload/workload_service.js";

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
  onMessage: (message) => controller.hear(message),
  onLink: (link) => {
    store.link.value = link;
    if (link.state === "open") controller.catchUp();
    if (link.state === "waiting") askWhoWeAre();
  },
  probe: () => session.check(),
});

const controller = new Controller({ store, connection, session, toasts });

const compareDialog = new CompareDialog({
  store,
  nodes: nodes("compare", "dialog", "title", "photo", "blank", "crop", "facts", "close"),
});

new LinkStatus({
  store,
  nodes: nodes("link", "pill", "banner", "next", "retry"),
  onRetry: () => connection.retryNow(),
});

new CameraWall({
  store,
  nodes: nodes("cameras", "wall", "empty", "command", "count"),
  processorUrl: `${origin}/processor`,
  onBox: (camera, box, frameId) => controller.follow(camera, box, frameId),
});

new CaseList({
  store,
  nodes: nodes("cases", "list", "empty", "count"),
  onStop: (caseId) => controller.stop(caseId),
  onChoose: (caseId) => controller.choose(caseId, { toggle: true }),
  announce: (text) => toasts.announce(text),
});

new SightingList({
  store,
  nodes: nodes("sightings", "list", "empty", "count", "filter"),
  onChoose: (caseId) => controller.choose(caseId),
  onPoint: (sighting) => controller.point(sighting),
  onCompare: (sighting) => compareDialog.show(sighting),
});

new CaseDialog({
  store,
  nodes: {
    ...nodes("case", "dialog", "form", "open", "file", "drop", "preview", "hint", "name", "fault", "submit"),
    ...nodes("case", "count", "more", "budget", "threshold", "expires"),
  },
  onCase: (image, name) => controller.openFromPhoto(image, name),
  onPhotos: (photos, fields) => controller.openFromPhotos(photos, fields),
});

new WorkloadService({ store, session });
new WorkloadPanel({ store, nodes: nodes("work", "panel", "cloudlets", "jobs", "count") });

const fleetService = new FleetService({ store, session, toasts });

const startDialog = new StartDialog({
  store,
  nodes: {
    ...nodes("fleet", "dialog", "title", "form", "kind", "name", "where", "place"),
    ...nodes("fleet", "other", "source", "rules", "fault", "submit"),
  },
  onOrder: (nodeId, order) => fleetService.start(nodeId, order),
});

new FleetPanel({
  store,
  nodes: nodes("fleet", "panel", "list", "count"),
  onStart: (nodeId) => startDialog.show(nodeId),
  onStop: (nodeId, name) => fleetService.stop(nodeId, name),
  announce: (text) => toasts.announce(text),
});

const snapService = new SnapService({ store, session, toasts });

new SnapPanel({
  store,
  nodes: nodes("snap", "panel", "count", "to", "button", "results", "pictures", "empty"),
  onSnap: (to) => snapService.snap(to),
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
