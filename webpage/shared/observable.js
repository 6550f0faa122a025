/* One observable value. Tells its watchers at most once per painted frame; keeps no history. */

export class Observable {
  #value;
  #watchers = new Set();
  #told = true;

  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value;
    this.touch();
  }

  /** Tell the watchers that something inside the value changed. */
  touch() {
    if (!this.#told) return;
    this.#told = false;
    // A hidden page paints nothing: without the timer its state would wait for the operator to come back.
    if (document.hidden) setTimeout(() => this.#tell(), 250);
    else requestAnimationFrame(() => this.#tell());
  }

  /** Call `watcher` with the value now and after every change. */
  watch(watcher) {
    this.#watchers.add(watcher);
    watcher(this.#value);
  }

  #tell() {
    this.#told = true;
    for (const watcher of this.#watchers) watcher(this.#value);
  }
}
