/** Checks for rogue hosts every hour, and keeps what was found. */
import type { Clock } from "../platform/clock.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import type { Log } from "../platform/log.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { literalName, nameFromText } from "./name.ts";
import { checkRogues, type KnownHost, type Rogue, type RogueCheck } from "./rogue-check.ts";
import type { ServiceHost } from "./zone-sources.ts";

export type RogueWatchSettings = {
  readonly resolvers: readonly Endpoint[];
  readonly zones: readonly string[];
};

/** Who may be found. */
export type OwnHosts = {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly zones: readonly string[];
  readonly hosts?: readonly ServiceHost[];
};

export type RogueWatchOptions = {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
};

const INTERVAL_MS = 3_600_000;
export const ROGUE_TIMEOUT_MS = 3000;

export class RogueWatch {
  readonly #options: RogueWatchOptions;
  #asked = "";
  #dueAt = 0;
  #isRunning = false;
  #last: RogueCheck = { rogues: [], unanswered: [] };

  constructor(options: RogueWatchOptions) {
    this.#options = options;
  }

  /** To be called often: checks when it is time, or when something else is to be asked. */
  tick(settings: RogueWatchSettings, own: OwnHosts): void {
    const { clock } = this.#options;
    const asked = JSON.stringify(settings);
    if (asked !== this.#asked) this.#dueAt = 0;
    if (settings.resolvers.length === 0) {
      this.#asked = asked;
      this.#last = { rogues: [], unanswered: [] };
      return;
    }
    if (this.#isRunning || clock() < this.#dueAt) return;
    this.#asked = asked;
    this.#dueAt = clock() + INTERVAL_MS;
    void this.#check(settings, own);
  }

  async #check({ resolvers, zones }: RogueWatchSettings, own: OwnHosts): Promise<void> {
    const { randomBytes, log } = this.#options;
    this.#isRunning = true;
    try {
      const known = knownHosts(own);
      const timeoutMs = ROGUE_TIMEOUT_MS;
      const check = await checkRogues({ resolvers, zones, known, timeoutMs, randomBytes });
      for (const rogue of check.rogues) log.warning("an unknown activation host", { ...rogue });
      for (const unanswered of check.unanswered) log.info("not checked for rogues", unanswered);
      this.#last = check;
    } catch (error) {
      log.error("the check for rogue hosts failed", { error });
    } finally {
      this.#isRunning = false;
    }
  }

  warnings(): readonly { readonly code: string; readonly message: string }[] {
    return this.#last.rogues.map((rogue) => ({
      code: "rogueHost",
      message: describeRogue(rogue),
    }));
  }
}

export function describeRogue({ zone, resolver, host, port, kind, addresses }: Rogue): string {
  const at = addresses.length === 0 ? "" : ` at ${addresses.join(", ")}`;
  const what =
    kind === "unknown-host"
      ? `${host} port ${port}${at} is not one of ours`
      : `${host} port ${port} leads to ${addresses.join(", ")}, which is not its address`;
  return `activation host in ${zone}, by ${resolver}: ${what}`;
}

/** This host and those that the operator named. */
export function knownHosts({ host, addresses, zones, hosts = [] }: OwnHosts): KnownHost[] {
  const [zone = "."] = zones;
  const full = (text: string) =>
    text.includes(".") ? literalName(text) : literalName(text, literalName(zone));
  const own: KnownHost = {
    name: full(host),
    addresses: addresses.length === 0 ? undefined : addresses,
  };
  const others = hosts.filter(({ name }) => nameFromText(name).ok);
  return [
    own,
    ...others.map(({ name, addresses: given }) => ({
      name: full(name),
      addresses: given.length === 0 ? undefined : given,
    })),
  ];
}
