/**
 * Leads clients here for as long as they can be served here: the zones of this host's own name
 * server (DNS-1, DNS-4, DNS-5), publication in those of others (DNS-6), and an eye on hosts that
 * nobody meant. Looks at the facts again and again, for nobody tells of most of them.
 */
import { EVENT_CODE, type GeneralEvent } from "../activation/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import type { HmacFunctions } from "../platform/hmac.ts";
import type { Log } from "../platform/log.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { nameToText } from "./name.ts";
import { Publication, type PublicationFacts, type PublicationPlan } from "./publication.ts";
import type { PublicationMemory } from "./publisher/memory.ts";
import { Publisher } from "./publisher/publisher.ts";
import type { Job, JobOutcome, PublicationStanding } from "./publisher/schedule.ts";
import { type PublishSettings, wishesOf } from "./publisher/wishes.ts";
import { typeToText } from "./rdata.ts";
import { rdataToText } from "./record-text.ts";
import { RogueWatch, type RogueWatchSettings } from "./rogue-watch.ts";
import type { TsigKey } from "./tsig/tsig.ts";
import type { Zone } from "./zone.ts";
import { ZoneDataError, type ZoneMistake } from "./zone-sources.ts";

type DiscoverySettings = {
  /** DNS-5. */
  readonly publish: boolean;
  readonly priority: number;
  readonly weight: number;
  /** Of this host; undefined: the machine's own. */
  readonly addresses: readonly string[] | undefined;
  readonly publishTo: PublishSettings;
  readonly rogueCheck: RogueWatchSettings;
};

export type DiscoveryOptions = {
  readonly settings: DiscoverySettings;
  readonly plan: PublicationPlan;
  /** Takes the zones of this host's own name server; undefined where there is none. */
  readonly setZones: ((zones: readonly Zone[]) => void) | undefined;
  /** Whether clients can be served now. */
  readonly isServing: () => boolean;
  readonly ports: readonly number[];
  readonly machineAddresses: () => readonly string[];
  readonly systemResolvers: () => readonly Endpoint[];
  readonly isOwn: (endpoint: Endpoint) => boolean;
  readonly keyNamed: (name: string) => TsigKey | undefined;
  readonly memory: PublicationMemory;
  readonly logEvent: (event: GeneralEvent) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly hmac: HmacFunctions;
};

export type DiscoveryWarning = { readonly code: string; readonly message: string };

export type Discovery = {
  /** Whether the SRV record of this host is served or sent now. */
  readonly publishing: () => boolean;
  /** Looks at the facts at once. */
  readonly refresh: () => void;
  /**
   * Goes by other settings from now on; without losing a query. Where the zones have mistakes,
   * everything stays as it is.
   */
  readonly replace: (
    settings: DiscoverySettings,
    plan: PublicationPlan,
  ) => Promise<readonly ZoneMistake[]>;
  /**
   * What the operator has to look at, but for publications that fail: the event log has those.
   * May quote what others say: untrusted text.
   */
  readonly warnings: () => readonly DiscoveryWarning[];
  readonly standings: () => readonly PublicationStanding[];
  /** Withdraws the records at other servers, within a bounded time. */
  readonly stop: () => Promise<void>;
};

/** How often the facts are looked at: addresses of the machine, listeners (DNS-4). */
const WATCH_INTERVAL_MS = 500;
/** How long the withdrawal may keep the appliance from ending. */
const WITHDRAW_TIMEOUT_MS = 3000;
const HOUR_MS = 3_600_000;

/** Rejects with `ZoneDataError` where the zones cannot be put together. */
export async function startDiscovery(options: DiscoveryOptions): Promise<Discovery> {
  const discovery = new RunningDiscovery(options);
  await discovery.start();
  return discovery;
}

