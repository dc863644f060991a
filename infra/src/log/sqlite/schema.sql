-- The event log's file, version 2. A file that was ever shared is never changed by editing this; a new version gets a
-- migration of its own.
--
-- No REFERENCES: the one writer looks every key up before it uses it, and a check per row would cost a search per row.

-- All streams that hold an event. The key is ours and dense; events carry it instead of three texts.
CREATE TABLE streams (
  key      INTEGER PRIMARY KEY,
  tenant   TEXT NOT NULL,
  category TEXT NOT NULL,
  id       TEXT NOT NULL,
  UNIQUE (tenant, category, id)
) STRICT;

-- All pairs of category and event type, with dense keys from 1. A filter becomes a set of these few numbers, so a scan
-- decides about an event without looking at its texts.
CREATE TABLE event_kinds (
  key        INTEGER PRIMARY KEY,
  category   TEXT NOT NULL,
  event_type TEXT NOT NULL,
  UNIQUE (category, event_type)
) STRICT;

-- The log itself. The numbers stand before the texts, so that a filtered scan reads no overflow pages.
CREATE TABLE events (
  position       INTEGER PRIMARY KEY,
  stream         INTEGER NOT NULL,
  revision       INTEGER NOT NULL,
  kind           INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  recorded_at    INTEGER NOT NULL, -- microseconds since 1970 UTC
  event_id       BLOB    NOT NULL, -- 16 bytes
  checksum       INTEGER,          -- of all the others and the names behind the keys; none in rows of version 1
  metadata       TEXT    NOT NULL,
  data           TEXT    NOT NULL,
  UNIQUE (stream, revision)
) STRICT;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER streams_are_never_updated BEFORE UPDATE ON streams
BEGIN SELECT raise(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER streams_are_never_deleted BEFORE DELETE ON streams
BEGIN SELECT raise(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER event_kinds_are_never_updated BEFORE UPDATE ON event_kinds
BEGIN SELECT raise(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER event_kinds_are_never_deleted BEFORE DELETE ON event_kinds
BEGIN SELECT raise(ABORT, 'the event log is append-only'); END;

-- For people with the sqlite3 tool: SELECT * FROM event_log WHERE stream = 'order-1' ORDER BY position;
CREATE VIEW event_log AS
SELECT
  e.position,
  iif(s.tenant = 'default', '', s.tenant || '.') || s.category || '-' || s.id AS stream,
  e.revision,
  lower(substr(hex(e.event_id), 1, 8) || '-' || substr(hex(e.event_id), 9, 4) || '-' || substr(hex(e.event_id), 13, 4)
    || '-' || substr(hex(e.event_id), 17, 4) || '-' || substr(hex(e.event_id), 21)) AS event_id,
  k.event_type,
  e.schema_version,
  strftime('%Y-%m-%dT%H:%M:%S', e.recorded_at / 1000000, 'unixepoch')
    || printf('.%06dZ', e.recorded_at % 1000000) AS recorded_at,
  e.metadata,
  e.data
FROM events e
CROSS JOIN streams s ON s.key = e.stream
CROSS JOIN event_kinds k ON k.key = e.kind;
