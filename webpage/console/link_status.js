/* Says whether the page is connected, and when it tries again. Opens no connection. */

import { setText } from "../shared/element.js";

const WORDS = { open: "Connected", connecting: "Connecting", waiting: "Reconnecting" };
const GRACE_MS = 1500;

export class LinkStatus {
  #lostAt = null;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes pill, banner, next, retry
   * @param {() => void} parts.onRetry
   */
  constructor({ store, nodes, onRetry }) {
    Object.assign(this, { store, nodes });
    nodes.retry.addEventListener("click", onRetry);
    store.link.watch(() => this.#render());
    store.session.watch(() => this.#render());
    setInterval(() => this.#render(), 500);
  }

  #render() {
    const { state, retryAt } = this.store.link.value;
    const locked = !this.store.session.value.authenticated;
    this.nodes.pill.hidden = locked;
    this.nodes.pill.dataset.state = state;
    setText(this.nodes.pill, WORDS[state]);
    if (state === "open" || locked) this.#lostAt = null;
    else this.#lostAt ??= Date.now();
    // A short hiccup, or the first second of a page, is no news.
    const news = this.#lostAt !== null && Date.now() - this.#lostAt > GRACE_MS;
    this.nodes.banner.hidden = !news;
    document.documentElement.classList.toggle("cut-off", news);
    if (news) setText(this.nodes.next, this.#next(retryAt));
  }

  /** Stands outside the spoken notice: a screen reader would read the countdown out second by second. */
  #next(retryAt) {
    const seconds = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
    return seconds > 0 ? `Trying again in ${seconds} s.` : "Trying now.";
  }
}
