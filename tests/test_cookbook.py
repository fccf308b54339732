"""Every job of the cookbook runs, after its first lines alone, and prints what it says."""

import re
from pathlib import Path

import pytest

COOKBOOK = Path(__file__).parents[1] / "docs" / "cookbook.md"
BEGINNING, *JOBS = re.findall(r"```python\n(.*?)```", COOKBOOK.read_text(), flags=re.DOTALL)
TITLES = re.findall(r"^## \d+\. (.*)$", COOKBOOK.read_text(), flags=re.MULTILINE)


def test_there_are_ten_jobs():
    assert len(TITLES) == len(JOBS) == 10


@pytest.mark.parametrize("job", JOBS, ids=TITLES)
def test_a_job_prints_what_the_cookbook_says(job, capsys):
    exec(compile(BEGINNING + job, COOKBOOK.name, "exec"), {"__name__": "cookbook"})
    printed = capsys.readouterr().out.splitlines()
    said = [line.removeprefix("# > ") for line in job.splitlines() if line.startswith("# > ")]
    assert printed == said
    assert printed, "a job shows something"
