"""The command: what it writes, what --check reports, and that both are reproducible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from codegen.__main__ import ROOT, main, render, render_page, write
from codegen.read.spec import Spec
from tests.support.specs import GET, OF_TAGS, OPENAPI, json_content, minimal

GENERATED = ROOT / "src/grafana_oncall/_generated"
METHODS = ROOT / "src/grafana_oncall/bulk/methods.py"

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
    """Write the smallest specification to a file."""
    path = tmp_path_factory.mktemp("command") / "small.yaml"
    path.write_text(yaml.safe_dump(minimal()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def small_files(small: Path) -> Mapping[str, str]:
    """Render the smallest specification."""
    return render(Spec.load(small))


@pytest.fixture
def output(small: Path, small_files: Mapping[str, str], tmp_path: Path) -> Path:
    """Make a folder that is up to date."""
    write(dict(small_files), tmp_path)
    (tmp_path / "page.md").write_text(render_page(Spec.load(small)), encoding="utf-8")
    shutil.copyfile(METHODS, tmp_path / "methods.txt")
    return tmp_path


def _arguments(spec: Path, output: Path) -> list[str]:
    others = ["--docs", str(output / "page.md"), "--bulk", str(output / "methods.txt")]
    return ["--spec", str(spec), "--output", str(output), *others]


def _read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}


def _change(folder: Path) -> None:
    path = folder / "models/things.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def _lose(folder: Path) -> None:
    (folder / "models/things.py").unlink()


def _add(folder: Path) -> None:
    (folder / "models/stale.py").touch()


def _change_below(folder: Path) -> None:
    (folder / "operations/things.py").write_text("", encoding="utf-8")


def _lose_below(folder: Path) -> None:
    (folder / "operations/_all.py").unlink()


def _add_below(folder: Path) -> None:
    (folder / "operations/stale.py").touch()


def _add_beside(folder: Path) -> None:
    (folder / "operations.py").touch()


def _change_page(folder: Path) -> None:
    (folder / "page.md").write_text("", encoding="utf-8")


def _change_methods(folder: Path) -> None:
    (folder / "methods.txt").write_text("", encoding="utf-8")


def _all(folder: Path) -> None:
    _add(folder)
    _change(folder)
    (folder / "__init__.py").unlink()


def test_the_committed_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """--check then prints nothing."""
    before = _read(GENERATED)
    assert main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")
    assert _read(GENERATED) == before


def test_two_renders_in_one_process_are_the_same(files: Mapping[str, str]) -> None:
    """No state is kept from one render to the next."""
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
    """Hash seed, locale, working directory and its settings do not affect the output."""
    (tmp_path / "pyproject.toml").write_text(_SETTINGS, encoding="utf-8")
    output = tmp_path / "made"
    command = [sys.executable, "-m", "codegen", *_arguments(OPENAPI, output)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "LC_ALL": "C"}
    folder = tmp_path if elsewhere else ROOT
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{len(files) + 2} of {len(files) + 2} files written\n"
    assert (output / "methods.txt").read_bytes() == METHODS.read_bytes()
    assert _read(output) == {name: text.encode() for name, text in files.items()}
    assert _read(output) == _read(GENERATED)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        pytest.param(_change, "models/things.py", id="changed"),
        pytest.param(_lose, "models/things.py", id="missing"),
        pytest.param(_add, "models/stale.py", id="extra"),
        pytest.param(_change_below, "operations/things.py", id="changed in the package"),
        pytest.param(_lose_below, "operations/_all.py", id="missing in the package"),
        pytest.param(_add_below, "operations/stale.py", id="extra in the package"),
        pytest.param(_add_beside, "operations.py", id="module beside the package of its name"),
        pytest.param(_change_page, "page.md", id="the page of operations"),
        pytest.param(_change_methods, "methods.txt", id="the methods of bulk runs"),
        pytest.param(
            _all, "__init__.py, models/stale.py, models/things.py", id="all three, in order"
        ),
    ],
)
def test_a_difference_is_named_with_the_command_to_run(
    small: Path,
    output: Path,
    change: Callable[[Path], None],
    names: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--check fails and leaves the folder as it is."""
    arguments = ["--check", *_arguments(small, output)]
    assert main(arguments) == 0
    change(output)
    before = _read(output)
    assert main(arguments) == 1
    assert capsys.readouterr() == ("", f"Out of date: {names}. Run: make codegen\n")
    assert _read(output) == before


def test_in_a_missing_folder_every_file_is_out_of_date(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check does not create it."""
    absent = tmp_path / "absent"
    assert main(["--check", *_arguments(small, absent)]) == 1
    assert "Out of date: __init__.py, constraints.py" in capsys.readouterr().err
    assert not absent.exists()


@pytest.mark.parametrize("check", [True, False])
def test_an_unsupported_specification_is_reported_with_file_and_pointer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, check: bool
) -> None:
    """Nothing is written, with or without --check."""
    path, output = tmp_path / "odd.yaml", tmp_path / "output"
    pointer = "#/components/schemas/things.Thing/properties/id"
    path.write_text(yaml.safe_dump(minimal({f"{pointer}/format": "uuid"})), encoding="utf-8")
    arguments = _arguments(path, output)
    assert main([*arguments, "--check"] if check else arguments) == 1
    formats = "date-time, local-date-time, time-utc, password"
    expected = f"{path}: {pointer}/format: a format is one of {formats}\n"
    assert capsys.readouterr() == ("", expected)
    assert not output.exists()


def test_writing_creates_the_folder_and_its_parents(
    small: Path,
    small_files: Mapping[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command reports how many files were written."""
    output = tmp_path / "a" / "b"
    assert main(_arguments(small, output)) == 0
    assert capsys.readouterr() == ("12 of 12 files written\n", "")
    assert _read(output) == {name: text.encode() for name, text in small_files.items()}


def test_writing_restores_outdated_files_and_leaves_the_rest(
    small: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stale modules are deleted; other files and unchanged modules are not touched."""
    expected = _read(output)
    (output / "notes.txt").touch()
    same = (output / "constraints.py").stat().st_mtime_ns
    _all(output)
    _add_below(output)
    _lose_below(output)
    assert main(_arguments(small, output)) == 0
    assert capsys.readouterr().out == "5 of 12 files written\n"
    assert _read(output) == expected
    assert (output / "notes.txt").exists()
    assert (output / "constraints.py").stat().st_mtime_ns == same


def test_a_module_goes_with_the_last_schema_that_is_used(output: Path) -> None:
    """The response is of another module now."""
    content = "#/paths/~1things~1{thing_id}~1/get/responses/200/content"
    owner = {"type": "object", "properties": {"id": {"type": "string"}}}
    changes = {
        content: json_content("owners.Owner"),
        "#/components/schemas/owners.Owner": owner,
    }
    write(render(Spec(root=minimal(changes))), output)
    assert set(_read(output)) == {
        "__init__.py",
        "constraints.py",
        "models/__init__.py",
        "models/owners.py",
        *OF_TAGS,
    }


def test_a_module_goes_with_the_last_operation_of_its_tag(output: Path) -> None:
    """The operation has another tag now."""
    write(render(Spec(root=minimal({f"{GET}/tags": ["others"]}))), output)
    present = {name for name in _read(output) if name.startswith("operations/")}
    assert present == {"operations/__init__.py", "operations/_all.py", "operations/others.py"}
