"""Runs the commands of a workflow as GitHub does, as far as our workflows need it: conditions, outputs, needs."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_PATH = re.compile(r"'[^']*'|\b[a-z]\w*(?:\.[\w-]+)+")
_TEMPLATE = re.compile(r"\$\{\{(.*?)\}\}")
_STATUS = re.compile(r"\b(always|failure|cancelled)\(\)")


@dataclass
class Run:
    """A run of the workflow in the file `workflow`, for an event, in a folder that holds its scripts."""

    workflow: Path
    folder: Path
    github: dict[str, Any]
    environment: dict[str, str]
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    output: str = ""

    def go(self) -> dict[str, str]:
        """Run every job whose condition holds, and return the result of each."""
        for name, job in self._content["jobs"].items():
            needs = job.get("needs", [])
            contexts = {"github": self.github, "needs": {each: self.results[each] for each in _list(needs)}}
            self.results[name] = self._run(job, contexts)
        return {name: str(job["result"]) for name, job in self.results.items()}

    @property
    def group(self) -> str:
        """The concurrency group."""
        return _filled(self._content["concurrency"]["group"], {"github": self.github})

    @property
    def _content(self) -> Any:
        return yaml.safe_load(self.workflow.read_text(encoding="utf-8"))

    def _run(self, job: dict[str, Any], contexts: dict[str, Any]) -> dict[str, Any]:
        condition = job.get("if", "true")
        needed = all(each["result"] == "success" for each in contexts["needs"].values())
        if not (needed or _STATUS.search(condition)) or not _evaluate(condition, contexts):
            return {"result": "skipped", "outputs": {}}
        contexts = {**contexts, "steps": {}}
        succeeded = all(self._step(step, contexts) for step in job["steps"] if "run" in step)
        outputs = {name: _filled(text, contexts) for name, text in job.get("outputs", {}).items()}
        return {"result": "success" if succeeded else "failure", "outputs": outputs}

    def _step(self, step: dict[str, Any], contexts: dict[str, Any]) -> bool:
        if not _evaluate(step.get("if", "true"), contexts):
            return True
        outputs = self.folder / "outputs"
        outputs.write_text("")
        given = {name: _filled(str(text), contexts) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.folder,
            env={**self.environment, "GITHUB_OUTPUT": str(outputs), **given},
            capture_output=True,
            text=True,
            check=False,
        )
        self.output += done.stdout + done.stderr
        lines = (line.partition("=") for line in outputs.read_text().splitlines())
        contexts["steps"][step.get("id", "")] = {"outputs": {name: value for name, _, value in lines}}
        return done.returncode == 0


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _filled(text: str, contexts: dict[str, Any]) -> str:
    return _TEMPLATE.sub(lambda match: str(_evaluate(match[1], contexts) or ""), text)


def _evaluate(expression: str, contexts: dict[str, Any]) -> Any:
    """Return the value of an expression: paths, texts, comparisons, `&&`, `||`, and two functions."""

    def value(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith("'") else f"value({match[0]!r})"

    def of(path: str) -> Any:
        found: Any = contexts
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

    python = _PATH.sub(value, expression.strip()).replace("&&", " and ").replace("||", " or ")
    names = {"value": of, "always": lambda: True, "format": lambda text, *values: text.format(*values), "true": True}
    return eval(python, {"__builtins__": {}}, names)  # noqa: S307 - of our own workflows
