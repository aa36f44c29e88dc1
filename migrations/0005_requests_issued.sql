-- Requests beside calls: a call of a test is one request or several, and the origin's audit is held against requests. NULL in rows
-- of before, where each call was one request.

PRAGMA user_version = 5;

ALTER TABLE runs ADD COLUMN requests_issued INTEGER;
ALTER TABLE replicas ADD COLUMN requests_issued INTEGER;
