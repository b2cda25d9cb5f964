"""What a sample's folder must have, so that a copy of it is enough."""

import re

import pytest
import tree_sitter
import tree_sitter_swift
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from clients.phone import exposure_pb2 as pb
from tests.clients.sample_runs import ALL, FETCH, REQUEST, ROOT, SAMPLES, SUFFIXES, UPLOAD, build_commands

FOLDERS = sorted(path for path in SAMPLES.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))
PROTOS = sorted(SAMPLES.glob("*/exposure.proto"))


def sources(folder):
    """Return the files that people wrote: neither packages nor what a compiler generated."""
    paths = (path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return [path for path in paths if "node_modules" not in path.parts and not path.name.endswith("_pb2.py")]


def test_every_language_has_a_folder():
    assert {folder.name for folder in FOLDERS} == {*ALL, "swift"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_has_instructions_in_both_languages_of_the_same_structure(folder):
    pages = [(folder / name).read_text() for name in ("README.md", "README.fr.md")]
    shapes = [re.findall(r"^(#+|```sh)", page, re.MULTILINE) for page in pages]
    blocks = [re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE) for page in pages]

    assert shapes[0] == shapes[1]
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_instructions_name_every_program_of_the_folder(folder):
    page = (folder / "README.md").read_text()
    for sample in ALL[folder.name].commands if folder.name in ALL else ():
        names = {sample, sample.replace("_", "-")}
        assert any(name in page for name in names), sample


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_sample_reaches_out_of_its_folder(folder):
    texts = {path: path.read_text() for path in sources(folder)}

    assert texts
    assert [path.name for path, text in texts.items() if re.search(r"\.\./|\bclients[./]", text)] == []


def test_every_copy_of_the_messages_is_the_same():
    assert len(PROTOS) >= 7
    assert len({proto.read_text() for proto in PROTOS}) == 1


def fields(messages):
    """Return every field and every value of messages as they are on the wire."""
    found = {}
    for message in messages:
        found |= {
            (message.name, field.number): (field.name, field.type, field.label == field.LABEL_REPEATED)
            for field in message.field
        }
        found |= {
            (message.name, enum.name, value.number): value.name for enum in message.enum_type for value in enum.value
        }
    return found


def test_the_messages_of_the_samples_are_those_of_the_phone(tmp_path):
    compiled = tmp_path / "samples.bin"
    folder = PROTOS[0].parent
    includes = [f"--proto_path={folder}", f"--proto_path={protoc.__file__.rpartition('/')[0]}/_proto"]
    assert protoc.main(["protoc", *includes, f"--descriptor_set_out={compiled}", "exposure.proto"]) == 0
    [ours] = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes()).file
    phone = descriptor_pb2.FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(phone)

    in_samples = {message.name for message in ours.message_type}  # the phone also reads outbreak events
    assert fields(ours.message_type) == fields(each for each in phone.message_type if each.name in in_samples)
    assert len(in_samples) >= 8


def test_the_python_sample_pins_the_versions_that_the_project_is_tested_with():
    pins = re.findall(r"^(\S+==\S+)", (SAMPLES / "python" / "requirements.txt").read_text(), re.MULTILINE)
    ours = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))

    assert pins
    assert [pin for pin in pins if f"{pin} " not in ours and f"{pin}\n" not in ours] == []


@pytest.mark.parametrize("path", sorted((SAMPLES / "swift").rglob("*.swift")), ids=lambda path: path.name)
def test_the_swift_sample_has_no_error_of_syntax(path):
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_swift.language()))

    assert not parser.parse(path.read_bytes()).root_node.has_error
    assert parser.parse(b"func broken( {").root_node.has_error


def test_every_sample_is_short():
    own = [path for folder in FOLDERS for path in sources(folder)]
    lines = {str(path.relative_to(SAMPLES)): len(path.read_text().splitlines()) for path in own}

    assert len(own) >= 25
    assert {name: count for name, count in lines.items() if count > 190} == {}
    assert {f"{path}: {line}" for path in own for line in path.read_text().splitlines() if len(line) > 120} == set()


def test_three_samples_are_in_every_language_that_can_have_them():
    complete = {name for name, language in ALL.items() if {REQUEST, UPLOAD, FETCH} == set(language.commands)}

    assert complete == {"python", "node", "php", "ruby", "go"}
    assert all(build_commands(SAMPLES / name) for name in ("php", "ruby", "go", "csharp", "kotlin"))
