-- The record of clients, events and counts (COUNT-9, EVENT-1, HOST-8).
-- GUIDs are 16 octets as on the wire; times are Unix milliseconds; HRESULTs are unsigned.

-- What belongs to the installation as a whole: its id, and settings that outlive a restart.
CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- One row: cumulative figures (HOST-8), which do not depend on the event log (EVENT-4).
-- last_event_id: the greatest event id ever given, so that none is given twice.
CREATE TABLE figure (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  total INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  unlicensed INTEGER NOT NULL DEFAULT 0,
  licensed INTEGER NOT NULL DEFAULT 0,
  initial_grace INTEGER NOT NULL DEFAULT 0,
  out_of_tolerance INTEGER NOT NULL DEFAULT 0,
  non_genuine_grace INTEGER NOT NULL DEFAULT 0,
  notification INTEGER NOT NULL DEFAULT 0,
  last_event_id INTEGER NOT NULL DEFAULT 0
);
INSERT INTO figure (one) VALUES (1);

-- Applications that keep a count (COUNT-5) and the largest count required by their clients (COUNT-7).
CREATE TABLE application (
  application_id BLOB NOT NULL PRIMARY KEY,
  largest_required_count INTEGER NOT NULL
) WITHOUT ROWID;

-- The counting cache: exactly the records that count, by recency (COUNT-6). Kept apart from the
-- inventory because it is small and every request changes it: a few pages instead of an index
-- over all clients.
CREATE TABLE cache_record (
  application_id BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  cmid BLOB NOT NULL,
  time INTEGER NOT NULL,
  virtual INTEGER NOT NULL,
  PRIMARY KEY (application_id, sequence)
) WITHOUT ROWID;

-- The inventory: every client ever seen (COUNT-9).
-- source: 0 own, 1 observed, 2 relayed (RELAY-4).
-- last_event: the newest event of this client; events are chained from there by event.previous.
-- names_seen, address_changes, address_returns (to previous_address): what tells a cloned image
-- from a machine that was renamed or got another address (COUNT-10).
-- Rows lie in the order of arrival: clients that came together renew together, on the same pages.
CREATE TABLE client (
  id INTEGER NOT NULL PRIMARY KEY,
  cmid BLOB NOT NULL,
  application_id BLOB NOT NULL,
  activation_id BLOB NOT NULL,
  source INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  machine_name TEXT NOT NULL,
  address TEXT NOT NULL,
  previous_address TEXT,
  names_seen INTEGER NOT NULL DEFAULT 1,
  address_changes INTEGER NOT NULL DEFAULT 0,
  address_returns INTEGER NOT NULL DEFAULT 0,
  virtual INTEGER NOT NULL,
  licence_state INTEGER NOT NULL,
  minutes_to_expiration INTEGER NOT NULL,
  required_count INTEGER NOT NULL,
  client_time INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  last_result INTEGER NOT NULL,
  last_count INTEGER NOT NULL,
  last_event INTEGER NOT NULL,
  UNIQUE (cmid, application_id)
);
CREATE INDEX client_last_seen ON client (last_seen);
CREATE INDEX client_machine_name ON client (machine_name COLLATE NOCASE);

-- The names of clients that had more than one (COUNT-10); the others have no row here.
CREATE TABLE client_name (
  client INTEGER NOT NULL,
  machine_name TEXT NOT NULL,
  address TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (client, machine_name)
) WITHOUT ROWID;

-- The event log. Client fields are NULL in entries that are about no client.
-- previous: the client's event before this one, so that no index over client ids is needed.
CREATE TABLE event (
  id INTEGER NOT NULL PRIMARY KEY,
  time INTEGER NOT NULL,
  code INTEGER NOT NULL,
  hresult INTEGER NOT NULL,
  required_count INTEGER,
  machine_name TEXT,
  cmid BLOB,
  client_time INTEGER,
  virtual INTEGER,
  licence_state INTEGER,
  minutes_to_expiration INTEGER,
  activation_id BLOB,
  application_id BLOB,
  count INTEGER,
  address TEXT,
  source INTEGER,
  previous INTEGER,
  detail TEXT
);
CREATE INDEX event_time ON event (time);
CREATE INDEX event_failed ON event (id) WHERE hresult <> 0;
CREATE INDEX event_general ON event (code, id) WHERE code <> 12290;
