"""
Sends a made log through a proxy in each case, and checks the exit code, the messages, and which statements the LRS holds.
`tests/servers/run` calls this script.

    cases.py EVENT_ROUTER [NAME...]
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import lrs  # noqa: E402
from case_list import Failure, case, expect, run_cases  # noqa: E402
from lrs import Lrs  # noqa: E402
from proxies import haproxy, nginx, squid, squid_helper  # noqa: E402

EVENTS = 3000
# The body of a batch of 500 statements is larger than this limit.
LIMIT = 64 << 10
# A request with the whole log is larger than the buffers of a connection: the proxy answers before the request is written.
ONE_BATCH = ("--batch-size", str(EVENTS))
# The longest time of a run. A run that takes longer fails.
SECONDS = 60


class Ended:
    def __init__(self, case, code, stderr):
        self.case, self.code, self.stderr = case, code, stderr

    def delivered(self):
        """Checks that the LRS holds the statements of the whole log, and that the run has nothing to complain about."""
        expect(self.code == 0, f"exit code {self.code} and not 0", self.stderr)
        stored = self.case.lrs.stored
        missing = [id for id in self.case.expected if id not in stored]
        expect(not missing, f"{len(missing)} statements are not stored, as {missing[:3]}", self.stderr)
        expect(stored == self.case.expected, "the LRS holds other statements than those of the log")
        letters = sorted(path.name for path in (self.case.directory / "dead").glob("*"))
        expect(not letters, f"dead letters: {letters}", self.stderr)

    def stopped(self, *texts):
        """Checks that the run stopped with exit code 5 and these texts, and that nothing is stored."""
        expect(self.code == 5, f"exit code {self.code} and not 5", self.stderr)
        for text in texts:
            expect(text in self.stderr, f"standard error does not say `{text}`", self.stderr)
        expect(not self.case.lrs.stored, f"{len(self.case.lrs.stored)} statements are stored")


class Case:
    """The directory, the LRS and the runs of one case."""

    def __init__(self, shared, directory):
        self.event_router, self.log, self.expected = shared.event_router, shared.log, shared.expected
        self.tls, self.ca = shared.tls, shared.ca
        self.directory = directory
        self.lrs = Lrs()

    def backend(self):
        return f"http://127.0.0.1:{self.lrs.port}"

    def send(self, url, *arguments, password=lrs.PASSWORD, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= variables | {"EVENT_ROUTER_USERNAME": lrs.USERNAME, "EVENT_ROUTER_PASSWORD": password}
        command = [self.event_router, "send", *conversion(), "--url", f"{url}/xAPI", "--dead-letters", "dead"]
        command += ["--retry-delay", "0.05", *arguments, self.log]
        try:
            run = subprocess.run(
                command, cwd=self.directory, env=environment, capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired as late:
            raise Failure(f"the run did not end within {SECONDS} s\n{(late.stderr or b'').decode()}") from None
        expect(not self.lrs.problems, f"bad requests: {self.lrs.problems[:3]}")
        return Ended(self, run.returncode, run.stderr)

    def through_squid(self, url, port, user="", *arguments):
        proxy = f"http://{user}127.0.0.1:{port}"
        return self.send(url, *arguments, http_proxy=proxy, https_proxy=proxy)

    def restart_lrs_after(self, requests, seconds):
        """Stops the LRS in a thread once it has received some requests, and starts it again a little later."""

        def restart():
            while len(self.lrs.requests) < requests:
                time.sleep(0.001)
            self.lrs.stop()
            time.sleep(seconds)
            self.lrs.start()

        threading.Thread(target=restart, daemon=True).start()


def slow(case):
    """Makes the LRS so slow that a whole batch takes twice as long as the proxies of these cases wait."""
    case.lrs.seconds_per_statement = 0.002


def pass_on(case):
    """The directive of nginx that passes requests on to the LRS."""
    return f"location / {{ proxy_pass {case.backend()}; }}"


def server(case):
    """The line of HAProxy that passes requests on to the LRS."""
    return f"server lrs 127.0.0.1:{case.lrs.port}"


@case
def nginx_limits_bodies(case):
    with nginx(case.directory, f"client_max_body_size {LIMIT}; {pass_on(case)}") as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}", *ONE_BATCH).delivered()


@case
def nginx_limits_bodies_over_tls(case):
    with nginx(case.directory, f"client_max_body_size {LIMIT}; {pass_on(case)}", case.tls) as proxy:
        case.send(f"https://localhost:{proxy.port}", "--ca-file", case.ca, *ONE_BATCH).delivered()


@case
def nginx_has_an_unknown_certificate(case):
    with nginx(case.directory, pass_on(case), case.tls) as proxy:
        case.send(f"https://localhost:{proxy.port}").stopped("--ca-file")


@case
def nginx_has_a_certificate_for_another_name(case):
    with nginx(case.directory, pass_on(case), case.tls) as proxy:
        case.send(f"https://127.0.0.1:{proxy.port}", "--ca-file", case.ca).stopped("certificate")


@case
def nginx_redirects_to_https(case):
    with nginx(case.directory, "return 301 https://lrs.example.org$request_uri;") as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}").stopped("301", "https://lrs.example.org/xAPI")


@case
def nginx_closes_idle_connections(case):
    # At the first rate, nginx closes the connection about when the next request is sent, at the second rate before.
    for rate in ("1", "0.8"):
        case.lrs.stored.clear()
        with nginx(case.directory, f"keepalive_timeout 1s; {pass_on(case)}") as proxy:
            case.send(f"http://127.0.0.1:{proxy.port}", "--rate", rate, "--batch-size", "1000").delivered()


@case
def nginx_restarts_its_backend(case):
    with nginx(case.directory, pass_on(case)) as proxy:
        case.restart_lrs_after(3, 0.5)
        case.send(f"http://127.0.0.1:{proxy.port}", "--batch-size", "100", "--rate", "40").delivered()



@case
def nginx_waits_briefly_for_a_slow_lrs(case):
    slow(case)
    with nginx(case.directory, f"proxy_read_timeout 500ms; {pass_on(case)}") as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}").delivered()


@case
def nginx_waits_briefly_for_a_slow_lrs_that_stores_all_the_same(case):
    slow(case)
    case.lrs.stores_late = True
    with nginx(case.directory, f"proxy_read_timeout 500ms; {pass_on(case)}") as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}").delivered()


@case
def haproxy_refuses_long_bodies_early(case):
    rule = f"http-request deny deny_status 413 if {{ req.hdr_val(content-length) gt {LIMIT} }}"
    with haproxy(case.directory, rule, server(case)) as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}", *ONE_BATCH).delivered()


@case
def haproxy_refuses_long_bodies_early_over_tls(case):
    rule = f"http-request deny deny_status 413 if {{ req.hdr_val(content-length) gt {LIMIT} }}"
    with haproxy(case.directory, rule, server(case), case.tls) as proxy:
        case.send(f"https://localhost:{proxy.port}", "--ca-file", case.ca, *ONE_BATCH).delivered()


@case
def haproxy_refuses_long_bodies_after_some_bytes(case):
    rules = f"option http-buffer-request\nhttp-request deny deny_status 413 if {{ req.body_size gt {LIMIT} }}"
    with haproxy(case.directory, rules, server(case)) as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}", *ONE_BATCH).delivered()


@case
def haproxy_asks_for_other_credentials(case):
    with haproxy(case.directory, "http-request deny deny_status 401", server(case)) as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}", *ONE_BATCH).stopped("401")
    with haproxy(case.directory, "http-request auth unless { http_auth(users) }", server(case)) as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}", *ONE_BATCH, password="wrong").stopped("401")


@case
def haproxy_restarts_its_backend(case):
    with haproxy(case.directory, "", server(case)) as proxy:
        case.restart_lrs_after(3, 0.5)
        case.send(f"http://127.0.0.1:{proxy.port}", "--batch-size", "100", "--rate", "40").delivered()



@case
def haproxy_waits_briefly_for_a_slow_lrs(case):
    slow(case)
    with haproxy(case.directory, "", f"timeout server 500ms\n{server(case)}") as proxy:
        case.send(f"http://127.0.0.1:{proxy.port}").delivered()


@case
def squid_passes_plain_http_on(case):
    with squid(case.directory, "http_access allow all") as proxy:
        case.through_squid(case.backend(), proxy.port).delivered()
    direct = [headers for headers in case.lrs.requests if "squid" not in headers.get("Via", "")]
    expect(not direct, f"{len(direct)} requests did not pass Squid")


@case
def squid_opens_a_tunnel_for_https(case):
    with nginx(case.directory, pass_on(case), case.tls) as web, squid(case.directory, "http_access allow all") as proxy:
        case.through_squid(f"https://localhost:{web.port}", proxy.port, "", "--ca-file", case.ca).delivered()
        log = (case.directory / "access.log").read_text()
    expect(f"CONNECT localhost:{web.port}" in log, "no tunnel was opened")


@case
def squid_limits_bodies(case):
    with squid(case.directory, f"http_access allow all\nrequest_body_max_size {LIMIT >> 10} KB") as proxy:
        case.through_squid(case.backend(), proxy.port, "", *ONE_BATCH).delivered()


@case
def squid_denies_the_lrs(case):
    with squid(case.directory, "http_access deny all") as proxy:
        for url in (case.backend(), "https://localhost:1"):
            case.through_squid(url, proxy.port).stopped("403", f"http://127.0.0.1:{proxy.port}", "no_proxy")


@case
def squid_asks_for_credentials(case):
    helper = shutil.copy(squid_helper("basic_ncsa_auth"), case.directory)
    password = subprocess.run(["openssl", "passwd", "-apr1", "secret"], capture_output=True, text=True, check=True)
    (case.directory / "passwords").write_text(f"ada:{password.stdout}")
    rules = f"""
