-- The snapshots' file, version 1. It is a cache: another version of the program throws it away and begins anew.

CREATE TABLE snapshots (
  saved         INTEGER PRIMARY KEY, -- grows with every save, so that the lowest is the oldest
  stream        TEXT    NOT NULL UNIQUE,
  state_version INTEGER NOT NULL,
  revision      INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  last_event    BLOB    NOT NULL, -- 16 bytes
  digest        BLOB    NOT NULL, -- SHA-256 over all the others but `saved`
  body          TEXT    NOT NULL
) STRICT;
