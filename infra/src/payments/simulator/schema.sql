-- One row per charge, the whole of it as JSON.
CREATE TABLE charges (
    payment_id TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per delivery that is not done.
CREATE TABLE messages (
    no INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- The salt of references, how many were made, and the script.
CREATE TABLE notes (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
