"""Runs one submission against an API server that accepts everything, so that its classes can be archived."""

import json
import os
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class AcceptingApi(BaseHTTPRequestHandler):
    """Answers each created or applied object with itself, as stored."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Stores an object."""
        stored = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        stored["metadata"] |= {"uid": "0", "resourceVersion": "1"}
        self.answer(201, stored)

    do_PATCH = do_PUT = do_POST

    def do_GET(self) -> None:
        """Finds nothing."""
        self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404})

    def answer(self, code: int, body: object) -> None:
        """Sends JSON."""
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def serve() -> int:
    """Serves the API over TLS, and makes the files by which a pod knows it; gives the port."""
    ACCOUNT.mkdir(parents=True)
    key = "/tmp/rehearsal.key"
    certificate = ACCOUNT / "ca.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=rehearsal", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", str(certificate)),
        ],
        check=True,
    )
    (ACCOUNT / "token").write_text("rehearsal")
    (ACCOUNT / "namespace").write_text("default")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), AcceptingApi)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main(archive: str) -> None:
    """Submits an application as the operator does, and archives the classes that it took."""
    port = serve()
    settings = {
        "spark.kubernetes.namespace": "default",
        "spark.kubernetes.driver.pod.name": "rehearsal-driver",
        "spark.kubernetes.container.image": "rehearsal",
        "spark.kubernetes.authenticate.driver.serviceAccountName": "spark",
        "spark.kubernetes.submission.waitAppCompletion": "false",
        "spark.kubernetes.driver.label.app": "rehearsal",
        "spark.kubernetes.driver.annotation.app": "rehearsal",
        "spark.kubernetes.driverEnv.APP": "rehearsal",
        "spark.kubernetes.driver.secretKeyRef.KEY": "secret:key",
        "spark.kubernetes.driver.volumes.emptyDir.data.mount.path": "/data",
        "spark.kubernetes.driver.request.cores": "100m",
        "spark.driver.cores": "1",
        "spark.driver.memory": "1g",
        "spark.executor.instances": "1",
        "spark.executor.memory": "1g",
    }
    subprocess.run(
        [
            *("/opt/java/bin/java", f"-XX:ArchiveClassesAtExit={archive}", "@/opt/spark/jvm.args"),
            *("org.apache.spark.deploy.SparkSubmit", "--master", f"k8s://https://127.0.0.1:{port}"),
            *("--deploy-mode", "cluster", "--name", "rehearsal"),
            *(part for key, value in settings.items() for part in ("--conf", f"{key}={value}")),
            *("local:///app/main.py", "argument"),
        ],
        check=True,
        # The name of a build's container resolves in some builders only.
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
    )


if __name__ == "__main__":
    main(sys.argv[1])
