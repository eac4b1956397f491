-- Records that came by dynamic update (DNS-7, RFC 2136); all other records of the zones follow
-- from the configuration. Names are in wire form (RFC 1035 3.1) and in lower case, data is wire
-- RDATA without compression, the TTL is in seconds and the same for all records of a set.
CREATE TABLE dns_record (
  name BLOB NOT NULL,
  type INTEGER NOT NULL,
  rdata BLOB NOT NULL,
  ttl INTEGER NOT NULL,
  PRIMARY KEY (name, type, rdata)
) WITHOUT ROWID;

-- The zones that were ever served; no SOA serial after `serial` was, in the sense of RFC 1982.
CREATE TABLE dns_zone (
  apex BLOB NOT NULL PRIMARY KEY,
  serial INTEGER NOT NULL
) WITHOUT ROWID;
