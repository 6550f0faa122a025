/* The cloudlets with their phones, and the jobs with how far they are. Sends nothing itself. */

import { arrange, element, setText } from "../shared/element.js";
import { ago } from "../shared/times.js";

const MOST_ROWS = 50;
const count = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

/** "about 40 s left", "about 3 min left". */
const left = (seconds) => `about ${seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`} left`;

export class WorkloadPanel {
  #rows = new Map(); // "cloudlet" or "job" and its key -> row

  /** @param {{store: Store, nodes: {panel: HTMLElement, cloudlets: HTMLElement, jobs: HTMLElement, count: HTMLElement}}} parts */
  constructor({ store, nodes }) {
    Object.assign(this, nodes);
    store.work.watch((work) => this.#render(work));
  }

  #render({ jobs, workers, cloudlets }) {
    const shown = jobs.slice(0, MOST_ROWS);
    const keys = new Set([...cloudlets.map(({ key }) => `cloudlet ${key}`), ...shown.map(({ id }) => `job ${id}`)]);
    for (const key of [...this.#rows.keys()]) if (!keys.has(key)) this.#rows.delete(key);
    arrange(this.cloudlets, cloudlets.map((cloudlet) => this.#cloudlet(cloudlet)));
    arrange(this.jobs, shown.map((job) => this.#job(job)));
    const more = jobs.length > shown.length ? `, ${jobs.length - shown.length} of them not shown` : "";
    const alive = cloudlets.filter((cloudlet) => cloudlet.alive).length;
    const told = [count(alive, "cloudlet"), count(workers, "worker"), count(jobs.length, "job") + more];
    setText(this.count, told.join(", "));
    this.panel.hidden = workers === 0 && cloudlets.length === 0 && jobs.length === 0;
  }

  #cloudlet({ key, alive, lastSeenAt, phones, jobs, jobsWaiting }) {
    const row = this.#row(`cloudlet ${key}`, key);
    row.node.dataset.state = alive ? "alive" : "dead";
    const waiting = jobsWaiting > 0 ? `, ${jobsWaiting} on the way` : "";
    const state = alive ? "alive" : `dead, last heard ${lastSeenAt === null ? "never" : ago(lastSeenAt)}`;
    setText(row.note, `${state} \u00b7 ${count(phones, "phone")} \u00b7 ${count(jobs, "case")}${waiting}`);
    row.progress.hidden = true;
    return row.node;
  }

  #job({ id, queue, state, done, total, etaSeconds, error }) {
    const row = this.#row(`job ${id}`, queue);
    row.node.dataset.state = state;
    const known = done !== null && total !== null && total > 0;
    const far = known ? `${done} of ${total}` : null;
    const eta = etaSeconds === null ? null : left(etaSeconds);
    setText(row.note, [state, far, eta, error].filter(Boolean).join(" \u00b7 "));
    row.progress.hidden = !known;
    row.progress.max = known ? total : 1;
    row.progress.value = known ? done : 0;
    return row.node;
  }

  #row(key, title) {
    if (!this.#rows.has(key)) {
      const note = element("span", { class: "row-note" });
      const progress = element("progress", { "aria-label": `Progress of ${title}` });
      const words = element("div", { class: "row-words" }, element("span", { class: "row-title", text: title }), note);
      this.#rows.set(key, { note, progress, node: element("li", { class: "row work" }, words, progress) });
    }
    return this.#rows.get(key);
  }
}
