"""Documents agree with the code about settings, commands, routes, files, targets and log messages."""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from flask import Flask

from app.config import ALL_SURFACES
from app.config.settings import SettingDescription, describe_settings
from app.measuring.instruments import FAMILIES
from tests.guards.source import ROOT, modules
from tests.support.settings import make_settings
from worker.schedule import PERIODIC_JOBS

README = (ROOT / "README.md").read_text(encoding="utf-8")
IGNORED = {".venv", "var", "node_modules", ".git", "htmlcov"}
# Commands of every Flask application. `db` is described as a whole.
NOT_OURS = {"run", "shell", "routes"}
LEVELS = {"info", "warning", "error", "exception", "critical"}


@cache
def documents() -> list[Path]:
    """Return every Markdown file of the project."""
    found = []
    for folder, below, files in os.walk(ROOT):
        below[:] = set(below) - IGNORED  # do not even enter what is installed: it is most of the files
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    return sorted(found)


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def prose_of(document: Path) -> str:
    """Return a document without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text_of(document), flags=re.DOTALL | re.MULTILINE)


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def settings_row(setting: SettingDescription) -> str:
    """Return the line of README's table that describes a setting."""
    default = "**none**" if setting.default is None else f"`{setting.default}`" if setting.default else "empty"
    required = "all" if setting.required_by == ALL_SURFACES else ", ".join(setting.required_by)
    secret = "yes" if setting.is_secret else ""
    return f"| `{setting.name}` | {default} | {required} | {secret} | {setting.description} |"


def test_readme_describes_every_setting() -> None:
    lines = README.splitlines()
    missing = [row for row in map(settings_row, describe_settings()) if row not in lines]
    assert missing == [], "add or correct these lines of README's table of settings"


def test_readme_describes_no_setting_that_does_not_exist() -> None:
    table = README.partition("| setting | default |")[2].partition("\n\n")[0]
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", table, flags=re.MULTILINE))
    assert {"PORT", "DATABASE_URL"} <= named
    assert named - {setting.name for setting in describe_settings()} == set(), "delete these rows"


def test_readme_names_every_variable_that_scripts_read() -> None:
    sources = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("app/web/listening.py", "app/web/server.py", "gunicorn.conf.py", "bin/web", "bin/install")
    }
    pattern = r'(?:environ(?:ment)?\.get\("|_number\("|\$\{)([A-Z_]+)(?:"|:-)'
    read = {name for text in sources.values() for name in re.findall(pattern, text)}
    assert {"PORT", "WEB_CONCURRENCY", "WEB_SERVER", "WEB_THREADS", "PYTHON"} <= read
    assert {name for name in read if not re.search(rf"`{name}\b", README)} == set()


def commands(group: click.Group, prefix: str = "") -> Iterator[str]:
    """Yield every command below a group, such as `secrets make`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group) and name != "db":
            yield from commands(command, f"{prefix}{name} ")
        elif prefix or name not in NOT_OURS:
            yield prefix + name


def described_commands() -> list[str]:
    """Return the commands of README's table, with their arguments."""
    return re.findall(r"^\| `flask ([^`]+)`", README, flags=re.MULTILINE)


def test_readme_describes_every_command(app: Flask) -> None:
    described = [f"{text} " for text in described_commands()]
    missing = [name for name in commands(app.cli) if not any(text.startswith(f"{name} ") for text in described)]
    assert missing == [], "add a row to README's table of commands"


def test_readme_describes_no_command_that_does_not_exist(app: Flask) -> None:
    known = [f"{command} " for command in commands(app.cli)]
    assert [text for text in described_commands() if not f"{text} ".startswith(tuple(known))] == []


def routes(app: Flask) -> set[str]:
    """Return every path of the application as documents write it: `/retrieve/{region}/{day}/{auth}`."""
    return {re.sub(r"<(?:[^:<>]+:)?([a-z_]+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}


def test_readme_lists_every_route_and_no_other(app: Flask) -> None:
    table = README.partition("| path | who | what |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`(/[^`]*)`", table))
    assert routes(app) - listed == set(), "add these paths to README's table of endpoints"
    assert listed - routes(app) == set(), "delete these paths from README's table of endpoints"


def test_internal_links_are_valid() -> None:
    broken = [
        f"{name_of(document)}: {target}"
        for document in documents()
        for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(document))
        if not is_outside(target) and not leads_somewhere(document, target)
    ]
    assert broken == []


def is_outside(target: str) -> bool:
    return re.match(r"[a-z]+:", target) is not None


