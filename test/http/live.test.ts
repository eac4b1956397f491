import { afterEach, describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "../../src/http/limits.ts";
import { createLive, type Live } from "../../src/http/live/live.ts";
import { heartbeat, lastEventId, message } from "../../src/http/live/server-sent-events.ts";
import { type HttpServer, listenHttp } from "../../src/http/server.ts";
import type { HttpSources } from "../../src/http/sources.ts";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import type { EventItem, EventQuery } from "../../src/store/listing.ts";
import { StoreError } from "../../src/store/store.ts";
import { SOURCES, STATUS } from "./sources.ts";

const LOCAL = { peer: { address: "127.0.0.1", port: 50_000 } };

/** A log in memory that tells of what it stores. */
class Log {
  readonly entries: EventItem[] = [];
  readonly asked: EventQuery[] = [];
  readonly listeners = new Set<(newest: number) => void>();
  isFailing = false;

  store(...entries: readonly Partial<EventItem>[]): void {
    for (const entry of entries) {
      this.entries.push({ ...EMPTY, ...entry, id: (this.entries.at(-1)?.id ?? 0) + 1 });
    }
    const newest = this.entries.at(-1)?.id ?? 0;
    for (const listener of this.listeners) listener(newest);
  }

  readonly sources = (changes: Partial<HttpSources> = {}): HttpSources => ({
    ...SOURCES,
    onStored: (listener) => {
      this.listeners.add(listener);
      return () => void this.listeners.delete(listener);
    },
    events: async (query) => {
      this.asked.push(query);
      if (this.isFailing) throw new StoreError("unavailable", "failed");
      const { after, limit = 100 } = query;
      const items =
        after === undefined
          ? this.entries.slice(-limit).reverse()
          : this.entries.filter(({ id }) => id > after).slice(0, limit);
      return { items, next: undefined };
    },
    ...changes,
  });
}

const EMPTY: EventItem = {
  id: 0,
  time: 0,
  code: 12290,
  hresult: 0,
  requiredCount: 25,
  machineName: "PC",
  cmid: null,
  clientTime: null,
  virtual: false,
  licenceState: 2,
  minutesToExpiration: 0,
  activationId: null,
  applicationId: null,
  count: 1,
  address: "192.0.2.1",
  source: "own",
  detail: null,
} as EventItem;

const lives: Live[] = [];
const servers: HttpServer[] = [];
const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.cancel().catch(() => {});
  for (const live of lives.splice(0)) live.close();
  for (const server of servers.splice(0)) await server.close(0);
});

function serviceOf(sources: HttpSources, limits: HttpLimits = DEFAULT_HTTP_LIMITS) {
  const live = createLive(sources, limits);
  lives.push(live);
  return { live, app: createHttpApp(sources, { live, limits }) };
}

type Message = { readonly id: string | undefined; readonly data: string | undefined };

/** Messages of a stream, one by one, without comments and `retry`. */
function messagesOf(response: Response) {
  if (response.body === null) throw new Error("no stream");
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  readers.push(reader);
  const decoder = new TextDecoder();
  let text = "";
  return {
    reader,
    next: async (): Promise<Message | undefined> => {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end < 0) {
          const { done, value } = await reader.read();
          if (done) return undefined;
          text += decoder.decode(value, { stream: true });
          continue;
        }
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
        if (block.startsWith("retry")) continue;
        return { id: field("id"), data: field("data") };
      }
    },
  };
}

type Messages = ReturnType<typeof messagesOf>;

async function next(messages: Messages): Promise<{ id: string | undefined; value: never }> {
  const found = await messages.next();
  if (found?.data === undefined) throw new Error(`no message: ${JSON.stringify(found)}`);
  return { id: found.id, value: JSON.parse(found.data) as never };
}

async function takeIds(messages: Messages, count: number): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  while (ids.length < count) ids.push((await next(messages)).id);
  return ids;
}

test("the text form (HTML, section 9.2)", () => {
  expect(message({ name: "a\nb\u2028" }, 7)).toBe('id: 7\ndata: {"name":"a\\nb\\u2028"}\n\n');
  expect(message(1)).toBe("data: 1\n\n");
  expect(heartbeat()).toBe("event: heartbeat\ndata: {}\n\n");
  expect(heartbeat(9)).toBe("id: 9\nevent: heartbeat\ndata: {}\n\n");
  expect(["12", "0", "", "-1", "1e3", "x", "9".repeat(16), undefined].map(lastEventId)).toEqual([
    12,
    0,
    ...Array.from({ length: 6 }, () => undefined),
  ]);
});

