-- The key vault's file, version 1. A file that was ever shared is never changed by editing this; a new version gets a
-- migration of its own.
--
-- Rows are only added behind the last one, and an erased secret gives way to as many zeros, so that no row ever changes its
-- size. So SQLite never moves a secret from one page to another, which could leave a copy behind in the first one's unused
-- part; within its page, secure_delete overwrites what an erased row leaves.
CREATE TABLE keys (
  number  INTEGER PRIMARY KEY,
  tenant  TEXT    NOT NULL,
  subject BLOB    NOT NULL CHECK (length(subject) = 16),
  erased  INTEGER NOT NULL CHECK (erased IN (0, 1)),
  secret  BLOB    NOT NULL CHECK (length(secret) = 32), -- zeros once it is erased
  UNIQUE (tenant, subject)
) STRICT;

CREATE TRIGGER keys_are_never_deleted BEFORE DELETE ON keys
BEGIN SELECT raise(ABORT, 'a subject is erased, never forgotten'); END;
CREATE TRIGGER an_erased_key_never_comes_back BEFORE UPDATE ON keys WHEN old.erased = 1 OR new.erased = 0
BEGIN SELECT raise(ABORT, 'a key is only ever erased'); END;
