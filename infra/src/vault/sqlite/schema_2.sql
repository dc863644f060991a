-- What version 2 of the key vault's file has beside version 1: how far the log was searched for persons to erase. It stands
-- here and not elsewhere, so that an old copy of the keys comes with a mark that is as old.
CREATE TABLE marks (
  work     TEXT    PRIMARY KEY,
  position INTEGER NOT NULL,
  event    BLOB    NOT NULL CHECK (length(event) = 16)
) STRICT;
