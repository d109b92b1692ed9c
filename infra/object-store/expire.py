"""Removes what the buckets of the embedded store need not keep any longer.

That is, by the days that a bucket's tag says: versions of objects that were replaced or deleted longer ago than that,
uploads that were not finished, and marks of deletion with no version behind them. Buckets without the tag are left alone.
"""

import datetime
import hashlib
import hmac
import http.client
import os
import sys
import urllib.parse
import xml.etree.ElementTree

DAYS_TAG = "mlstack:expire-noncurrent-days"


class StoreError(Exception):
    """An answer that is an error, with its status and S3 code."""

    def __init__(self, call, status, code):
        super().__init__(f"{call}: {status} {code}")
        self.code = code


class Store:
    """S3 calls, signed (AWS signature version 4)."""

    def __init__(self, endpoint, region, access_key_id, secret_access_key):
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.region = region
        self.access_key_id = access_key_id
        self.secret_access_key = secret_access_key
        self.connection = http.client.HTTPConnection(self.host, timeout=60)

    def call(self, method, path, **query):
        """The root element of the answer; None where it is empty."""
        pairs = sorted((name.replace("_", "-"), str(value)) for name, value in query.items())
        search = urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote, safe="-_.~")
        path = urllib.parse.quote(path, safe="/-_.~")
        headers = self.signed(method, path, search)
        self.connection.request(method, f"{path}?{search}" if search else path, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        root = xml.etree.ElementTree.fromstring(body) if body else None
        if answer.status >= 300:
            code = "" if root is None else text(root, "Code")
            raise StoreError(f"{method} {path}", answer.status, code)
        return root

    def signed(self, method, path, search):
        now = datetime.datetime.now(datetime.timezone.utc)
        instant, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        payload = hashlib.sha256(b"").hexdigest()
        signed = {"host": self.host, "x-amz-content-sha256": payload, "x-amz-date": instant}
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        request = "\n".join([method, path, search, lines, names, payload])
        scope = f"{day}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = "\n".join(["AWS4-HMAC-SHA256", instant, scope, digest])
        key = f"AWS4{self.secret_access_key}".encode()
        for part in (day, self.region, "s3", "aws4_request", to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        credential = f"{self.access_key_id}/{scope}"
        return {
            **signed,
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}",
        }


def text(element, name):
    """Text of the first descendant of a name."""
    found = element.find(f".//{{*}}{name}")
    return "" if found is None or found.text is None else found.text


def listed(store, bucket, kinds, markers, **query):
    """Elements of all pages of a listing."""
    while True:
        page = store.call("GET", f"/{bucket}", **query)
        for kind in kinds:
            yield from ((kind, element) for element in page.iterfind(f"{{*}}{kind}"))
        if text(page, "IsTruncated") != "true":
            return
        query.update({marker: text(page, f"Next{name}") for marker, name in markers.items()})


def older(element, name, limit):
    return datetime.datetime.fromisoformat(text(element, name).replace("Z", "+00:00")) < limit


def days_of(store, bucket):
    """Days in the bucket's tag; None without the tag."""
    try:
        tags = store.call("GET", f"/{bucket}", tagging="")
    except StoreError as error:
        if error.code == "NoSuchTagSet":
            return None
        raise
    values = {text(tag, "Key"): text(tag, "Value") for tag in tags.iterfind(".//{*}Tag")}
    return int(values[DAYS_TAG]) if DAYS_TAG in values else None


def expire(store, bucket, limit):
    """Counts of what was removed; that begins after all is listed, since a page begins at an entry of the one before."""
    old_versions = []
    markers = {}
    still_there = set()
    for kind, element in listed(
        store,
        bucket,
        ["Version", "DeleteMarker"],
        {"key_marker": "KeyMarker", "version_id_marker": "VersionIdMarker"},
        versions="",
    ):
        key, version = text(element, "Key"), text(element, "VersionId")
        if text(element, "IsLatest") == "true":
            if kind == "DeleteMarker":
                markers[key] = version
        # versitygw dates a version by when it was replaced.
        elif older(element, "LastModified", limit):
            old_versions.append((key, version))
        else:
            still_there.add(key)
    alone = [(key, version) for key, version in markers.items() if key not in still_there]
    uploads = [
        (text(element, "Key"), text(element, "UploadId"))
        for _, element in listed(
            store,
            bucket,
            ["Upload"],
            {"key_marker": "KeyMarker", "upload_id_marker": "UploadIdMarker"},
            uploads="",
        )
        if older(element, "Initiated", limit)
    ]
    for key, version in [*old_versions, *alone]:
        store.call("DELETE", f"/{bucket}/{key}", versionId=version)
    for key, upload in uploads:
        store.call("DELETE", f"/{bucket}/{key}", uploadId=upload)
    return len(old_versions), len(alone), len(uploads)


def main():
    """Exit status 1 when a bucket could not be seen to; the others are, all the same."""
    store = Store(
        *(
            os.environ[name]
            for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        )
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    failed = False
    for bucket in [text(found, "Name") for found in store.call("GET", "/").iterfind(".//{*}Bucket")]:
        try:
            days = days_of(store, bucket)
            if days is None:
                continue
            versions, markers, uploads = expire(store, bucket, now - datetime.timedelta(days=days))
            print(f"{bucket}: removed {versions} old versions, {markers} marks of deletion, {uploads} unfinished uploads")
        except (StoreError, OSError, http.client.HTTPException) as error:
            print(f"{bucket}: {error}", file=sys.stderr)
            failed = True
            store.connection.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
