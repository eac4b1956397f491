-- The hash chain of the event log (EVENT-6).
-- hash: SHA-256 over the hash of the entry before and this entry's columns; NULL where it was
-- entered without.
ALTER TABLE event ADD COLUMN hash BLOB;

-- The hash of the newest chained entry.
ALTER TABLE figure ADD COLUMN event_hash BLOB;

-- From which entry to which the log is chained. last_id: NULL while the segment is written.
-- anchor: the hash of the entry before the first, which retention may have taken (EVENT-4).
CREATE TABLE event_chain (
  first_id INTEGER NOT NULL PRIMARY KEY,
  last_id INTEGER,
  anchor BLOB NOT NULL
);

-- Clients that several machines may share (COUNT-10): few among many.
CREATE INDEX client_shared ON client (id) WHERE names_seen > 1 OR address_returns > 1;
