// What a file of faults runs on: servers, replicas of CM, and the clients of the load. A plain object: {nats, mariadb, …,
// cms: [Cm], ecap, events}.
import { EcapClient } from '../../support/ecap.mjs';
import { Events } from '../../support/events.mjs';

/** Connects the clients of the load to the site's NATS server, without a proxy in between. */
export async function connectClients(site) {
  site.ecap = await EcapClient.connect(site.nats);
  site.events = await Events.listen(site.nats);
}

/** Ends the clients, the replicas, then `proxies`, then `servers`; what was not started is undefined. */
export async function endSite(site, { proxies = [], servers = [site.nats, site.mariadb] } = {}) {
  await site.events?.close();
  await site.ecap?.close();
  for (const cm of site.cms ?? []) await cm.remove();
  for (const proxy of proxies) await proxy.close();
  await Promise.all(servers.map((server) => server?.remove()));
}
