"""clickstream-serving: an HTTP server for the best model of a run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import uvicorn

from serving.answers import MOST_BYTES, answer
from serving.models import Served, best_of
from trainers.outcome import TrainerError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def application(served: Served) -> Application:
    """The ASGI application; what it computes takes a fraction of a millisecond, so it needs no thread of its own."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            status, content = 413, {"error": f"the body is longer than {MOST_BYTES} bytes; send fewer sessions at once"}
        else:
            status, content = answer(served, scope["method"], scope["path"], body)
        text = json.dumps(content).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return app


async def _body(receive: Receive) -> bytes | None:
    """All of a request's body; None for one that is too long."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def main(argv: Sequence[str] | None = None) -> None:
    """Load the model, then answer until the process is told to end."""
    parser = argparse.ArgumentParser(prog="clickstream-serving", description=__doc__)
    parser.add_argument("--models", required=True, help="URI of the bucket that holds the models")
    parser.add_argument("--run", help="run whose models are compared; the latest unless given")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args(argv)
    try:
        served = best_of(options.models, options.run)
    except TrainerError as error:
        print(f"clickstream-serving: {error}", file=sys.stderr)
        sys.exit(1)
    print(f"{served.framework} of run {served.run}, AUC {served.metrics['auc']:.4f}", flush=True)
    uvicorn.run(
        application(served),
        host=options.host,
        port=options.port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
