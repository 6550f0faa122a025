/* Signing in and out. Stores no token: it is held in memory for this sitting, and scripts cannot read the cookie. */

import { readSession, signIn, signOut } from "../server/api.js";

export class Session {
  #token = null;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {Record<string, HTMLElement>} parts.nodes panel, form, token, fault, leave, console
   * @param {() => void} parts.onEnter
   * @param {() => void} parts.onLeave signed out, or the session ended
   * @param {(text: string) => void} parts.onFault
   */
  constructor({ store, nodes, onEnter, onLeave, onFault }) {
    Object.assign(this, { store, nodes, onEnter, onLeave, onFault });
    nodes.form.addEventListener("submit", (event) => this.#enter(event));
    nodes.leave.addEventListener("click", () => this.#leave());
    store.session.watch((session) => this.#render(session));
  }

  /** The token that was typed in this sitting, null after a reload: the cookie speaks for us then. */
  get token() {
    return this.#token;
  }

  /** Ask the server who we are. Returns whether the console may be used; throws ApiError when nobody answers. */
  async check() {
    const session = await readSession();
    const before = this.store.session.value;
    const same = before.authRequired === session.authRequired && before.authenticated === session.authenticated;
    if (!same) this.store.session.value = session;
    return session.authenticated;
  }

  /** Sign in with the token of a link (`#token=...`), which leaves the address at once. */
  async enterByLink() {
    const jwt = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!jwt) return;
    history.replaceState(null, "", location.pathname);
    try {
      await signIn(jwt);
      this.#token = jwt;
    } catch (error) {
      this.onFault(error.message);
    }
  }

  /** The server said that we are not signed in (any more). */
  expired() {
    this.#token = null;
    this.store.session.value = { authRequired: true, authenticated: false };
    this.onLeave();
  }

  async #enter(event) {
    event.preventDefault();
    const jwt = this.nodes.token.value.trim();
    if (!jwt) return this.#fault("Paste the access token that you were given.");
    this.#fault("");
    try {
      await signIn(jwt);
      this.#token = jwt;
      this.nodes.token.value = "";
      this.store.session.value = { authRequired: true, authenticated: true };
      this.onEnter();
    } catch (error) {
      this.#fault(error.message);
    }
    return undefined;
  }

  async #leave() {
    try {
      await signOut();
      this.expired();
    } catch (error) {
      // Saying "signed out" while the cookie lives on would be the one lie that matters here.
      this.onFault(`You are still signed in: ${error.message}`);
    }
  }

  #fault(text) {
    this.nodes.fault.textContent = text;
    this.nodes.fault.hidden = text === "";
    this.nodes.token.setAttribute("aria-invalid", String(text !== ""));
    if (text) this.nodes.token.focus();
  }

  #render({ authRequired, authenticated }) {
    const locked = authRequired && !authenticated;
    const wasLocked = !this.nodes.panel.hidden;
    this.nodes.panel.hidden = !locked;
    this.nodes.console.hidden = locked;
    this.nodes.leave.hidden = !authRequired || locked;
    if (locked && !wasLocked) this.nodes.token.focus();
  }
}
