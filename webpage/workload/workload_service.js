/* Reads now and then what the workers and the cloudlets do. Touches no DOM; the panel watches the store. */

import { readCloudlets, readWork } from "../server/api.js";
import { Poller } from "../shared/poller.js";

export class WorkloadService extends Poller {
  /** @param {{store: Store, session: Session}} parts */
  constructor(parts) {
    super(parts, { soonMs: 2000, seldomMs: 20_000 });
  }

  async read() {
    const [{ jobs, workers }, cloudlets] = await Promise.all([readWork(), readCloudlets()]);
    this.store.work.value = { jobs, workers, cloudlets };
  }

  get any() {
    const { workers, cloudlets } = this.store.work.value;
    return workers > 0 || cloudlets.length > 0;
  }
}
