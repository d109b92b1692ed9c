"""Files in the stack's object store, whatever its kind, by the URIs that Spark uses for them."""

from __future__ import annotations

import os
from functools import cache
from urllib.parse import urlsplit

from pyarrow import fs

from mlstack_pipelines.step import StepError


def open_store(uri: str) -> tuple[fs.FileSystem, str]:
    """The file system of a URI, and the path in it.

    Credentials come from the pod's identity: the environment on an S3-compatible store, the cloud's own elsewhere.
    """
    parts = urlsplit(uri)
    match parts.scheme:
        case "" | "file":
            return fs.LocalFileSystem(), parts.path
        case "s3" | "s3a":
            return _s3(), parts.netloc + parts.path
        case "gs":
            return _gcs(), parts.netloc + parts.path
        case "abfs" | "abfss":
            container, _, host = parts.netloc.partition("@")
            return _azure(host.partition(".")[0]), container + parts.path
        case scheme:
            raise StepError(f"{uri}: no store is known by {scheme}://; use s3a://, gs://, abfss:// or a local path")


def exists(uri: str) -> bool:
    """Whether there is a file at a URI."""
    store, path = open_store(uri)
    return store.get_file_info(path).type == fs.FileType.File


def read_bytes(uri: str) -> bytes:
    """A whole file."""
    store, path = open_store(uri)
    with store.open_input_stream(path) as stream:
        return stream.read()


def write_bytes(uri: str, content: bytes) -> None:
    """Writes a whole file: readers see the old one or the new one, never a part."""
    store, path = open_store(uri)
    if not isinstance(store, fs.LocalFileSystem):
        with store.open_output_stream(path) as stream:
            stream.write(content)
        return
    store.create_dir(os.path.dirname(path), recursive=True)
    half = f"{path}.half"
    with store.open_output_stream(half) as stream:
        stream.write(content)
    store.move(half, path)


# One client a store: each has threads and buffers of its own.
@cache
def _s3() -> fs.S3FileSystem:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not endpoint:
        return fs.S3FileSystem(region=region, allow_delayed_open=True)
    parts = urlsplit(endpoint)
    return fs.S3FileSystem(endpoint_override=parts.netloc, scheme=parts.scheme, region=region, allow_delayed_open=True)


@cache
def _gcs() -> fs.GcsFileSystem:
    return fs.GcsFileSystem()


@cache
def _azure(account: str) -> fs.AzureFileSystem:
    return fs.AzureFileSystem(account)
