-- Leave to write to targets that are not ours.

PRAGMA user_version = 9;

-- `--writes`, where the target is not ours. NULL: not given, and of origins
ALTER TABLE cases ADD COLUMN writes INTEGER;
