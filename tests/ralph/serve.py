"""
Serves Ralph with its file backend, on a port of the loopback interface that is free, and writes the port to a file.
`tests/ralph/run` calls it, with Ralph's settings in the environment.

    serve.py PORT_FILE
"""
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from ralph.api import app
from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.fs import FSDataBackend


def main():
    # Whatever becomes of the caller, no server stays.
    signal.alarm(600)
    # The file backend creates its file, and refuses the second request that stores something. No setting changes that.
    FSDataBackend.default_operation_type = BaseOperationType.APPEND
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # From here on requests wait until they are served.
        Path(sys.argv[1]).write_text(f"{listener.getsockname()[1]}\n", "utf-8")
        uvicorn.Server(uvicorn.Config(app)).run(sockets=[listener])


if __name__ == "__main__":
    main()
