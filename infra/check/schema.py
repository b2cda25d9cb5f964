"""The schema of Terraform's AWS provider, read from the generated code of `cdktf-cdktf-provider-aws`.

The provider itself cannot be installed from a package index. Its schema can: cdktf generates a JavaScript class for
every resource and data source, which names each argument, its type, and whether it is a nested block. An argument is
optional if the class can reset it. Nothing of cdktf is executed; the files are read as text.
"""

import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

# An entry of `synthesizeHclAttributes` or of a `…ToHclTerraform` function.
_ENTRY: Final = re.compile(
    r'^\s+(?P<name>\w+): \{\s*value: (?P<value>.+),\s*isBlock: (?P<block>true|false),\s*type: "(?P<kind>\w+)",'
    r'\s*storageClassType: "(?P<storage>\w+)",',
    re.MULTILINE,
)
# The function that writes a nested block: of one block, or of a list, and then whether it is a block or an attribute.
_STRUCT: Final = re.compile(r"(?:cdktf\.listMapperHcl\()?(?P<name>\w+)ToHclTerraform(?:, (?P<is_block>true|false)\))?")
_MEMBER: Final = re.compile(r"(?:struct\.|this\._)(\w+)")
_GETTER: Final = re.compile(r"return this\.get(?P<kind>\w+?)Attribute\('(?P<name>\w+)'\)")
_FIELD: Final = re.compile(r'this\._\w+ = new (?P<type>\w+)\(this, "(?P<name>\w+)"(?:, (?P<is_set>true|false))?\)')
_VERSION: Final = re.compile(r"providerVersion: '([\d.]+)'")
_SIMPLE: Final = {"string": "string", "number": "number", "boolean": "bool"}
_GETTERS: Final[dict[str, Any]] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "StringMap": ["map", "string"],
    "NumberList": ["list", "number"],
}
# The generated classes do not show which optional arguments the provider fills in when they are not set. These are
# the ones that the configuration refers to.
_FILLED_IN: Final = frozenset(
    {"id", "arn", "region", "ipv6_cidr_block", "master_user_secret_kms_key_id", "version_id", "latest_revision"}
)


@dataclass(frozen=True)
class Attribute:
    """An argument or attribute; `type` is written as in cty's JSON, such as `["list", "string"]`."""

    type: Any
    required: bool = False
    optional: bool = False
    computed: bool = False


