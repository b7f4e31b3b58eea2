"""Starts nginx, HAProxy and Squid on free ports of the loopback interface."""
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(os.environ["SERVERS_ROOT"])


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Proxy:
    """A running proxy. The process ends with the `with` statement."""

    def __init__(self, directory, command, port):
        self.directory, self.port = directory, port
        self.log = directory / f"{command[0]}.log"
        environment = {**os.environ, "LD_LIBRARY_PATH": os.environ["SERVERS_LIBRARIES"]}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def __enter__(self):
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise SystemExit(f"{self.process.args} did not start:\n{self.log.read_text('utf-8', 'replace')}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def nginx(directory, server, tls=None):
    """nginx with these directives in its only server. `tls` is a PEM file with a certificate and its key."""
    port = free_port()
    secure = f"ssl_certificate {tls}; ssl_certificate_key {tls};" if tls else ""
    temporary = "\n".join(
        f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = directory / "nginx.conf"
    configuration.write_text(f"""
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log stderr info;
events {{ }}
http {{
    access_log off;
    {temporary}
    server {{
        listen 127.0.0.1:{port}{" ssl" if tls else ""};
        {secure}
        {server}
    }}
}}
""")
    return Proxy(directory, ["nginx", "-e", "stderr", "-c", str(configuration)], port)


def haproxy(directory, frontend, backend, tls=None):
    """HAProxy with these lines in its frontend and its backend."""
    port = free_port()
    configuration = directory / "haproxy.cfg"
    configuration.write_text(f"""
global
    log stdout format raw local0
userlist users
    user router insecure-password right
defaults
    log global
    mode http
    option httplog
    timeout connect 2s
    timeout client 20s
    timeout server 20s
frontend front
    bind 127.0.0.1:{port}{f" ssl crt {tls}" if tls else ""}
    {frontend}
    default_backend back
backend back
    {backend}
""")
    return Proxy(directory, ["haproxy", "-db", "-f", str(configuration)], port)


def squid(directory, rules):
    """Squid with these rules of access."""
    port = free_port()
    # The templates are a package of their own, which is not unpacked where it is installed.
    shares = (ROOT / "usr/share/squid", Path("/usr/share/squid"))
    share = next(share for share in shares if (share / "errors/templates").exists())
    configuration = directory / "squid.conf"
    # Squid gives up the rights of root, and must be able to write its files.
    directory.chmod(0o777)
    configuration.write_text(f"""
http_port 127.0.0.1:{port}
cache_effective_user nobody
cache_effective_group nogroup
pid_filename none
cache deny all
coredump_dir {directory}
cache_log {directory}/cache.log
access_log stdio:{directory}/access.log
logfile_rotate 0
error_directory {share}/errors/templates
icon_directory {share}/icons
mime_table {share}/mime.conf
unlinkd_program /bin/true
pinger_enable off
netdb_filename none
shutdown_lifetime 0 seconds
{rules}
""")
    return Proxy(directory, ["squid", "-N", "-n", f"squid{port}", "-d", "1", "-f", str(configuration)], port)


def squid_helper(name):
    """The path of one of Squid's programs that check passwords."""
    helpers = (root / "usr/lib/squid" / name for root in (ROOT, Path("/")))
    return next(helper for helper in helpers if helper.exists())
