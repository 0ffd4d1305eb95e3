"""The command: what it writes, what --check says, and that both are the same everywhere."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from codegen.__main__ import ROOT, main, render, write
from codegen.read.spec import Spec
from tests.codegen.specs import GET, OPENAPI, OPERATIONS, json_content, minimal

GENERATED = ROOT / "src/grafana_oncall/_generated"

_SETTINGS = """
[tool.ruff]
line-length = 40
[tool.black]
skip-string-normalization = true
[tool.datamodel-codegen]
snake-case-field = true
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the smallest specification."""
    path = tmp_path_factory.mktemp("command") / "small.yaml"
    path.write_text(yaml.safe_dump(minimal()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small_files(small: Path) -> Mapping[str, str]:
    """What the smallest specification is rendered to."""
    return render(Spec.load(small))


@pytest.fixture
def output(small_files: Mapping[str, str], tmp_path: Path) -> Path:
    """A folder that is up to date."""
    write(dict(small_files), tmp_path)
    return tmp_path


def _read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}


def _change(folder: Path) -> None:
    path = folder / "things.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def _lose(folder: Path) -> None:
    (folder / "things.py").unlink()


def _add(folder: Path) -> None:
    (folder / "stale.py").touch()


def _change_below(folder: Path) -> None:
    (folder / "operations/things.py").write_text("", encoding="utf-8")


def _lose_below(folder: Path) -> None:
    (folder / "operations/_all.py").unlink()


def _add_below(folder: Path) -> None:
    (folder / "operations/stale.py").touch()


def _add_beside(folder: Path) -> None:
    (folder / "operations.py").touch()


def _all(folder: Path) -> None:
    _add(folder)
    _change(folder)
    (folder / "__init__.py").unlink()


def test_the_committed_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """And --check says nothing then."""
    before = _read(GENERATED)
    assert main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")
    assert _read(GENERATED) == before


def test_two_renders_in_one_process_are_the_same(files: Mapping[str, str]) -> None:
    """Nothing stays behind from one render to the next."""
    assert render(Spec.load(OPENAPI)) == files


@pytest.mark.parametrize(
    ("seed", "elsewhere"),
    [
        pytest.param("1", False, id="another seed"),
        pytest.param("4711", True, id="another seed in another folder"),
    ],
)
def test_another_process_writes_the_same_bytes(
    files: Mapping[str, str], tmp_path: Path, seed: str, *, elsewhere: bool
) -> None:
    """Neither the order of sets, nor locale, nor the folder and its settings reach the output."""
    (tmp_path / "pyproject.toml").write_text(_SETTINGS, encoding="utf-8")
    output = tmp_path / "made"
    command = [sys.executable, "-m", "codegen", "--spec", str(OPENAPI), "--output", str(output)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "LC_ALL": "C"}
    folder = tmp_path if elsewhere else ROOT
    run = subprocess.run(  # our own command
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{len(files)} of {len(files)} files written to {output}\n"
    assert _read(output) == {name: text.encode() for name, text in files.items()}
    assert _read(output) == _read(GENERATED)


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        pytest.param(_change, "things.py", id="changed"),
        pytest.param(_lose, "things.py", id="missing"),
        pytest.param(_add, "stale.py", id="extra"),
        pytest.param(_change_below, "operations/things.py", id="changed in the package"),
        pytest.param(_lose_below, "operations/_all.py", id="missing in the package"),
        pytest.param(_add_below, "operations/stale.py", id="extra in the package"),
        pytest.param(_add_beside, "operations.py", id="module beside the package of its name"),
        pytest.param(_all, "__init__.py, stale.py, things.py", id="all three, in order"),
    ],
)
def test_a_difference_is_named_with_the_command_to_run(
    small: Path,
    output: Path,
    spoil: Callable[[Path], None],
    names: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--check fails, and leaves the folder as it is."""
    arguments = ["--check", "--spec", str(small), "--output", str(output)]
    assert main(arguments) == 0
    spoil(output)
    before = _read(output)
    assert main(arguments) == 1
    assert capsys.readouterr() == ("", f"Out of date: {names}. Run: make codegen\n")
    assert _read(output) == before


def test_a_folder_that_is_not_there_lacks_every_file(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check does not make it."""
    absent = tmp_path / "absent"
    assert main(["--check", "--spec", str(small), "--output", str(absent)]) == 1
    assert "Out of date: __init__.py, constraints.py" in capsys.readouterr().err
    assert not absent.exists()


@pytest.mark.parametrize("check", [True, False])
def test_an_unsupported_specification_is_named_with_file_and_pointer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, check: bool
) -> None:
    """Nothing is written, with --check or without."""
    path, output = tmp_path / "odd.yaml", tmp_path / "output"
    pointer = "#/components/schemas/things.Thing/properties/id"
    path.write_text(yaml.safe_dump(minimal({f"{pointer}/format": "uuid"})), encoding="utf-8")
    arguments = ["--spec", str(path), "--output", str(output)]
    assert main([*arguments, "--check"] if check else arguments) == 1
    said = capsys.readouterr()
    assert said == ("", f"{path}: {pointer}/format: no other format than date-time\n")
    assert not output.exists()


def test_writing_makes_the_folder_and_what_is_above_it(
    small: Path,
    small_files: Mapping[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command says how much was written."""
    output = tmp_path / "a" / "b"
    assert main(["--spec", str(small), "--output", str(output)]) == 0
    assert capsys.readouterr() == (f"6 of 6 files written to {output}\n", "")
    assert _read(output) == {name: text.encode() for name, text in small_files.items()}


def test_writing_restores_what_differs_and_leaves_the_rest(
    small: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stale module goes, and files that are no modules and unchanged modules are not touched."""
    expected = _read(output)
    (output / "notes.txt").touch()
    same = (output / "constraints.py").stat().st_mtime_ns
    _all(output)
    _add_below(output)
    _lose_below(output)
    assert main(["--spec", str(small), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"5 of 6 files written to {output}\n"
    assert _read(output) == expected
    assert (output / "notes.txt").exists()
    assert (output / "constraints.py").stat().st_mtime_ns == same


def test_a_schema_that_is_no_longer_used_takes_its_module_along(output: Path) -> None:
    """The module of the thing goes when the answer is of another module."""
    answer = "#/paths/~1things~1{thing_id}~1/get/responses/200/content"
    owner = {"type": "object", "properties": {"id": {"type": "string"}}}
    changes = {
        answer: json_content("owners.Owner"),
        "#/components/schemas/owners.Owner": owner,
    }
    write(render(Spec(root=minimal(changes))), output)
    assert set(_read(output)) == {"__init__.py", "constraints.py", "owners.py", *OPERATIONS}


def test_a_tag_that_has_no_operation_any_more_takes_its_module_along(output: Path) -> None:
    """Its builders are those of another tag."""
    write(render(Spec(root=minimal({f"{GET}/tags": ["others"]}))), output)
    present = {name for name in _read(output) if name.startswith("operations/")}
    assert present == {"operations/__init__.py", "operations/_all.py", "operations/others.py"}
