-- Certificates that are trusted, and the CPUs that each replica had.

PRAGMA user_version = 11;

-- `--ca`, or SSL_CERT_FILE: `ca.pem (1f0c9a77)`, the file's name and eight digits of a digest of what it holds. NULL: the usual ones
ALTER TABLE cases ADD COLUMN ca TEXT;

-- CPUs that the replica might run on, as the kernel lists them: `2-3,6`. NULL: of rows of before, and of a replica that did not say
ALTER TABLE replicas ADD COLUMN cpu_list TEXT;
