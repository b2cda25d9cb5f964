"""docs/protocol.md and docs/glossary.md agree with the schema, the settings and the source."""

import re

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from app.config.settings import describe_settings
from app.proto import covidshield_pb2 as wire
from tests.guards.source import ROOT, modules

PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SETTINGS = {setting.name for setting in describe_settings()}
# Variables of the public server that have no counterpart here.
NOT_SETTINGS = {"METRIC_PROVIDER", "TRACER_PROVIDER"}

SCALARS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_SINT32: "sint32",
    FieldDescriptor.TYPE_FIXED64: "fixed64",
    FieldDescriptor.TYPE_ENUM: "enum",
}


def table(head: str) -> dict[str, str]:
    """Return the rows of the document's table with this heading: the first cell, and the second."""
    lines = PROTOCOL.partition(f"{head}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return dict(line.strip("| ").split(" | ", 1) for line in lines)


def written_field(field: FieldDescriptor) -> str:
    kind = field.message_type.name if field.message_type else SCALARS[field.type]
    repeated = "repeated " if field.is_repeated else ""
    default = f", default {field.default_value}" if field.has_default_value and field.default_value else ""
    return f"{field.number} {field.name}: {repeated}{kind}{default}"


def written_message(message: Descriptor) -> str:
    return "; ".join(written_field(field) for field in message.fields)


def written_enum(enum: EnumDescriptor) -> str:
    return ", ".join(f"{value.number} {value.name}" for value in enum.values)


def without_remark(cell: str) -> str:
    return re.sub(r" \([^)]*\)$", "", cell)


def test_documented_messages_match_the_schema() -> None:
    described = table("| message | fields (number, name, type) |")
    schema = wire.DESCRIPTOR.message_types_by_name
    assert {name: without_remark(cell) for name, cell in described.items()} == {
        name: written_message(message) for name, message in schema.items()
    }


def test_documented_enums_match_the_schema() -> None:
    described = {name: without_remark(cell) for name, cell in table("| enum | values |").items()}
    enums = {
        (enum.name if enum.name != "ErrorCode" else f"error of {name}"): written_enum(enum)
        for name, message in wire.DESCRIPTOR.message_types_by_name.items()
        for enum in message.enum_types
    }
    assert described == enums


def test_settings_for_the_former_behaviour_exist() -> None:
    differences = PROTOCOL.partition("## What differs")[2].partition("<a id=")[0]
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", differences))
    assert {"PUBLISH_ACTIVE_KEYS", "MAX_UPLOAD_BODY_BYTES", "EXPORT_MAX_AGE_SECONDS", "RATE_LIMITS"} <= named
    assert named - SETTINGS - NOT_SETTINGS == set()


def test_names_in_the_glossary_exist_in_the_source() -> None:
    source = "\n".join(module.text for module in modules("app"))
    names = [
        name
        for row in GLOSSARY.splitlines()
        if row.startswith("| ")
        for name in re.findall(r"`([^`]+)`", row.split(" | ")[1])
    ]
    assert len(names) > 30
    assert [name for name in names if name.removeprefix("/") not in source and name not in SETTINGS] == []