describe("GET /api/v1/events/stream (EVENT-5)", () => {
  const path = "/api/v1/events/stream";

  test("says what is stored from now on, with its id", async () => {
    const log = new Log();
    log.store({}, {});
    const { app } = serviceOf(log.sources());
    const response = await app.request(path, {}, LOCAL);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const messages = messagesOf(response);
    const first = next(messages);
    // The stream has to have looked where the log ends before it grows.
    while (log.asked.length === 0) await Bun.sleep(0);
    log.store({ machineName: "<b>\u001b" });
    const { id, value } = await first;
    expect(id).toBe("3");
    expect(value as object).toMatchObject({
      id: 3,
      machineName: "<b>\u001b",
      result: "0x00000000",
    });
  });

  test("goes on behind Last-Event-ID, before `since`", async () => {
    const log = new Log();
    log.store(...Array.from({ length: 250 }, () => ({})));
    const { app } = serviceOf(log.sources());
    const since = messagesOf(await app.request(`${path}?since=100`, {}, LOCAL));
    const ids = Array.from({ length: 150 }, (_, index) => String(101 + index));
    expect(await takeIds(since, 150)).toEqual(ids);
    const headers = { "last-event-id": "248" };
    const resumed = messagesOf(await app.request(`${path}?since=1`, { headers }, LOCAL));
    expect(await takeIds(resumed, 2)).toEqual(["249", "250"]);
  });

  test("an id of another log waits for what comes", async () => {
    const log = new Log();
    log.store({});
    const { app } = serviceOf(log.sources());
    const headers = { "last-event-id": "900" };
    const messages = messagesOf(await app.request(path, { headers }, LOCAL));
    const first = next(messages);
    while (log.asked.length === 0) await Bun.sleep(0);
    log.store({});
    expect((await first).id).toBe("2");
  });

  test("filters, and reads the log no more often for it", async () => {
    const log = new Log();
    log.store(
      ...Array.from({ length: 40 }, (_, index) => ({
        machineName: `PC-${index}`,
        hresult: index === 30 ? 0xc004f042 : 0,
      })),
    );
    const { app } = serviceOf(log.sources());
    for (const filter of ["failed=true", "result=0xc004f042", "name=pc-30"]) {
      const messages = messagesOf(await app.request(`${path}?since=0&${filter}`, {}, LOCAL));
      expect(await takeIds(messages, 1)).toEqual(["31"]);
    }
    for (const query of log.asked) expect(Object.keys(query).sort()).not.toContain("failed");
  });

  test("refuses what it does not understand, and who may not see it", async () => {
    const { app } = serviceOf(new Log().sources());
    expect((await app.request(`${path}?sicne=1`, {}, LOCAL)).status).toBe(400);
    expect((await app.request(path, {}, { peer: { address: "192.0.2.9", port: 1 } })).status).toBe(
      401,
    );
  });

  test("streams that are up to date share one reading of the store", async () => {
    const log = new Log();
    log.store({});
    const { app } = serviceOf(log.sources());
    const open = await Promise.all(
      Array.from({ length: 8 }, async () => messagesOf(await app.request(path, {}, LOCAL))),
    );
    const first = open.map(next);
    await Bun.sleep(0);
    log.asked.length = 0;
    log.store({}, {});
    await Promise.all(first);
    expect(log.asked).toEqual([{ after: 1, limit: 100 }]);
  });

  test("a store that fails ends no stream (STORE-6)", async () => {
    const log = new Log();
    log.store({});
    const { app } = serviceOf(log.sources());
    const messages = messagesOf(await app.request(`${path}?since=0`, {}, LOCAL));
    expect((await next(messages)).id).toBe("1");
    const second = next(messages);
    log.isFailing = true;
    log.store({});
    await Bun.sleep(0);
    log.isFailing = false;
    log.store({});
    expect((await second).id).toBe("2");
  });

  test("entries that retention took are no reason to wait", async () => {
    const log = new Log();
    log.store({}, {}, {});
    log.entries.length = 1;
    const { app } = serviceOf(log.sources());
    for (const listener of log.listeners) listener(3);
    const messages = messagesOf(await app.request(`${path}?since=0`, {}, LOCAL));
    expect((await next(messages)).id).toBe("1");
    const waiting = messages.next();
    await Bun.sleep(0);
    const { length } = log.asked;
    log.entries.push({ ...EMPTY, id: 4 });
    for (const listener of log.listeners) listener(4);
    expect((await waiting)?.id).toBe("4");
    expect(log.asked.length).toBeLessThanOrEqual(length + 2);
  });
});

