"""Completion of commands and of the numbers of open apps, for bash and zsh."""

import argparse
import shlex
from pathlib import Path
from typing import Final

from review_apps.parser import make_parser

_SCRIPT: Final = """\
{zsh}_review_app() {{
    local word=${{COMP_WORDS[COMP_CWORD]}}
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=($(compgen -W {commands} -- "$word"))
    elif [[ $word == -* ]]; then
        case ${{COMP_WORDS[1]}} in
{options}
        esac
    elif (( COMP_CWORD == 2 )); then
        COMPREPLY=($(compgen -W "$(ls {apps} 2> /dev/null | sed -n 's/^pr-0*\\([0-9]*\\)\\.json$/\\1/p')" -- "$word"))
    fi
}}
complete -o default -F _review_app review-app bin/review-app
"""


def script(shell: str, home: Path) -> str:
    """Return the script for a shell, to be read with `eval "$(review-app completion bash)"`."""
    (commands,) = (each for each in make_parser()._actions if isinstance(each, argparse._SubParsersAction))
    names = {name: _options(parser) for name, parser in commands.choices.items()}
    cases = [
        f'            {name}) COMPREPLY=($(compgen -W {shlex.quote(" ".join(options))} -- "$word")) ;;'
        for name, options in names.items()
    ]
    return _SCRIPT.format(
        zsh="autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else "",
        commands=shlex.quote(" ".join(names)),
        options="\n".join(cases),
        apps=shlex.quote(str(home / "apps")),
    )


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings if option.startswith("--")]
