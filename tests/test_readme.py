"""The README's tour of the engine runs as it is printed."""

import re
from pathlib import Path

from pages.ui.parts.presets import PRESETS

README = Path(__file__).parents[1] / "README.md"


def test_the_tour_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    exec(compile(code, README.name, "exec"), {"__name__": "tour"})
    printed = capsys.readouterr().out
    assert printed.count("log-likelihood") == 5
    share = float(re.search(r"([\d.]+)% decoded", printed).group(1))
    assert 95.0 < share <= 100.0


def test_every_room_on_the_map_exists():
    root = README.parent
    for line in re.findall(r"^\| (`.*?) \|", README.read_text(), flags=re.MULTILINE):
        here = root
        for name in re.findall(r"`([^`]+)`", line):
            candidate = root / name if (root / name).exists() else here / name
            assert candidate.exists(), f"README names {name}, which is not there"
            here = candidate if candidate.is_dir() else candidate.parent


def test_as_many_examples_are_there_as_it_says():
    (number,) = re.findall(r"(\d+) examples put one question each", README.read_text())
    assert int(number) == len(PRESETS)
