"""How a test runs a sample: as an integrator does, from a copy of its folder, built as its README describes."""

import functools
import os
import re
import shutil
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.clients.scripted import Reply, scripted
from tests.support.torture import CI, TORTURE, times

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "clients" / "samples"
SUFFIXES = {".sh", ".py", ".mjs", ".php", ".rb", ".go", ".cs", ".kt", ".swift"}
RESERVED_PORT = "http://127.0.0.1:9"  # discard: nothing listens there
REQUEST, UPLOAD, FETCH = "request_code", "claim_and_upload", "fetch_day"

_JARS = "/usr/share/java/protobuf.jar:/usr/share/java/jna.jar:/usr/share/java/kotlin-stdlib.jar"
_KOTLIN = ("java", "-Dsodium=libsodium.so.23", "-cp", f"build:{_JARS}", "exposure.MainKt")


@dataclass(frozen=True)
class Language:
    """The commands of a language's samples, in its folder; and a command that fails where a package is missing."""

    commands: dict[str, tuple[str, ...]]
    programs: tuple[str, ...]
    probe: tuple[str, ...] = ("true",)
    compiles_long: bool = False


ALL = {
    "bash": Language({REQUEST: ("bash", "request-code.sh")}, ("curl",)),
    "python": Language({name: (sys.executable, f"{name}.py") for name in (REQUEST, UPLOAD, FETCH)}, ()),
    "node": Language(
        {name: ("node", f"{name.replace('_', '-')}.mjs") for name in (REQUEST, UPLOAD, FETCH)},
        ("node",),
        ("test", "-d", str(SAMPLES / "node" / "node_modules")),
    ),
    "php": Language(
        {name: ("php", f"{name}.php") for name in (REQUEST, UPLOAD, FETCH)},
        ("php", "protoc"),
        (
            "php",
            "-r",
            'exit((int) !(extension_loaded("intl") && extension_loaded("zip") && extension_loaded("curl")'
            '&& stream_resolve_include_path("Google/Protobuf/Timestamp.php")));',
        ),
    ),
    "ruby": Language(
        {name: ("ruby", f"{name}.rb") for name in (REQUEST, UPLOAD, FETCH)},
        ("ruby", "protoc"),
        ("ruby", "-e", 'require "rbnacl"; require "google/protobuf"; require "zip"'),
    ),
    "go": Language(
        {name: ("./exposure", name.replace("_", "-")) for name in (REQUEST, UPLOAD, FETCH)},
        ("go", "protoc", "protoc-gen-go"),
        (
            "test",
            "-d",
            "/usr/share/gocode/src/golang.org/x/crypto",
            "-a",
            "-d",
            "/usr/share/gocode/src/golang.org/x/text",
        ),
    ),
    "csharp": Language(
        {name: ("mono", f"{name}.exe") for name in (REQUEST, UPLOAD)},
        ("mcs", "mono"),
        ("sh", "-c", "/sbin/ldconfig -p | grep -q libsodium.so.23"),
    ),
    "kotlin": Language(
        {name: (*_KOTLIN, name.replace("_", "-")) for name in (UPLOAD, FETCH)},
        ("java", "javac", "kotlinc", "protoc"),
        (
            "sh",
            "-c",
            "ls /usr/share/java/protobuf.jar /usr/share/java/jna.jar && /sbin/ldconfig -p | grep -q libsodium",
        ),
        compiles_long=True,
    ),
}


def languages(sample: str) -> list[str]:
    """Return the languages that have a sample."""
    return [name for name, language in ALL.items() if sample in language.commands]


@dataclass(frozen=True)
class Outcome:
    """What a sample did."""

    status: int
    out: str
    err: str

    @property
    def stopped_with_one_line(self) -> bool:
        """Whether it printed no result, and one line with the reason."""
        return self.status == 1 and self.out == "" and self.err.count("\n") == 1 and self.err.endswith("\n")


@functools.cache
def missing(name: str) -> str:
    """Return why this machine cannot run a language's samples, or nothing."""
    language = ALL[name]
    absent = [program for program in language.programs if not shutil.which(program)]
    if absent:
        return f"{', '.join(absent)} is not installed"
    if language.compiles_long and not TORTURE:
        return f"the {name} samples take long to compile: make torture runs them"
    if build_commands(SAMPLES / name) and not (CI or TORTURE):
        return f"the {name} samples are compiled: CI=1 make test runs them"
    probe = subprocess.run(language.probe, capture_output=True, check=False)
    return "" if probe.returncode == 0 else f"a package of the {name} samples is not installed: bin/install-system"


def available(sample: str) -> list[str]:
    """Return the languages that have a sample and can run here."""
    return [name for name in languages(sample) if not missing(name)]


def chosen(sample: str) -> list[str]:
    """Return the available languages of a sample that run the current case: a third of them, in `make torture` all.

    Which third depends on the test's name, so that each language runs many cases, and each case is run.
    """
    names = available(sample)
    first = zlib.crc32(os.environ["PYTEST_CURRENT_TEST"].encode()) % 3
    return times(names[first::3] or names, names)


def surroundings(**settings: str) -> dict[str, str]:
    """Return all that a sample finds in its environment: nothing there leads to the project."""
    path = [place for place in os.environ["PATH"].split(os.pathsep) if not place.startswith(str(ROOT))]
    kept = {"PATH": os.pathsep.join(path), "HOME": os.environ.get("HOME", "/")}
    return {**kept, "HASH_ID_KEY": "a secret of the laboratory", **settings}


def build_commands(folder: Path) -> str:
    """Return the commands under "Build" of a folder's README."""
    found = re.search(r"^## Build\n+```sh\n(.*?)^```", (folder / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


class Copies:
    """Copies of the samples' folders, outside of the project; each is built when it is first used."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        """Keep them in `place`; `environment` is all that a build gets."""
        self._place = place
        self._environment = environment

    def folder(self, name: str) -> Path:
        """Return the folder of a language."""
        folder = self._place / name
        if not folder.exists():
            shutil.copytree(SAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
            done = subprocess.run(
                ["bash", "-euc", build_commands(folder)],
                cwd=folder,
                env=self._environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        return folder

    def run(self, name: str, sample: str, environment: dict[str, str], *arguments: str) -> Outcome:
        """Run a sample to its end."""
        done = subprocess.run(
            [*ALL[name].commands[sample], *arguments],
            cwd=self.folder(name),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def run_all(
        self, sample: str, *arguments: str, script: list[Reply | None] | None = None, **settings: str
    ) -> dict[str, tuple[Outcome, int]]:
        """Return each chosen language's outcome against a scripted server, and how many requests it sent.

        Without a script nothing listens. All run at the same time, because they mostly wait.
        """

        def start(name: str) -> tuple[Outcome, int]:
            with scripted(*(script or [None])) as server:
                url = server.url if script else RESERVED_PORT
                variables = {"SUBMISSION_URL": url, "RETRIEVAL_URL": url, "KEY_CLAIM_TOKEN": "token", **settings}
                return self.run(name, sample, surroundings(**variables), *arguments), len(server.asked)

        names = chosen(sample)
        for name in names:
            self.folder(name)
        with ThreadPoolExecutor(len(names)) as pool:
            return dict(zip(names, pool.map(start, names), strict=True))
