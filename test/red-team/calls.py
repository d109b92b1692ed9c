"""Makes the calls that a list names, from within a pod, and prints what each was told: "yes", or the refusal."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import socket
import ssl
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlsplit

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def connect(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), 3).close()
    except OSError as error:
        return f"no connection: {error}"
    return "yes"


def api(method: str, path: str, body: object) -> str:
    try:
        with open(f"{ACCOUNT}/token", encoding="utf-8") as file:
            token = file.read()
    except OSError as error:
        return f"no token: {error}"
    request = urllib.request.Request(
        f"https://kubernetes.default.svc{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    try:
        with urllib.request.urlopen(request, context=context, timeout=30):
            return "yes"
    except urllib.error.HTTPError as error:
        said = error.read().decode()
        try:
            return f"{error.code}: {json.loads(said)['message']}"
        except (ValueError, KeyError):
            return f"{error.code}: {said}"
    except OSError as error:
        return f"no answer: {error}"


def signed(method: str, url: str, body: bytes) -> urllib.request.Request:
    """A request to an S3-compatible store: not every image has a client.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    """
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{os.environ['AWS_REGION']}/s3/aws4_request"
    parts = urlsplit(url)
    content = hashlib.sha256(body).hexdigest()
    # In the order of their names. A deletion of several objects must have the sum of its body.
    headers = {
        "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode(),
        "host": parts.netloc,
        "x-amz-content-sha256": content,
        "x-amz-date": now,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join([method, parts.path, parts.query, lines, names, content])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{os.environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in [*scope.split("/"), "\n".join(["AWS4-HMAC-SHA256", now, scope, digest])]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={key.hex()}"
    )
    return urllib.request.Request(url, method=method, data=body or None, headers=headers)


def everybody(bucket: str) -> bytes:
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": everything}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]}).encode()


def batch(key: str) -> bytes:
    return f"<Delete><Object><Key>{key}</Key></Object></Delete>".encode()


def store(operation: str, bucket: str, other: str) -> str:
    root = f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}"
    name = f"{root}/red-team.txt"
    requests = {
        "list": [("GET", f"{root}?list-type=2&max-keys=1", b"")],
        "read": [("GET", name, b"")],
        "write": [("PUT", name, b"red team"), ("DELETE", name, b"")],
        "open": [("PUT", f"{root}?policy=", everybody(bucket))],
        "make": [("PUT", root, b"")],
        # No object has this key: where the store takes it, it answers that it deleted it.
        "batch": [("POST", f"{root}?delete=", batch(f"../{other}/red-team.txt"))],
        "own batch": [("POST", f"{root}?delete=", batch("red-team.txt"))],
        # From the folder of the uploads of one key, this is the other bucket's folder.
        "upload": [("GET", f"{name}?uploadId={quote(f'../../../../{other}', safe='')}", b"")],
        # https://github.com/versity/versitygw/wiki/Admin-APIs
        "accounts": [("PATCH", f"{os.environ['AWS_ENDPOINT_URL']}/list-users", b"")],
    }[operation]
    try:
        for method, url, body in requests:
            with urllib.request.urlopen(signed(method, url, body), timeout=30) as reply:
                text = reply.read().decode()
                # A batch is answered with 200 and an error for each key.
                if "<Error>" in text:
                    return f"{reply.status}: {text}"
    except urllib.error.HTTPError as error:
        return f"{error.code}: {error.read().decode()}"
    except OSError as error:
        return f"no answer: {error}"
    return "yes"


def answer(call: dict[str, Any]) -> str:
    if "host" in call:
        return connect(call["host"], call["port"])
    if "api" in call:
        return api(call.get("method", "GET"), call["api"], call.get("body"))
    return store(call["store"], call["bucket"], call.get("other", ""))


print(json.dumps([answer(call) for call in json.loads(sys.argv[1])]))