def leads_somewhere(document: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    linked = (document.parent / path).resolve() if path else document
    if not linked.exists():
        return False
    return not anchor or linked.suffix != ".md" or anchor in anchors(linked)


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document: its headings, as GitHub makes them, and those that it sets itself."""
    text = text_of(document)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    explicit = set(re.findall(r'<a id="([^"]+)"></a>', text))
    return explicit | {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_documents_are_linked_from_the_readme() -> None:
    found: set[Path] = set()
    to_read = {ROOT / "README.md"}
    while to_read:
        document = to_read.pop()
        found.add(document)
        links = re.findall(r"\]\(([^)#\s]+\.md)", prose_of(document))
        to_read |= {path for link in links if (path := (document.parent / link).resolve()).exists()} - found
    # The hosting service shows these itself.
    own = {document for document in documents() if ".github" not in document.parts}
    assert sorted(map(name_of, own - found)) == [], "link to each of these from a document that is read before it"


def test_named_files_exist() -> None:
    missing = [
        f"{name_of(document)}: {name}"
        for document in documents()
        for name in named_files(document)
        if not (ROOT / name).exists() and not (document.parent / name).exists()
    ]
    assert missing == []


def named_files(document: Path) -> set[str]:
    """Return the paths of files of the project that a document names."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - IGNORED
    return {
        token
        for token in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", prose_of(document))
        if "/" in token and token.split("/")[0] in folders and re.fullmatch(r"[\w./-]+", token)
    }


def folders_to_describe() -> list[str]:
    """Return the folders that guides describe: those at the top, and those of the application and the tests."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    top = {path.split("/")[0] for path in tracked if "/" in path and not path.startswith(".")} - {"app", "tests"}
    inner = {"/".join(path.split("/")[:2]) for path in tracked if re.match(r"(app|tests)/[^/]+/", path)}
    return sorted(top | inner)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: tracked folders are unknown")
def test_the_contributors_guides_describe_every_folder() -> None:
    texts = {guide: text_of(ROOT / guide) for guide in ("CONTRIBUTING.md", "CONTRIBUTING.fr.md")}
    missing = [
        f"{guide}: {each}" for guide in texts for each in folders_to_describe() if f"`{each}/`" not in texts[guide]
    ]
    assert missing == [], "describe these folders in the contributors' guides"


def test_named_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    unknown = [
        f"{name_of(document)}: make {name}"
        for document in documents()
        for name in re.findall(r"(?:`|^)make ([a-z-]+)", text_of(document), flags=re.MULTILINE)
        if name not in targets
    ]
    assert unknown == []


def logged_messages() -> set[str]:
    """Return every constant message that the service and its worker log."""
    nodes = [node for module in modules("app", "worker") for node in ast.walk(module.tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and re.search(r"(^|[._])log(ger)?$", ast.unparse(call.func.value))
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def explained_messages() -> set[str]:
    """Return the messages of the table in operations.md: the code in its first cells, without the names of fields."""
    table = text_of(ROOT / "docs" / "operations.md").partition("| `msg` | level |")[2].partition("\n\n")[0]
    cells = [re.split(r",? with |, logger ", row.split(" | ")[0])[0] for row in table.splitlines()]
    return {message for cell in cells for message in re.findall(r"`([^`]+)`", cell)}


def test_every_log_message_is_documented() -> None:
    messages = logged_messages()
    assert {"request failed", "job failed", "request failed outside the application"} <= messages
    assert messages - explained_messages() == set(), "add these messages to the table in docs/operations.md"


def test_periodic_jobs_are_documented() -> None:
    table = text_of(ROOT / "docs" / "operations.md").partition("| job | every |")[2].partition("\n\n")[0]
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|", table, flags=re.MULTILINE))
    names = [job.name for job in PERIODIC_JOBS]
    assert list(documented) == names, "list the jobs of worker/schedule.py in docs/operations.md"
    own = {"DIGEST_EMAILS": "team@health.example", "MAIL_URL": "smtp://h", "MAIL_FROM": "a@health.example"}
    own |= {"SURFACES": ",".join(ALL_SURFACES), "RELEASE_PERIOD_HOURS": "1"}
    settings = make_settings("postgresql://h/x", "redis://h", **own)
    for job in PERIODIC_JOBS:
        if stated := re.match(r"(\d+ )?(second|minute|hour)", documented[job.name]):
            seconds = int(stated[1] or 1) * {"second": 1, "minute": 60, "hour": 3600}[stated[2]]
            assert job.interval(settings) == seconds, f"state the interval of {job.name} in docs/operations.md"


@pytest.mark.parametrize("language", ["", ".fr"])
def test_metric_families_are_documented(language: str) -> None:
    text = text_of(ROOT / "docs" / f"operations{language}.md")
    table = re.split(r"\n### M[eé]tri(?:cs|ques)\n", text)[1].partition("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*) \|", table, flags=re.MULTILINE)
    documented = [(name, tuple(re.findall(r"`(\w+)`", labels))) for name, labels in rows]
    families = [(family.name, family.labels) for family in FAMILIES]
    assert documented == families, "list the families of app/measuring/instruments.py in docs/operations"


def test_english_explains_metric_families_as_they_are_exposed() -> None:
    text = text_of(ROOT / "docs" / "operations.md")
    rows = [
        re.escape(f"| `{each.name}` | {each.kind} |") + r" [^|]* " + re.escape(f"| {each.meaning} |")
        for each in FAMILIES
    ]
    assert [row for row in rows if not re.search(row, text)] == []


def test_documented_log_messages_exist() -> None:
    """Messages of libraries have parts that vary, written as `…`."""
    sources = "".join(module.text for module in modules("app.web")) + text_of(ROOT / "gunicorn.conf.py")
    ours = {message for message in explained_messages() if "…" not in message}
    assert {message for message in ours - logged_messages() if f'"{message}"' not in sources} == set()
