"""The embedded engines: a SQLite log, a directory of files, and a log in memory for tests."""
