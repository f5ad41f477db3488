"""The ground: money, time, errors, events, the database, the audit trail, stored files. Imports nothing of ours."""
