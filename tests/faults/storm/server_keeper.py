"""The keeper of a PostgreSQL that may be broken off: `python -m tests.faults.storm.server_keeper FOLDER BINARIES USER`.

He makes a cluster in FOLDER, starts the server and says "ready". For each line that he reads he stops the server as
`pg_ctl stop -m immediate` does, that is, without putting anything in order, starts it again, and says "ready" once it
has found its way back. At the end of what he reads, thus also when whoever started him is killed, he ends the server
and removes FOLDER.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from tests import postgres_keeper

# What was committed must be there after a break: the operating system goes on, so nothing need wait for a disk.
SETTINGS = postgres_keeper.SETTINGS | {"synchronous_commit": "on", "max_connections": "100"}
_PATIENCE_SECONDS = 20


def main(folder: Path, binaries: Path, user: str | None) -> None:
    os.umask(0o022)
    server = postgres_keeper.begin(folder, binaries, user)
    try:
        postgres_keeper.end(server)
        server = postgres_keeper.launch(folder, binaries, user, SETTINGS)
        _say_ready()
        for _line in sys.stdin:
            server.send_signal(signal.SIGQUIT)
            server.wait(_PATIENCE_SECONDS)
            server = postgres_keeper.launch(folder, binaries, user, SETTINGS)
            _say_ready()
    finally:
        postgres_keeper.end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] or None)
