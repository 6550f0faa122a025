/* Polls the server while the page is visible: often where there is something to see, else seldom. Touches no DOM. */

export class Poller {
  #askedAt = -Infinity;
  #soonMs;
  #seldomMs;

  /**
   * A subclass has `read()`, which puts what it read into the store, and `any`: whether there is something.
   * @param {{store: Store, session: Session}} parts
   */
  constructor({ store, session }, { soonMs, seldomMs }) {
    Object.assign(this, { store, session });
    this.#soonMs = soonMs;
    this.#seldomMs = seldomMs;
    setInterval(() => this.#poll(), soonMs);
    store.link.watch(({ state }) => state === "open" && this.refresh());
  }

  async refresh() {
    this.#askedAt = performance.now();
    try {
      await this.read();
    } catch (error) {
      if (error.status === 401) this.session.expired();
      // Any other failure shows elsewhere: the link is down, or the next turn mends it.
    }
  }

  #poll() {
    if (document.hidden || this.store.link.value.state !== "open") return;
    const wait = this.any ? this.#soonMs : this.#seldomMs;
    if (performance.now() - this.#askedAt >= wait - 100) this.refresh();
  }
}
