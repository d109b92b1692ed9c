"""Makes the calls that a list names, from within a pod, and prints what each was told: "yes", or the refusal."""

import json
import os
import socket
import ssl
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

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


def store(operation: str, bucket: str) -> str:
    from pyarrow import fs

    endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    client = fs.S3FileSystem(
        endpoint_override=endpoint.netloc, scheme=endpoint.scheme, region=os.environ["AWS_REGION"]
    )
    name = f"{bucket}/red-team.txt"
    try:
        if operation == "list":
            client.get_file_info(fs.FileSelector(bucket))
        elif operation == "read":
            client.open_input_file(name).read()
        else:
            with client.open_output_stream(name) as stream:
                stream.write(b"red team")
            client.delete_file(name)
    except OSError as error:
        return str(error)
    return "yes"


def answer(call: dict[str, Any]) -> str:
    if "host" in call:
        return connect(call["host"], call["port"])
    if "api" in call:
        return api(call.get("method", "GET"), call["api"], call.get("body"))
    return store(call["store"], call["bucket"])


print(json.dumps([answer(call) for call in json.loads(sys.argv[1])]))
