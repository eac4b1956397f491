/** The HTTP service of a running appliance: settings and sources in, listeners out. */
import type { Endpoint } from "../platform/endpoint.ts";
import { openLog } from "../platform/log.ts";
import { createHttpApp } from "./app.ts";
import { applianceMetrics, type MeasuredParts } from "./appliance-metrics.ts";
import { type Recorder, type RecorderOptions, startRecorder } from "./history/recorder.ts";
import type { HttpLimits } from "./limits.ts";
import { createLive } from "./live/live.ts";
import type { Observations } from "./observations.ts";
import type { Documentation } from "./routes/docs.ts";
import { type HttpServer, listenHttp } from "./server.ts";
import type { HttpSources } from "./sources.ts";
import { readTlsFiles, type TlsIdentity } from "./tls-files.ts";
import { readTokenFile } from "./token.ts";

/** As the configuration has them; paths are absolute. */
export type HttpSettings = {
  readonly listen: readonly Endpoint[];
  readonly hostNames: readonly string[];
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly openDetails: boolean;
  readonly tls: TlsIdentity | undefined;
  readonly limits: HttpLimits;
};

export type HttpParts = Omit<MeasuredParts, "http"> & {
  readonly sources: Omit<HttpSources, "history">;
  readonly store: RecorderOptions["store"];
  readonly observations: Observations;
  readonly documents: readonly Documentation[];
};

export type HttpService = {
  readonly endpoints: readonly Endpoint[];
  /** Reads token and certificate again; throws HttpSettingError, and what held before goes on. */
  readonly reload: () => void;
  readonly close: (graceMilliseconds: number) => Promise<void>;
};

/** Rejects with BindError, or HttpSettingError where a file of the settings cannot be used. */
export async function startHttpService(
  settings: HttpSettings,
  { sources: given, store, observations, documents, ...parts }: HttpParts,
): Promise<HttpService> {
  const log = openLog("http");
  const { listen, hostNames, openDetails, limits } = settings;
  let token = tokenOf(settings);
  let server: HttpServer | undefined;
  let recorder: Recorder | undefined;
  const sources: HttpSources = {
    ...given,
    history: (resolution) => recorder?.samples(resolution) ?? [],
  };
  const live = createLive(sources, limits);
  const app = createHttpApp(sources, {
    limits,
    live,
    documents,
    allowedHosts: hostNames,
    access: { token: () => token, openDetails },
    metrics: applianceMetrics(sources, observations, { ...parts, http: () => figuresOf(server) }),
    reportError: (error) => log.error("a request failed", { error }),
  });
  const opened = await listenHttp({
    listen,
    app,
    limits,
    tls: settings.tls === undefined ? undefined : readTlsFiles(settings.tls),
    log: (entry) => {
      const { method, path, status, milliseconds, peer } = entry;
      observations.observeHttp(entry);
      log.debug("request", { method, path, status, milliseconds, address: peer?.address });
    },
  });
  server = opened;
  const { status, clock } = sources;
  const recording = await startRecorder({ store, status, clock });
  recorder = recording;
  return {
    endpoints: opened.endpoints,
    reload: () => {
      const tls = settings.tls === undefined ? undefined : readTlsFiles(settings.tls);
      token = tokenOf(settings);
      if (tls !== undefined) opened.useTls(tls);
    },
    close: async (graceMilliseconds) => {
      live.close();
      await opened.close(graceMilliseconds);
      await recording.close();
    },
  };
}

function tokenOf({ token, tokenFile }: HttpSettings): string | undefined {
  return tokenFile === undefined ? token : readTokenFile(tokenFile);
}

function figuresOf(server: HttpServer | undefined): ReturnType<MeasuredParts["http"]> {
  return {
    requestsInWork: server?.requestsInWork() ?? 0,
    connectionsOpen: 0,
    connectionsRefused: 0,
    connectionsStalled: 0,
    ...server?.connections(),
  };
}