auth_param basic program {helper} {case.directory}/passwords
auth_param basic children 2
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
"""
    with squid(case.directory, rules) as proxy:
        for user in ("", "ada:wrong@"):
            ended = case.through_squid(case.backend(), proxy.port, user)
            ended.stopped("407", f"http://127.0.0.1:{proxy.port}", "USER:PASSWORD")
        expect("wrong" not in ended.stderr, "standard error shows the password", ended.stderr)
        case.through_squid(case.backend(), proxy.port, "ada:secret@").delivered()
    case.lrs.stored.clear()
    with nginx(case.directory, pass_on(case), case.tls) as web, squid(case.directory, rules) as proxy:
        url, ca = f"https://localhost:{web.port}", ("--ca-file", case.ca)
        case.through_squid(url, proxy.port, "", *ca).stopped("407", f"http://127.0.0.1:{proxy.port}")
        case.through_squid(url, proxy.port, "ada:secret@", *ca).delivered()


def conversion():
    return ["--to", "xapi", "--lms-root-url", "https://courses.example.org"]


class Shared:
    """The log, its statements, and the certificates of all cases."""

    def __init__(self, event_router, directory):
        self.event_router = str(Path(event_router).resolve())
        self.log = str(directory / "tracking.log")
        Path(self.log).write_text("".join(map(line, range(EVENTS))))
        transformed = subprocess.run(
            [self.event_router, "transform", "--quiet", *conversion(), self.log], capture_output=True, check=True
        )
        statements = map(json.loads, transformed.stdout.splitlines())
        self.expected = {statement["id"]: statement for statement in statements}
        if len(self.expected) != EVENTS:
            raise SystemExit(f"the log has {len(self.expected)} statements and not {EVENTS}")
        self.tls, self.ca = certificates(directory)


def line(number):
    event = {
        "name": "play_video",
        "username": "ada",
        "context": {"course_id": "course-v1:a+b+c"},
        "event": {"id": "v", "currentTime": number},
        "time": f"2024-03-05T09:00:00.{number:06}+00:00",
    }
    return json.dumps(event) + "\n"


def certificates(directory):
    """Makes a certificate authority and a certificate for localhost. Returns the certificate with its key, and the authority's."""
    extensions = directory / "extensions"
    extensions.write_text("subjectAltName = DNS:localhost\n")
    commands = [
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=Authority -keyout ca.key -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extensions -out server.crt",
    ]
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)
    both = directory / "server.pem"
    both.write_bytes((directory / "server.crt").read_bytes() + (directory / "server.key").read_bytes())
    return str(both), str(directory / "ca.pem")


def main():
    # The script ends by itself, even if a proxy hangs.
    signal.alarm(600)
    event_router, *words = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        # Squid gives up the rights of root.
        Path(directory).chmod(0o755)
        shared = Shared(event_router, Path(directory))

        def run(case, files):
            try:
                case(Case(shared, files))
            except Failure as failure:
                raise Failure("\n".join([str(failure), *map(last_lines, files.glob("*.log"))])) from None

        return run_cases(words, Path(directory), run)


def last_lines(path, count=15):
    lines = path.read_text("utf-8", "replace").splitlines()
    return "\n".join([f"--- the last lines of {path.name}", *lines[-count:]])


if __name__ == "__main__":
    sys.exit(main())
