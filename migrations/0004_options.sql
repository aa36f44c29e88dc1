-- Options that came after version 3.

PRAGMA user_version = 4;

-- `--header`: `name: *** (1f0c)`, joined by `; `; the value is not kept, four digits of a digest tell values apart. NULL: none
ALTER TABLE cases ADD COLUMN header TEXT;
