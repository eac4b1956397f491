/** Genuine clients in words, for the person who has to see that they are served. Pure. */
import { adviseOnResult } from "../analysis/result-advice.ts";
import { countWords, machineWords, spanWords, timeWords } from "../analysis/wording.ts";
import { sanitise } from "../platform/text.ts";
import { formatHresult, HRESULT } from "../protocol/hresult.ts";
import type {
  GenuineClients,
  GenuineKind,
  GenuineNeed,
  OpaqueRequests,
  ReadableClient,
} from "./genuine-clients.ts";

/** Entries of each list that are shown; what is beyond is counted. */
const SHOWN_MAXIMUM = 50;
const MINUTE = 60_000;

const KIND_WORDS: Readonly<Record<GenuineKind, string>> = {
  client: "client system",
  server: "server system, or Office",
  unknown: "system of a kind that its count does not tell",
};

/** By number, as the clients report it. */
const STATE_WORDS: readonly string[] = [
  "unlicensed",
  "licensed",
  "initial grace",
  "out of tolerance grace",
  "non-genuine grace",
  "notification",
];

/** Systems by the major version of their requests. */
const VERSION_WORDS: ReadonlyMap<string, string> = new Map([
  ["4", "Windows Vista to 7, Server 2008 and 2008 R2"],
  ["5", "Windows 8, Server 2012"],
  ["6", "Windows 8.1, Server 2012 R2 and later"],
]);

/** Lines without their ends. What machines called themselves is made safe to show. */
export function describeGenuineClients(clients: GenuineClients): readonly string[] {
  const { readable, opaque, needs } = clients;
  if (readable.length === 0 && opaque.length === 0) {
    return ["No genuine Microsoft client came here as far as the record goes."];
  }
  const all = [...readable, ...opaque];
  const total = countWords(sum(all.map(({ requests }) => requests)), "request");
  const failed = sum(all.map((one) => one.failed));
  const machines = countWords(readable.length, "machine");
  const addresses = countWords(opaque.length, "source", "sources");
  return [
    `Genuine Microsoft clients: ${machines} whose requests can be read, ${addresses} whose cannot.`,
    `They sent ${total}, ${failed} without success.`,
    ...section(
      `Machines, by version 4 requests (${VERSION_WORDS.get("4")})`,
      readable.map(describeReadable),
    ),
    ...section("Requests that cannot be read", opaque.map(describeOpaque)),
    "",
    "What they need",
    "  A KMS host that Microsoft licensed: nothing here activates them.",
    ...needs.map(describeNeed),
    ...(opaque.some(({ version }) => version !== undefined)
      ? [
          "  What the encrypted ones need cannot be seen from here; the licensed host's log says it.",
        ]
      : []),
    ...(all.some(({ source }) => source === "observed")
      ? ['  To pass them on to yours: relay.mode = "relay", and relay.upstreams with its address.']
      : []),
  ];
}

function section(title: string, entries: readonly (readonly string[])[]): readonly string[] {
  if (entries.length === 0) return [];
  const rest = entries.length - SHOWN_MAXIMUM;
  const more = rest > 0 ? [`  and ${rest} more; --json lists all`] : [];
  return ["", title, ...entries.slice(0, SHOWN_MAXIMUM).flat(), ...more];
}

function describeReadable(client: ReadableClient): readonly string[] {
  const { machineName, address, kind, requiredCount, virtual, cmid, namesSeen } = client;
  const names = namesSeen > 1 ? [`seen under ${namesSeen} names: perhaps cloned`] : [];
  const facts = [stateWords(client), virtual ? "virtual" : "physical", `id ${cmid}`, ...names];
  return [
    `  ${machineWords(machineName, address)}: a ${KIND_WORDS[kind]}, needs a count of ${requiredCount}`,
    `    ${facts.join("; ")}`,
    `    product ${client.activationId}: its name is known to the licensed host alone`,
    `    ${timesWords(client)}; ${resultWords(client)}`,
  ];
}

function describeOpaque(requests: OpaqueRequests): readonly string[] {
  const { address, version, octets } = requests;
  const systems = VERSION_WORDS.get(version?.split(".")[0] ?? "");
  const what =
    version === undefined
      ? "no request of any version"
      : `version ${version}${systems === undefined ? "" : ` (${systems})`}, encrypted, ${octets ?? "?"} octets`;
  return [
    `  ${sanitise(address)}: ${what}`,
    `    ${timesWords(requests)}; ${resultWords(requests)}`,
  ];
}

function describeNeed({ applicationId, requiredCount, machines }: GenuineNeed): string {
  const who = countWords(machines, "machine");
  return `  For application ${applicationId}: a count of ${requiredCount} there (${who}).`;
}

function stateWords({ licenceState, minutesToExpiration }: ReadableClient): string {
  const state = STATE_WORDS[licenceState] ?? `licence state ${licenceState}`;
  if (minutesToExpiration === 0) return state;
  return `${state}, ${spanWords(minutesToExpiration * MINUTE)} left`;
}

type Asked = Pick<OpaqueRequests, "requests" | "firstSeen" | "lastSeen">;

function timesWords({ requests, firstSeen, lastSeen }: Asked): string {
  if (requests === 1) return `1 request, ${timeWords(lastSeen)}`;
  return `${requests} requests, ${timeWords(firstSeen)} to ${timeWords(lastSeen)}`;
}

type Answered = Pick<OpaqueRequests, "source" | "lastResult"> & { readonly lastCount?: number };

/** What the last request was answered with. */
function resultWords({ source, lastResult, lastCount = 0 }: Answered): string {
  if (lastResult === HRESULT.success) {
    const count = lastCount > 0 ? `, count ${lastCount}` : "";
    return `${source}: answered by the licensed host${count}`;
  }
  const code = formatHresult(lastResult);
  if (source === "observed") return `observed: refused with ${code}`;
  return `relayed: ${code}, ${relayedMeaning(lastResult)}`;
}

/** Faults of the relay itself, as the log has them. */
const RELAY_MEANINGS: ReadonlyMap<number, string> = new Map([
  [0x800706ba, "no licensed host could be reached"],
  [0x800706be, "the licensed host was lost before it answered"],
]);

function relayedMeaning(hresult: number): string {
  return RELAY_MEANINGS.get(hresult) ?? adviseOnResult(hresult).meaning;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