describe("GET /api/v1/status/stream", () => {
  const path = "/api/v1/status/stream";

  test("says the state at once, then each change; time passing is none", async () => {
    const log = new Log();
    const state = { count: 1, seconds: 0, read: 0 };
    const { app } = serviceOf(
      log.sources({
        status: () => {
          state.read += 1;
          state.seconds += 1;
          return { ...STATUS, uptimeSeconds: state.seconds, clientsKnown: state.count };
        },
      }),
    );
    const messages = messagesOf(await app.request(path, {}, LOCAL));
    expect((await next(messages)).value).toMatchObject({ clientsKnown: 1 });
    const second = next(messages);
    log.store({});
    while (state.read < 3) await Bun.sleep(5);
    state.count = 2;
    log.store({});
    expect((await second).value).toMatchObject({ clientsKnown: 2 });
  });

  test("is made once for all streams, and open to everybody", async () => {
    const log = new Log();
    let read = 0;
    const status = () => {
      read += 1;
      return { ...STATUS, clientsKnown: read };
    };
    const { app } = serviceOf(log.sources({ status }));
    const elsewhere = { peer: { address: "192.0.2.9", port: 1 } };
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => app.request(path, {}, elsewhere)),
    );
    const open = responses.map(messagesOf);
    await Promise.all(open.map(next));
    const before = read;
    const second = open.map(next);
    log.store({});
    await Promise.all(second);
    expect(read).toBeLessThan(before + 10);
  });
});

describe("streams are bounded", () => {
  const path = "/api/v1/status/stream";
  const limits = { ...DEFAULT_HTTP_LIMITS, streams: 3, streamsPerAddress: 2 };
  const from = (address: string) => ({ peer: { address, port: 1 } });

  test("per address (429) and in all (503); a place is given back", async () => {
    const { app, live } = serviceOf(SOURCES, limits);
    const open = async (address: string) => app.request(path, {}, from(address));
    const first = messagesOf(await open("192.0.2.1"));
    messagesOf(await open("192.0.2.1"));
    expect((await open("192.0.2.1")).status).toBe(429);
    messagesOf(await open("192.0.2.2"));
    const refused = await open("192.0.2.3");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(live.streams.size).toBe(3);
    await first.reader.cancel();
    expect(live.streams.size).toBe(2);
    expect((await open("192.0.2.3")).status).toBe(200);
  });

  test("HEAD opens none", async () => {
    const { app, live } = serviceOf(SOURCES, limits);
    const response = await app.request(path, { method: "HEAD" }, LOCAL);
    expect([response.status, await response.text(), live.streams.size]).toEqual([200, "", 0]);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
  });

  test("closing ends them", async () => {
    const { app, live } = serviceOf(SOURCES, limits);
    const messages = messagesOf(await app.request(path, {}, LOCAL));
    await next(messages);
    const end = messages.next();
    live.close();
    expect(await end).toBeUndefined();
    expect(live.streams.size).toBe(0);
  });
});

describe("over a socket", () => {
  const listen = async (sources: HttpSources) => {
    const { app, live } = serviceOf(sources);
    const server = await listenHttp({ listen: [{ address: "127.0.0.1", port: 0 }], app });
    servers.push(server);
    const [endpoint] = server.endpoints;
    if (endpoint === undefined) throw new Error("no listener");
    return { live, server, endpoint, url: `http://${formatEndpoint(endpoint)}` };
  };

  test("a client that goes leaves its place", async () => {
    const { live, url } = await listen(SOURCES);
    const abort = new AbortController();
    const response = await fetch(`${url}/api/v1/status/stream`, { signal: abort.signal });
    expect((await next(messagesOf(response))).value).toMatchObject({ name: STATUS.name });
    expect(live.streams.size).toBe(1);
    abort.abort();
    while (live.streams.size > 0) await Bun.sleep(5);
  });

  test("a client that does not read makes nobody read the log for it", async () => {
    const log = new Log();
    log.store(...Array.from({ length: 100_000 }, () => ({ detail: "x".repeat(4000) })));
    const { endpoint } = await listen(log.sources());
    const socket = await Bun.connect({
      hostname: endpoint.address,
      port: endpoint.port,
      socket: {
        open: (opened) => {
          opened.write("GET /api/v1/events/stream?since=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
          opened.pause();
        },
        data: () => {},
      },
    });
    // A few MB of socket buffers, and 460 kB for each reading: it comes to rest long before the
    // 1,000 readings that all of it would take.
    let before = -1;
    while (log.asked.length !== before) {
      before = log.asked.length;
      await Bun.sleep(300);
    }
    expect(before).toBeLessThan(100);
    socket.terminate();
  }, 60_000);

  test("an open stream does not hold up the end", async () => {
    const { live, server, url } = await listen(SOURCES);
    const messages = messagesOf(await fetch(`${url}/api/v1/status/stream`));
    await next(messages);
    const end = messages.next();
    live.close();
    await server.close(60_000);
    expect(await end).toBeUndefined();
  });
});
