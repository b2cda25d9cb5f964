"""How a test runs a sample: the command of each language, and whether this machine can run it."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "clients" / "samples"
LANGUAGES = ("bash", "python", "node", "php", "ruby", "go", "csharp")
NEEDS = {"bash": "curl", "node": "node", "php": "php", "ruby": "ruby", "go": "go", "csharp": "mcs"}


@dataclass(frozen=True)
class Outcome:
    """What a sample did."""

    status: int
    out: str
    err: str


def missing(language: str) -> str:
    """Return why this machine cannot run a language's samples, or nothing."""
    program = NEEDS.get(language)
    return f"{program} is not installed" if program and not shutil.which(program) else ""


def missing_packages(language: str) -> str:
    """Return why this machine cannot run a sample that needs packages, or nothing."""
    if language == "node" and not missing("node") and not (SAMPLES / "node" / "node_modules").is_dir():
        return "`npm ci` was not run in clients/samples/node"
    return missing(language)


def command(language: str, sample: str, built: Path) -> list[str]:
    """Return how to start a sample, named as in Python; what must be built is kept in a folder."""
    dashed = sample.replace("_", "-")
    match language:
        case "bash":
            return ["bash", str(SAMPLES / "bash" / f"{dashed}.sh")]
        case "python":
            return [sys.executable, "-m", f"clients.samples.python.{sample}"]
        case "node":
            return ["node", str(SAMPLES / "node" / f"{dashed}.mjs")]
        case "php" | "ruby":
            extension = {"php": "php", "ruby": "rb"}[language]
            return [language, str(SAMPLES / language / f"{sample}.{extension}")]
        case "go":
            return [str(_build(built / "go", ["go", "build", "-o", "{out}", str(SAMPLES / "go" / f"{sample}.go")]))]
        case _:
            source = str(SAMPLES / "csharp" / "RequestCode.cs")
            compiler = ["mcs", "-warnaserror", "-r:System.Net.Http.dll", "-out:{out}", source]
            return ["mono", str(_build(built / "csharp.exe", compiler))]


def run(command: list[str], environment: dict[str, str], *arguments: str) -> Outcome:
    """Run a sample to its end."""
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def _build(out: Path, compiler: list[str]) -> Path:
    if not out.exists():
        subprocess.run([word.format(out=out) for word in compiler], check=True, capture_output=True)
    return out
