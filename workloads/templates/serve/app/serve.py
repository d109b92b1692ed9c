"""Answers how unusual a payment is: POST /score with {"amount": 50, "usual": 20}."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def score(amount: float, usual: float) -> float:
    """0 for the usual amount, 1 for twice as much, for nothing at all, and for whatever is further away."""
    return min(1.0, abs(amount - usual) / usual)


def answer(body: bytes) -> tuple[HTTPStatus, dict[str, object]]:
    """The answer to a request's body."""
    try:
        payment = json.loads(body)
        return HTTPStatus.OK, {"score": score(float(payment["amount"]), float(payment["usual"]))}
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return HTTPStatus.BAD_REQUEST, {"error": 'write {"amount": NUMBER, "usual": NUMBER other than 0}'}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self) -> None:
        """Tells that it is ready."""
        known = self.path == "/healthz"
        self.reply(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND, {"ready": known})

    def do_POST(self) -> None:
        """Scores a payment."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.reply(*answer(body) if self.path == "/score" else (HTTPStatus.NOT_FOUND, {"error": "POST /score"}))

    def reply(self, status: HTTPStatus, content: dict[str, object]) -> None:
        """Sends JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    print("answers on port 8080")
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()
