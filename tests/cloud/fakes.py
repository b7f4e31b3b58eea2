"""Small servers that list and read objects as Google Cloud Storage and Azure Blob Storage do."""
import gzip
import hashlib
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE = 10
MODIFIED = "Fri, 05 Jan 2024 10:00:00 GMT"


def send(request, status, body, headers=()):
    """Answers a request. The connection goes on, and the whole body has one length."""
    headers = {name: value for name, value in dict(headers).items() if name.lower() not in ("connection", "transfer-encoding")}
    request.send_response(status)
    length = headers.pop("Content-Length", None) or len(body)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(length))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


class Fake:
    """A server. The objects in `encoded` have `Content-Encoding: gzip`."""

    def __init__(self, objects, encoded=(), forward=None, busy=0):
        # `forward` is a server that gets the requests which follow after `busy` answers that the server is busy.
        self.objects, self.encoded, self.forward, self.busy = objects, encoded, forward, busy
        # The number of bytes of the first answer for an object after which the connection breaks.
        self.break_after, self.seen = None, set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.answer(self)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, request):
        if self.busy > 0:
            self.busy -= 1
            send(request, 503, b"<Error><Code>SlowDown</Code><Message>Reduce the rate</Message></Error>")
        elif self.forward:
            self.send_from_server(request)
        else:
            url = urlsplit(request.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            bucket, _, key = url.path.removeprefix("/").partition("/")
            if not self.permits(request, query):
                send(request, 403, b"<Error><Code>AccessDenied</Code></Error>")
            elif bucket != "bucket":
                send(request, 404, b"<Error><Code>NoSuchBucket</Code></Error>")
            elif key:
                self.send_object(request, unquote(key))
            else:
                self.send_list(request, query)

    def permits(self, request, query):
        return True

    def send_from_server(self, request):
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        asked = urllib.request.Request(self.forward + request.path, headers=headers, method=request.command)
        try:
            with urllib.request.urlopen(asked) as response:
                send(request, response.status, response.read(), dict(response.headers))
        except urllib.error.HTTPError as error:
            send(request, error.code, error.read(), dict(error.headers))

    def send_object(self, request, key):
        body = self.objects.get(key)
        if body is None:
            send(request, 404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        e_tag = self.e_tag(body)
        if request.headers.get("If-Match", f'"{e_tag}"') != f'"{e_tag}"':
            send(request, 412, b"<Error><Code>ConditionNotMet</Code></Error>")
            return
        headers = {"ETag": f'"{e_tag}"', "Last-Modified": MODIFIED, "Content-Type": "text/plain"}
        if key in self.encoded:
            if self.unpacks(request):
                # Google unpacks an object for clients that do not accept gzip, and gives no length.
                request.close_connection = True
                request.send_response(200)
                for name, value in headers.items():
                    request.send_header(name, value)
                request.end_headers()
                request.wfile.write(gzip.decompress(body))
                return
            headers["Content-Encoding"] = "gzip"
        first, status = 0, 200
        asked = request.headers.get("Range") or request.headers.get("x-ms-range")
        if asked:
            first, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        part = body[first:]
        if self.break_after and key not in self.seen and len(part) > self.break_after and request.command == "GET":
            self.seen.add(key)
            send(request, status, part[: self.break_after], headers | {"Content-Length": str(len(part))})
            request.close_connection = True
            return
        send(request, status, part, headers)

    def unpacks(self, request):
        return False

    def e_tag(self, body):
        return hashlib.md5(body).hexdigest()

    def page(self, query, marker):
        """Returns the keys of a page, and the first key of the next page."""
        start = query.get(marker, "")
        keys = sorted(key for key in self.objects if key.startswith(query.get("prefix", "")) and key >= start)
        return keys[:PAGE], (keys[PAGE : PAGE + 1] or [""])[0]


class GcsFake(Fake):
    def unpacks(self, request):
        return "gzip" not in request.headers.get("Accept-Encoding", "")

    def send_list(self, request, query):
        if "Accept-Encoding" in request.headers and "gzip" in request.headers["Accept-Encoding"]:
            send(request, 500, b"a list could be gzipped")
            return
        keys, following = self.page(query, "continuation-token")
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2024-01-05T10:00:00.000Z</LastModified>"
            f'<ETag>"{self.e_tag(self.objects[key])}"</ETag><Size>{len(self.objects[key])}</Size></Contents>'
            for key in keys
        )
        token = f"<NextContinuationToken>{escape(following)}</NextContinuationToken>" if following else ""
        body = f"<ListBucketResult><Name>bucket</Name>{contents}{token}</ListBucketResult>"
        send(request, 200, body.encode(), {"Content-Type": "application/xml"})


class AzureFake(Fake):
    def permits(self, request, query):
        return query.get("sig") == "TOP/SECRET"

    def e_tag(self, body):
        return "0x" + hashlib.md5(body).hexdigest()[:15].upper()

    def send_list(self, request, query):
        keys, following = self.page(query, "marker")
        blobs = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>{MODIFIED}</Last-Modified>"
            f"<Etag>{self.e_tag(self.objects[key])}</Etag><Content-Length>{len(self.objects[key])}</Content-Length>"
            f"<Content-Type>text/plain</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for key in keys
        )
        body = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="bucket"><Blobs>'
            f"{blobs}</Blobs><NextMarker>{escape(following)}</NextMarker></EnumerationResults>"
        )
        send(request, 200, body.encode(), {"Content-Type": "application/xml"})
