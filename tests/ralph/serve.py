"""
Serves Ralph with its file backend on a free port of the loopback interface, and writes the port to a file.
`tests/ralph/run` calls this script with Ralph's settings in the environment.

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
    # The server ends by itself, even if the caller is killed.
    signal.alarm(600)
    # By default the file backend creates a new file for each request, and refuses the second. No setting changes this.
    FSDataBackend.default_operation_type = BaseOperationType.APPEND
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # From here on, the socket queues requests until the server is up.
        Path(sys.argv[1]).write_text(f"{listener.getsockname()[1]}\n", "utf-8")
        uvicorn.Server(uvicorn.Config(app)).run(sockets=[listener])


if __name__ == "__main__":
    main()
