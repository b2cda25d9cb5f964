"""The nested block `statement` of firewalls, which cdktf leaves untyped because it may contain itself.

Written from the documentation of `aws_wafv2_web_acl`, for the statements that the configuration uses.
"""

from typing import Final

from infra.check.schema import Attribute, Block, Nested

_DEPTH: Final = 3  # as deep as the provider nests them


def _attribute(type_: object, *, required: bool = True) -> Attribute:
    return Attribute(type_, required=required, optional=not required)


def _one(block: Block, *, required: bool = False) -> Nested:
    return Nested(block, is_set=False, is_single=True, required=required)


_FIELD: Final = Block(
    blocks={
        "body": _one(Block({"oversize_handling": _attribute("string", required=False)})),
        "method": _one(Block()),
        "single_header": _one(Block({"name": _attribute("string")})),
        "uri_path": _one(Block()),
    }
)
_TRANSFORMATION: Final = Nested(
    Block({"priority": _attribute("number"), "type": _attribute("string")}),
    is_set=True,
    is_single=False,
    required=True,
)
_COUNT: Final = Block(blocks={"count": _one(Block())})
_OVERRIDE: Final = Block({"name": _attribute("string")}, {"action_to_use": _one(_COUNT, required=True)})


def _match(**attributes: object) -> Nested:
    """Return a statement that compares a field of a request."""
    block = Block(
        {name: _attribute(type_) for name, type_ in attributes.items()},
        {"field_to_match": _one(_FIELD), "text_transformation": _TRANSFORMATION},
    )
    return _one(block)


def statement(depth: int = _DEPTH) -> Block:
    """Return the block `statement`; `depth` levels of statements may be inside it."""
    blocks = {
        "ip_set_reference_statement": _one(Block({"arn": _attribute("string")})),
        "regex_match_statement": _match(regex_string="string"),
        "regex_pattern_set_reference_statement": _match(arn="string"),
        "size_constraint_statement": _match(comparison_operator="string", size="number"),
    }
    if depth == _DEPTH:
        blocks["managed_rule_group_statement"] = _one(
            Block(
                {"name": _attribute("string"), "vendor_name": _attribute("string")},
                {"rule_action_override": Nested(_OVERRIDE, is_set=False, is_single=False, required=False)},
            )
        )
        rate = {
            "limit": _attribute("number"),
            "evaluation_window_sec": _attribute("number", required=False),
            "aggregate_key_type": _attribute("string", required=False),
        }
        blocks["rate_based_statement"] = _one(Block(rate, {"scope_down_statement": _one(statement(depth - 1))}))
    if depth > 1:
        several = Nested(statement(depth - 1), is_set=False, is_single=False, required=True)
        blocks["and_statement"] = _one(Block(blocks={"statement": several}))
        blocks["not_statement"] = _one(Block(blocks={"statement": _one(statement(depth - 1), required=True)}))
    return Block(blocks=blocks)
