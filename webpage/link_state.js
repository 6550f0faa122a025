/* Says whether the page is connected, and when it tries again. Opens no connection. */

import { setText } from "./element.js";

const WORDS = { open: "Connected", connecting: "Connecting", waiting: "Reconnecting" };
const GRACE_MS = 1500;

export class LinkState {
  #lostAt = null;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes pill, banner, words, retry
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
    if (news) setText(this.nodes.words, this.#told(retryAt));
  }

  #told(retryAt) {
    const seconds = retryAt === null ? 0 : Math.ceil((retryAt - Date.now()) / 1000);
    const lost = "No connection to the server. What you see may be out of date.";
    return seconds > 0 ? `${lost} Trying again in ${seconds} s.` : `${lost} Trying now.`;
  }
}
