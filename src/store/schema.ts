import { blob, integer, primaryKey, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";

/**
 * The tables of migrations/ as the queries that nobody waits for see them; a test compares the two.
 * The hot path has statements of its own (group-writer.ts).
 */
const octets = (name: string) => blob(name).$type<Uint8Array>();

export const setting = sqliteTable("setting", {
  name: text("name").notNull().primaryKey(),
  value: text("value").notNull(),
});

export const figure = sqliteTable("figure", {
  one: integer("one").notNull().primaryKey(),
  total: integer("total").notNull(),
  failed: integer("failed").notNull(),
  unlicensed: integer("unlicensed").notNull(),
  licensed: integer("licensed").notNull(),
  initialGrace: integer("initial_grace").notNull(),
  outOfTolerance: integer("out_of_tolerance").notNull(),
  nonGenuineGrace: integer("non_genuine_grace").notNull(),
  notification: integer("notification").notNull(),
  lastEventId: integer("last_event_id").notNull(),
  eventHash: octets("event_hash"),
});

export const application = sqliteTable("application", {
  applicationId: octets("application_id").notNull().primaryKey(),
  largestRequiredCount: integer("largest_required_count").notNull(),
});

export const cacheRecord = sqliteTable(
  "cache_record",
  {
    applicationId: octets("application_id").notNull(),
    sequence: integer("sequence").notNull(),
    cmid: octets("cmid").notNull(),
    time: integer("time").notNull(),
    virtual: integer("virtual", { mode: "boolean" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.applicationId, table.sequence] })],
);

export const client = sqliteTable(
  "client",
  {
    id: integer("id").notNull().primaryKey(),
    cmid: octets("cmid").notNull(),
    applicationId: octets("application_id").notNull(),
    activationId: octets("activation_id").notNull(),
    source: integer("source").notNull(),
    firstSeen: integer("first_seen").notNull(),
    lastSeen: integer("last_seen").notNull(),
    machineName: text("machine_name").notNull(),
    address: text("address").notNull(),
    previousAddress: text("previous_address"),
    namesSeen: integer("names_seen").notNull(),
    addressChanges: integer("address_changes").notNull(),
    addressReturns: integer("address_returns").notNull(),
    virtual: integer("virtual", { mode: "boolean" }).notNull(),
    licenceState: integer("licence_state").notNull(),
    minutesToExpiration: integer("minutes_to_expiration").notNull(),
    requiredCount: integer("required_count").notNull(),
    clientTime: integer("client_time").notNull(),
    requests: integer("requests").notNull(),
    failed: integer("failed").notNull(),
    lastResult: integer("last_result").notNull(),
    lastCount: integer("last_count").notNull(),
    lastEvent: integer("last_event").notNull(),
  },
  (table) => [unique().on(table.cmid, table.applicationId)],
);

export const clientName = sqliteTable(
  "client_name",
  {
    client: integer("client").notNull(),
    machineName: text("machine_name").notNull(),
    address: text("address").notNull(),
    firstSeen: integer("first_seen").notNull(),
    lastSeen: integer("last_seen").notNull(),
    requests: integer("requests").notNull(),
  },
  (table) => [primaryKey({ columns: [table.client, table.machineName] })],
);

export const event = sqliteTable("event", {
  id: integer("id").notNull().primaryKey(),
  time: integer("time").notNull(),
  code: integer("code").notNull(),
  hresult: integer("hresult").notNull(),
  requiredCount: integer("required_count"),
  machineName: text("machine_name"),
  cmid: octets("cmid"),
  clientTime: integer("client_time"),
  virtual: integer("virtual", { mode: "boolean" }),
  licenceState: integer("licence_state"),
  minutesToExpiration: integer("minutes_to_expiration"),
  activationId: octets("activation_id"),
  applicationId: octets("application_id"),
  count: integer("count"),
  address: text("address"),
  source: integer("source"),
  previous: integer("previous"),
  detail: text("detail"),
  hash: octets("hash"),
});

export const eventChain = sqliteTable("event_chain", {
  firstId: integer("first_id").notNull().primaryKey(),
  lastId: integer("last_id"),
  anchor: octets("anchor").notNull(),
});

export const dnsRecord = sqliteTable(
  "dns_record",
  {
    name: octets("name").notNull(),
    type: integer("type").notNull(),
    rdata: octets("rdata").notNull(),
    ttl: integer("ttl").notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.type, table.rdata] })],
);

export const dnsZone = sqliteTable("dns_zone", {
  apex: octets("apex").notNull().primaryKey(),
  serial: integer("serial").notNull(),
});
