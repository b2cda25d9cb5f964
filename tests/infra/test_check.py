"""What stands in for the AWS provider: its schema, its messages, its invented values."""

import io
import tarfile
from pathlib import Path

import pytest

from infra.check.invented import fill_in
from infra.check.schema import Attribute, read_schema
from infra.check.waf import statement

# A shortened file of cdktf-cdktf-provider-aws.
RULE = """
function thingRuleToHclTerraform(struct) {
    const attrs = {
        id: {
            value: cdktf.stringToHclTerraform(struct.id),
            isBlock: false,
            type: "simple",
            storageClassType: "string",
        },
        equals: {
            value: cdktf.listMapperHcl(cdktf.stringToHclTerraform, false)(struct.equalTo),
            isBlock: false,
            type: "list",
            storageClassType: "stringList",
        },
    };
}
class ThingRuleOutputReference extends cdktf.ComplexObject {
    resetEqualTo() {
    }
}
class ThingStateOutputReference extends cdktf.ComplexObject {
    get url() {
        return this.getStringAttribute('url');
    }
}
"""
MAIN = """class Thing extends cdktf.TerraformResource {
    constructor(scope, id, config) {
        providerVersion: '6.25.0',
        this._state = new ThingStateList(this, "state", false);
    }
    get arn() {
        return this.getStringAttribute('arn');
    }
    resetSize() {
    }
    synthesizeHclAttributes() {
        const attrs = {
            name: {
                value: cdktf.stringToHclTerraform(this._name),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            size: {
                value: cdktf.numberToHclTerraform(this._size),
                isBlock: false,
                type: "simple",
                storageClassType: "number",
            },
            rule: {
                value: cdktf.listMapperHcl(thingRuleToHclTerraform, true)(this._rule.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ThingRuleList",
            },
        };
    }
}
"""


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    path = tmp_path / "assembly.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (("thing", RULE + MAIN), ("provider", MAIN)):
            content = text.encode()
            entry = tarfile.TarInfo(f"package/lib/{name}/index.js")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_the_schema_has_types_and_what_is_required(assembly: Path) -> None:
    schema = read_schema(assembly, ["aws_thing"], [])
    thing = schema.resources["aws_thing"]
    assert schema.version == "6.25.0"
    assert thing.attributes["name"] == Attribute("string", required=True)
    assert thing.attributes["size"] == Attribute("number", optional=True)
    assert thing.attributes["arn"] == Attribute("string", computed=True)
    assert thing.attributes["state"] == Attribute(["list", ["object", {"url": "string"}]], computed=True)


def test_the_schema_has_nested_blocks(assembly: Path) -> None:
    rule = read_schema(assembly, ["aws_thing"], []).resources["aws_thing"].blocks["rule"]
    assert (rule.is_set, rule.is_single, rule.required) == (True, False, True)
    assert rule.block.attributes["equals"] == Attribute(["list", "string"], optional=True), "renamed to equalTo"


def test_an_unknown_type_is_an_error(assembly: Path) -> None:
    with pytest.raises(ValueError, match="aws_nothing"):
        read_schema(assembly, ["aws_nothing"], [])


def test_invented_values_replace_what_is_not_set_alone() -> None:
    computed = {"arn": "string", "id": "string", "revision": "number"}
    filled = fill_in("aws_thing", {"name": "a", "id": "given", "size": None, "arn": None, "revision": None}, computed)
    assert filled == {"name": "a", "id": "given", "size": None, "arn": "arn:aws:aws_thing:::a", "revision": 1}


def test_resources_without_a_name_get_different_values() -> None:
    first, second = (fill_in("aws_thing", {"port": port}, {"id": "string"})["id"] for port in (1, 2))
    assert first != second


def test_statements_of_firewalls_are_nested_three_deep() -> None:
    inner = statement().blocks["and_statement"].block.blocks["statement"].block
    assert "not_statement" in inner.blocks
    deepest = inner.blocks["not_statement"].block.blocks["statement"].block
    assert "and_statement" not in deepest.blocks
    assert "regex_match_statement" in deepest.blocks
