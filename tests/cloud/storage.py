"""A server of S3, with a proxy in front of it."""
import json
import os
import re
import socket
import struct
import threading
from urllib.parse import unquote

# Every request must be signed by a known key.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402

REGION = "us-east-1"
REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n")


class Storage:
    """The server, and a client with which the cases write objects."""

    def __init__(self):
        self.moto = None
        url = os.environ.get("S3_URL")
        if url:
            self.key_id, self.secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
        else:
            url = self.start_moto()
        self.url = url
        self.client = boto3.client(
            "s3", endpoint_url=url, region_name=REGION, aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret, config=Config(s3={"addressing_style": "path"}),
        )

    def start_moto(self):
        import logging

        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.iam.models import iam_backends
        from moto.moto_server.threaded_moto_server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
        iam.create_user(REGION, "reader")
        allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        forbidden = {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::secret", "arn:aws:s3:::secret/*"]}
        policy = {"Version": "2012-10-17", "Statement": [allowed, forbidden]}
        iam.put_user_policy("reader", "all", json.dumps(policy))
        from moto.s3.models import s3_backends

        self.moto = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        key = iam.create_access_key("reader")
        self.key_id, self.secret = key.access_key_id, key.secret_access_key
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        return f"http://127.0.0.1:{server.get_host_and_port()[1]}"

    def bucket(self, name, objects=()):
        """Makes a bucket with these objects, and returns its address."""
        self.client.create_bucket(Bucket=name)
        for key, body in dict(objects).items():
            if self.moto:
                # Requests of Python to itself take most of the time of the cases.
                self.moto.put_object(name, key, body)
            else:
                self.client.put_object(Bucket=name, Key=key, Body=body)
        return f"s3://{name}/"


class Proxy:
    """Forwards connections to a server, counts requests, and breaks connections."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.server = (host, int(port))
        # The number of bytes of answers after which a connection breaks, or None. `broken` is called before each break.
        self.break_after = None
        self.broken = lambda: None
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def objects(self):
        """Returns the paths of the objects that were requested, apart from HEAD."""
        return [path for method, path in self.requests if method == "GET" and "list-type" not in path]

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = socket.create_connection(self.server)
        threading.Thread(target=self.forward, args=(client, server), daemon=True).start()
        rest = self.break_after
        try:
            while data := server.recv(1 << 18):
                if rest is not None and len(data) >= rest:
                    client.sendall(data[:rest])
                    self.broken()
                    # The client is sent a reset, and no end.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                rest = rest and rest - len(data)
                client.sendall(data)
        except OSError:
            pass
        for end in (server, client):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def forward(self, client, server):
        try:
            while data := client.recv(1 << 16):
                for method, path in REQUEST.findall(data):
                    self.requests.append((method.decode(), unquote(path.decode())))
                server.sendall(data)
        except OSError:
            pass