class RunningDiscovery implements Discovery {
  readonly #options: DiscoveryOptions;
  readonly #publication: Publication;
  readonly #rogues: RogueWatch;
  #settings: DiscoverySettings;
  #plan: PublicationPlan;
  #publisher: Publisher | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #wasPublishing: boolean | undefined;
  #mistake: string | undefined;
  #replacing: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(options: DiscoveryOptions) {
    const { plan, settings, setZones = () => {}, clock } = options;
    this.#options = options;
    this.#settings = settings;
    this.#plan = plan;
    const firstSerial = Math.floor(clock() / 1000);
    this.#publication = new Publication({ zones: plan, firstSerial, setZones });
    this.#rogues = new RogueWatch(options);
  }

  async start(): Promise<void> {
    const { setZones } = this.#options;
    const isServed = setZones !== undefined && this.#plan.zones.length > 0;
    const mistakes = isServed ? this.#publication.update(this.#facts(this.#settings)) : [];
    if (mistakes.length > 0) throw new ZoneDataError(mistakes);
    this.#publisher = await this.#openPublisher();
    this.refresh();
    this.#watch = setInterval(this.refresh, WATCH_INTERVAL_MS);
  }

  readonly publishing = (): boolean => this.#isPublishing(this.#settings);

  #isPublishing({ publish, publishTo }: DiscoverySettings): boolean {
    const { setZones, isServing } = this.#options;
    return publish && isServing() && (setZones !== undefined || publishTo.enabled);
  }

  readonly refresh = (): void => {
    if (this.#isStopped) return;
    const facts = this.#facts(this.#settings);
    this.#serve(facts);
    this.#publisher?.tick(this.#wishes(facts));
    const { addresses } = facts;
    this.#rogues.tick(this.#settings.rogueCheck, { ...this.#plan, addresses });
  };

  #facts(settings: DiscoverySettings): PublicationFacts {
    const { ports, machineAddresses } = this.#options;
    const { priority, weight, addresses = machineAddresses() } = settings;
    const publish = this.#isPublishing(settings) ? { priority, weight, ports } : undefined;
    return { addresses, publish };
  }

  #serve(facts: PublicationFacts): void {
    const { log, setZones } = this.#options;
    if (setZones !== undefined && this.#plan.zones.length > 0) {
      const what = this.#publication.update(facts)[0]?.what;
      if (what !== undefined && what !== this.#mistake) {
        log.error("zones not served", { reason: what });
      }
      this.#mistake = what;
    }
    const isPublishing = facts.publish !== undefined;
    if (this.#wasPublishing === true && !isPublishing) log.warning("SRV records withdrawn");
    if (this.#wasPublishing === false && isPublishing) log.info("SRV records back");
    this.#wasPublishing = isPublishing;
  }

  #wishes({ addresses, publish }: PublicationFacts) {
    const { host, ttl } = this.#plan;
    return wishesOf(this.#settings.publishTo, { host, ttl, addresses, publish });
  }

  async #openPublisher(): Promise<Publisher | undefined> {
    const { systemResolvers, keyNamed, isOwn, memory } = this.#options;
    const { clock, randomBytes, hmac } = this.#options;
    const { enabled, server, resolver, key, refreshHours } = this.#settings.publishTo;
    if (!enabled) return undefined;
    return Publisher.open({
      server,
      resolvers: resolver === undefined ? systemResolvers() : [resolver],
      key: key === undefined ? undefined : keyNamed(key),
      refreshMs: refreshHours * HOUR_MS,
      clock,
      randomBytes,
      hmac,
      memory,
      isOwn,
      report: this.#report,
    });
  }

  /** EVENT-3. */
  readonly #report = (job: Job, outcome: JobOutcome): void => {
    const { log, logEvent, clock } = this.#options;
    const { zone, server } = outcome;
    const name = nameToText(job.name);
    const where = { name, zone, server };
    const time = clock();
    if (outcome.ok) {
      const isThere = job.add.length > 0;
      log.info(isThere ? "published" : "withdrawn", where);
      const records = (isThere ? job.add : job.remove).map(
        ({ type, rdata }) => `${typeToText(type)} ${rdataToText(type, rdata)}`,
      );
      const detail = JSON.stringify({ ...where, [isThere ? "published" : "withdrawn"]: records });
      logEvent({ code: EVENT_CODE.publicationSucceeded, time, hresult: 0, detail });
      return;
    }
    const { reason, hresult } = outcome;
    log.warning("publication failed", { ...where, reason });
    const detail = JSON.stringify({ ...where, reason });
    logEvent({ code: EVENT_CODE.publicationFailed, time, hresult, detail });
  };

  readonly replace = (
    settings: DiscoverySettings,
    plan: PublicationPlan,
  ): Promise<readonly ZoneMistake[]> => {
    const turn = this.#replacing.then(() => this.#replace(settings, plan));
    this.#replacing = turn.catch(() => undefined);
    return turn;
  };

  async #replace(
    settings: DiscoverySettings,
    plan: PublicationPlan,
  ): Promise<readonly ZoneMistake[]> {
    if (this.#options.setZones !== undefined) {
      const facts = (): PublicationFacts => this.#facts(settings);
      const mistakes = await this.#publication.replace(plan, facts, letOthersRun);
      if (mistakes.length > 0) return mistakes;
    }
    const withdraw = this.#withdrawal();
    const { publishTo } = this.#settings;
    this.#settings = settings;
    this.#plan = plan;
    if (JSON.stringify(publishTo) !== JSON.stringify(settings.publishTo)) {
      await withdraw();
      if (!this.#isStopped) this.#publisher = await this.#openPublisher();
    }
    this.refresh();
    return [];
  }

  readonly warnings = (): readonly DiscoveryWarning[] => {
    const mistake = this.#mistake;
    return [
      ...(mistake === undefined
        ? []
        : [{ code: "zonesNotServed", message: `the zones are not served: ${mistake}` }]),
      ...this.#rogues.warnings(),
    ];
  };

  readonly standings = (): readonly PublicationStanding[] => this.#publisher?.standings() ?? [];

  readonly stop = async (): Promise<void> => {
    clearInterval(this.#watch);
    this.#isStopped = true;
    await this.#withdrawal()();
  };

  /** Ends publication as the settings of now want it. */
  #withdrawal(): () => Promise<void> {
    const { withdrawAtStop } = this.#settings.publishTo;
    const wishes = this.#wishes({ ...this.#facts(this.#settings), publish: undefined });
    return async () => {
      const publisher = this.#publisher;
      this.#publisher = undefined;
      if (publisher === undefined) return;
      if (withdrawAtStop) publisher.tick(wishes);
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, WITHDRAW_TIMEOUT_MS);
      await Promise.race([publisher.settled(), promise]);
      clearTimeout(timer);
    };
  }
}

/** Queries that came meanwhile are answered first. */
function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
