"""The files that are generated from the objectives, for Prometheus, Grafana and the documents."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from app.domain.objectives import Objective
from app.objectives.alerting import alerting_rules
from app.objectives.dashboard import dashboard
from app.objectives.plot import LANGUAGES, detection_plot
from app.objectives.recording import recording_rules

ROOT_FOLDER: Final = Path(__file__).parents[2]
_HEADING: Final = "# Generated from objectives.yaml by `flask --app app objectives generate`. Do not edit.\n"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and never a reference to an equal value."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Return True: a reference would be harder to read than what it refers to."""
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def generate(objectives: Iterable[Objective]) -> dict[str, str]:
    """Return the text of each file, by its path in the repository."""
    objectives = tuple(objectives)
    return {
        "deploy/prometheus/recording.rules.yml": _HEADING + to_yaml(recording_rules(objectives)),
        "deploy/prometheus/alerting.rules.yml": _HEADING + to_yaml(alerting_rules(objectives)),
        "deploy/grafana/exposure-alert.json": json.dumps(dashboard(objectives), indent=2, ensure_ascii=False) + "\n",
        **{f"docs/images/alert-detection-{language}.svg": detection_plot(language) for language in LANGUAGES},
    }


def write(objectives: Iterable[Objective], folder: Path = ROOT_FOLDER) -> list[str]:
    """Write the files that differ, and return their paths below the folder."""
    changed = differing(objectives, folder)
    texts = generate(objectives)
    for path in changed:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(texts[path], encoding="utf-8")
    return changed


def differing(objectives: Iterable[Objective], folder: Path = ROOT_FOLDER) -> list[str]:
    """Return the paths, below the folder, of files that are missing or not as they would be generated."""
    return [path for path, text in generate(objectives).items() if _read(folder / path) != text]


def to_yaml(content: Any) -> str:
    """Return content as YAML, in the order of its fields."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