@dataclass(frozen=True)
class Block:
    """The arguments and nested blocks of a resource, of a data source, or of one nested block."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: dict[str, "Nested"] = field(default_factory=dict)


@dataclass(frozen=True)
class Nested:
    """A nested block, which may be given at most once if `is_single`."""

    block: Block
    is_set: bool
    is_single: bool
    required: bool


@dataclass(frozen=True)
class ProviderSchema:
    """The schema of one release of the provider, for the types that were asked for."""

    version: str
    provider: Block
    resources: dict[str, Block]
    data_sources: dict[str, Block]


def read_schema(assembly: Path, resources: Iterable[str], data_sources: Iterable[str]) -> ProviderSchema:
    """Return the schema of these types, such as `aws_lb`; raise ValueError for a type that does not exist."""
    wanted = {f"package/lib/{_folder(name)}/index.js": name for name in resources}
    wanted |= {f"package/lib/data-aws-{_folder(name)}/index.js": f"data.{name}" for name in data_sources}
    wanted["package/lib/provider/index.js"] = "provider"
    sources = _read_files(assembly, wanted)
    if missing := set(wanted.values()) - set(sources):
        raise ValueError(f"the provider has no {', '.join(sorted(missing))}")
    blocks = {name: _Source(text).block for name, text in sources.items() if name != "provider"}
    versions = {found for text in sources.values() for found in _VERSION.findall(text)}
    (version,) = versions
    return ProviderSchema(
        version=version,
        provider=_Source(sources["provider"]).block,
        resources={name: block for name, block in blocks.items() if not name.startswith("data.")},
        data_sources={name.removeprefix("data."): block for name, block in blocks.items() if name.startswith("data.")},
    )


def _folder(name: str) -> str:
    return name.removeprefix("aws_").replace("_", "-")


def _read_files(assembly: Path, wanted: dict[str, str]) -> dict[str, str]:
    found = {}
    with tarfile.open(assembly, "r:gz") as archive:
        for member in archive:
            if member.name in wanted and (content := archive.extractfile(member)):
                found[wanted[member.name]] = content.read().decode()
    return found


class _Source:
    """One generated file, which declares a resource's class after the functions and classes of its nested blocks."""

    def __init__(self, text: str) -> None:
        nested, _, main = text.rpartition("\nclass ")
        self._nested = nested
        self._main = main

    @property
    def block(self) -> Block:
        """The schema of the resource, with its nested blocks and its computed attributes."""
        arguments = self._main.rpartition("synthesizeHclAttributes() {")[2]
        block = self._arguments(arguments, self._main)
        for name, attribute in self._computed(self._main).items():
            if name not in block.attributes and name not in block.blocks:
                block.attributes[name] = attribute
        return block

    def _arguments(self, text: str, owner: str) -> Block:
        """Return the arguments listed in `text`; those that the class `owner` can reset are optional."""
        block = Block()
        for entry in _ENTRY.finditer(text):
            name, value = entry["name"], entry["value"]
            optional = _is_optional(name, value, owner)
            struct = _STRUCT.match(value)
            if struct is None:
                type_ = _type_of(entry["kind"], entry["storage"])
                filled_in = optional and name in _FILLED_IN
                block.attributes[name] = Attribute(type_, not optional, optional, filled_in)
                continue
            inner = self._struct(struct["name"])
            if struct["is_block"] == "false":  # an attribute whose value is a list of objects
                members = {key: each.type for key, each in inner.attributes.items()}
                block.attributes[name] = Attribute([entry["kind"], ["object", members]], not optional, optional)
            else:
                is_single = struct["is_block"] is None
                block.blocks[name] = Nested(inner, entry["kind"] == "set", is_single, required=not optional)
        return block

    def _struct(self, name: str) -> Block:
        body = self._nested.partition(f"function {name}ToHclTerraform(struct) {{")[2].partition("\nfunction ")[0]
        owner = self._class(f"{_capital(name)}OutputReference")
        return self._arguments(body.partition("\nclass ")[0], owner)

    def _class(self, name: str) -> str:
        return self._classes.get(name, "")

    @cached_property
    def _classes(self) -> dict[str, str]:
        return {part.partition(" ")[0]: part for part in self._nested.split("\nclass ")[1:]}

    def _computed(self, text: str) -> dict[str, Attribute]:
        """Return the attributes of a class that only the provider sets."""
        found = {
            getter["name"]: Attribute(_GETTERS.get(getter["kind"], "dynamic"), computed=True)
            for getter in _GETTER.finditer(text)
        }
        for each in _FIELD.finditer(text):
            element = self._class(each["type"].removesuffix("List") + "OutputReference")
            members = {name: attribute.type for name, attribute in self._computed(element).items()}
            if element:
                kind = "set" if each["is_set"] == "true" else "list"
                found[each["name"]] = Attribute([kind, ["object", members]], computed=True)
            elif each["type"].endswith("Map"):
                found[each["name"]] = Attribute(["map", "string"], computed=True)
        return found


def _is_optional(name: str, value: str, owner: str) -> bool:
    """Return whether a class can reset an argument. Some members have another name, as objects have an `equals`."""
    member = _MEMBER.search(value)
    return name == "id" or (member is not None and f"reset{_capital(member[1])}()" in owner)


def _type_of(kind: str, storage: str) -> Any:
    if kind == "simple":
        return _SIMPLE.get(storage, "dynamic")
    element = re.sub(r"(List|Map)$", "", storage)
    return [kind, _SIMPLE.get(element, "dynamic")]


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
