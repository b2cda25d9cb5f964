"""A service that is healthy only when its assets are built."""

import asyncio
from pathlib import Path

from fastapi import FastAPI, WebSocket

app = FastAPI()
BUILT = Path(__file__).with_name("built.txt")


@app.get("/health")
def health() -> dict[str, str]:
    return {"state": "healthy"}


@app.get("/")
async def front() -> dict[str, str]:
    await asyncio.sleep(0.01)
    return {"assets": BUILT.read_text() if BUILT.exists() else "none"}


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
