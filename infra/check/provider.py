"""A provider for Terraform that has the schema of the AWS provider, and contacts nothing.

Terraform starts it as it would start the real one, and can then validate a configuration and plan it, without a
network or an account. Attributes that only AWS knows get invented values (infra/check/invented.py). It implements the
part of Terraform's plugin protocol 5 that those commands use (docs/plugin-protocol/tfplugin5.proto of Terraform), whose
messages are encoded by hand: there are few.
"""

import json
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc
import msgpack

from infra.check.invented import fill_in
from infra.check.schema import Attribute, Block, Nested, ProviderSchema

_LIST, _SET = 2, 3  # NestedBlock.NestingMode
_SERVING: Final = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse


def encode_schema(schema: ProviderSchema) -> bytes:
    """Return the schema as a message GetProviderSchema.Response."""
    parts = [_message(1, _schema(schema.provider))]
    for number, types in ((2, schema.resources), (3, schema.data_sources)):
        parts += [
            _message(number, _text(1, name) + _message(2, _schema(block))) for name, block in sorted(types.items())
        ]
    return b"".join(parts)


def _schema(block: Block) -> bytes:
    return _number(1, 0) + _message(2, _block(block))


def _block(block: Block) -> bytes:
    attributes = [_message(2, _attribute(name, each)) for name, each in sorted(block.attributes.items())]
    blocks = [_message(3, _nested(name, each)) for name, each in sorted(block.blocks.items())]
    return b"".join(attributes + blocks)


def _attribute(name: str, attribute: Attribute) -> bytes:
    return (
        _text(1, name)
        + _text(2, json.dumps(attribute.type))
        + _number(4, attribute.required)
        + _number(5, attribute.optional)
        + _number(6, attribute.computed)
    )


def _nested(name: str, nested: Nested) -> bytes:
    return (
        _text(1, name)
        + _message(2, _block(nested.block))
        + _number(3, _SET if nested.is_set else _LIST)
        + _number(4, nested.required)
        + _number(5, nested.is_single)
    )


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(int(value)) if value else b""


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _message(field, content.encode())


def computed_attributes(schema: ProviderSchema) -> dict[str, dict[str, Any]]:
    """Return the types of the attributes that AWS may set, by resource and data source."""
    return {
        name: {key: each.type for key, each in block.attributes.items() if each.computed}
        for name, block in (schema.resources | schema.data_sources).items()
    }


def _fields(message: bytes) -> dict[int, bytes]:
    """Return the fields of a message that have a length, the last of each number."""
    found, place = {}, 0
    while place < len(message):
        key, place = _read_varint(message, place)
        value, place = _read_varint(message, place)
        if key & 7 == 2:
            found[key >> 3] = message[place : place + value]
            place += value
    return found


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


class _Plugin(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers the calls of Terraform: the schema, plans with invented values, and no objection to anything."""

    def __init__(self, schema: bytes, computed: Mapping[str, Mapping[str, Any]]) -> None:
        self.stopped = threading.Event()
        self._schema = schema
        self._computed = computed

    def service(self, details: Any) -> Any:
        """Return the handler of a call; None for those that Terraform does without."""
        name = str(details.method).rpartition("/")[2]
        if name in ("StartStream", "StreamStdio"):
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, _: self._answer(name, request))

    def _answer(self, name: str, request: bytes) -> bytes:
        if name == "GetSchema":
            return self._schema
        if name == "PrepareProviderConfig":
            return request  # the request and the response hold the configuration in the same field
        if name == "PlanResourceChange":
            return self._filled_in(request, values=3) + _number(5, 1)  # checked as leniently as the real provider
        if name == "ReadDataSource":
            return self._filled_in(request, values=2)
        if name == "Check":
            return _SERVING
        if name == "Shutdown":
            self.stopped.set()
        return b""

    def _filled_in(self, request: bytes, values: int) -> bytes:
        """Return a response whose first field has the values of a field of the request, and invented ones."""
        fields = _fields(request)
        resource = fields[1].decode()
        given = msgpack.unpackb(_fields(fields[values])[1], strict_map_key=False)
        if given is None:  # it is to be destroyed
            return _message(1, fields[values])
        return _message(1, _message(1, msgpack.packb(fill_in(resource, given, self._computed[resource]))))


def serve(schema: bytes, computed: Mapping[str, Mapping[str, Any]]) -> None:
    """Serve the plugin protocol to the process that started this one, until it ends."""
    plugin = _Plugin(schema, computed)
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers([plugin])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc", flush=True)
    plugin.stopped.wait()
    server.stop(grace=1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]).read_bytes(), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
