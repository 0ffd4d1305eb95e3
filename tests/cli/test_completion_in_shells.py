"""What shells offer with the completion scripts of the command, where those shells are."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final, Literal

import pytest

from grafana_oncall._cli.app import app

BASH: Final = """
source "$1"
COMP_WORDS=($2) COMP_CWORD=$(($(wc -w <<< "$2") - 1))
_grafana_oncall
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH: Final = 'source "$argv[1]"; complete -C "$argv[2]"'
ZSH: Final = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; fpath=(${1:h} \\$fpath); autoload compinit; compinit -D -u; print re''ady"
zpty -r shell out '*ready*'
zpty -w -n shell "$2"$'\\t'
zpty -r shell out "*$3*" && print -r -- "$3"
"""
"""An interactive shell on a terminal of its own, since only that completes; it is read until the
whole line is there."""
SCRIPTS: Final = {"bash": BASH, "fish": FISH, "zsh": ZSH}

Shell = Literal["bash", "zsh", "fish"]


def completed(shell: Shell, line: str, folder: Path, wanted: str = "") -> list[str]:
    """Return what a shell makes of a line whose last word is not complete; zsh waits for it."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    file = folder / "_cyclopts_grafana-oncall"  # the name by which zsh finds it
    file.write_text(app.generate_completion(shell=shell), encoding="utf-8")
    name = [] if shell == "fish" else [shell]
    done = subprocess.run(
        [program, "-c", SCRIPTS[shell], *name, str(file), line, wanted],
        env={**os.environ, "HOME": str(folder), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return [each.split("\t")[0].strip() for each in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("grafana-oncall grou", "groups"),
        ("grafana-oncall groups sil", "silence"),
        ("grafana-oncall groups list --sta", "--state"),
    ],
)
def test_a_shell_completes_commands_and_options(
    shell: Shell, line: str, word: str, tmp_path: Path
) -> None:
    """The one that begins so."""
    assert completed(shell, line, tmp_path) == [word]


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("grafana-oncall grou", "grafana-oncall groups"),
        ("grafana-oncall groups sil", "grafana-oncall groups silence"),
    ],
)
def test_zsh_completes_the_line(line: str, whole: str, tmp_path: Path) -> None:
    """On a terminal, when Tab is pressed."""
    assert completed("zsh", line, tmp_path, whole) == [whole]
