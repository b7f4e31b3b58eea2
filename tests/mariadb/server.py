"""A MariaDB server on loopback, in a temporary data directory, and a proxy in front of it that can hold or cut a connection."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(os.environ["MARIADB_ROOT"])
ENVIRONMENT = dict(os.environ, LD_LIBRARY_PATH=os.environ["MARIADB_LIBRARIES"])


# The longest time of a command of MariaDB. A command that takes longer fails.
SECONDS = 600


class Failed(Exception):
    """Has the messages of MariaDB."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A server with TLS, for connections from this machine. Its superuser logs in over the socket."""

    def __init__(self):
        # The path of a socket must be short.
        self.directory = Path(tempfile.mkdtemp(prefix="mariadb-", dir="/tmp"))
        self.process = None
        try:
            self._install()
            # Another program may take the port before MariaDB does.
            for _ in range(5):
                if self._start():
                    break
            else:
                raise Failed("no port was free")
            self.sql("SELECT 1")
        except BaseException:
            self.close()
            raise

    def _install(self):
        self.socket = self.directory / "socket"
        self.log = self.directory / "statements"
        data = self.directory / "data"
        user = f"--user={subprocess.check_output(['id', '-un'], text=True).strip()}"
        is_unpacked = (ROOT / "usr/share/mysql").exists()
        base = [f"--basedir={ROOT}/usr"] if is_unpacked else []
        install = ["mariadb-install-db", "--no-defaults", *base, f"--datadir={data}", user, "--skip-test-db"]
        self._run([*install, "--skip-name-resolve", "--auth-root-authentication-method=normal"])
        self._make_certificates()
        options = [f"--datadir={data}", f"--socket={self.socket}", "--bind-address=127.0.0.1", user]
        options += [f"--ssl-cert={self.directory}/server.pem", f"--ssl-key={self.directory}/server.key"]
        options += ["--character-set-server=utf8mb4", "--skip-name-resolve", f"--pid-file={self.directory}/pid"]
        options += ["--innodb-flush-log-at-trx-commit=0", f"--general-log-file={self.log}"]
        self.command = ["mariadbd", "--no-defaults", *base, *options]

    def _start(self):
        """Starts the server, and returns whether its port was free."""
        self.port = free_port()
        path = self.directory / "errors"
        with path.open("w") as errors:
            self.process = subprocess.Popen([*self.command, f"--port={self.port}"], env=ENVIRONMENT, stderr=errors)
        for _ in range(300):
            if self.process.poll() is not None:
                if "Address already in use" in path.read_text():
                    return False
                raise Failed(path.read_text())
            if self.socket.exists():
                return True
            time.sleep(0.1)
        raise Failed(f"mariadbd made no socket within 30 s\n{path.read_text()}")

    def _run(self, command):
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode != 0:
            raise Failed(f"{command[0]}: {done.stdout}{done.stderr}")

    def _make_certificates(self):
        """Makes an authority, and a certificate of the server for the name `localhost` alone."""
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        authority, server = self.directory / "ca", self.directory / "server"
        self._run([*new, "-subj", "/CN=authority", "-keyout", f"{authority}.key", "-out", f"{authority}.pem"])
        signed = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-addext", "subjectAltName=DNS:localhost"]
        signed += ["-addext", "basicConstraints=critical,CA:FALSE", "-subj", "/CN=server"]
        self._run([*new, *signed, "-keyout", f"{server}.key", "-out", f"{server}.pem"])
        self.ca = f"{authority}.pem"

    def sql(self, text, database=""):
        """Runs statements as the superuser, and returns the rows."""
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names"]
        command += ["--default-character-set=utf8mb4", *([database] if database else [])]
        done = subprocess.run(command, input=text, env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode != 0:
            raise Failed(f"mariadb: {done.stderr[:2000]}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory)


class Proxy:
    """Forwards connections to a port. After `most` bytes of answers, calls `then`, and cuts the connection if that returns
    false."""

    def __init__(self, port, most=None, then=None):
        self.target, self.most, self.then = port, most, then
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._forward, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, self.most), daemon=True).start()

    def _forward(self, source, sink, most):
        count = 0
        try:
            while data := source.recv(4096):
                sink.sendall(data)
                count += len(data)
                if most is not None and count > most:
                    most = None
                    if not self.then():
                        break
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
