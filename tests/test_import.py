"""Importing the engine is fast, and one thread's affair."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

IMPORT = """
import sys
import hmmcore
parts = "pandas", "scipy.cluster", "scipy.linalg", "scipy.optimize", "scipy.special"
print(*(name for name in parts if name in sys.modules))
"""


def test_slow_packages_are_not_imported_before_they_are_needed():
    # Each takes a tenth of a second or more. `import scipy` is fast, and imports them on first use.
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == []


TWO_THREADS = """
import ast, sys, threading

held = False

def halfway(event, about):
    # Holds the first thread in the middle of the engine until the other has gone as far as it can.
    global held
    name = about[0] if event == "import" else ""
    if held and name.startswith("hmmcore"):
        print("the page looks for", name)
    elif name == "hmmcore.emissions.gaussian" and not other.ident:
        held = True
        other.start()
        while other.is_alive() and not waits(other):
            other.join(0.01)
        held = False

def waits(thread):
    top = sys._current_frames()[thread.ident].f_code
    return (top.co_name, top.co_filename) == ("acquire", "<frozen importlib._bootstrap>")

def begin_a_page():
    script = ast.parse(open("pages/main.py").read())
    script.body = [one for one in script.body if isinstance(one, (ast.Import, ast.ImportFrom))]
    exec(compile(script, "imports", "exec"), {})

other = threading.Thread(target=begin_a_page)
sys.addaudithook(halfway)
import hmmcore
other.join()
"""


def test_a_page_that_opens_while_the_server_prepares_waits_for_the_whole_engine():
    # Two threads inside it at once found each other's modules half made, one time in many.
    done = subprocess.run(
        [sys.executable, "-c", TWO_THREADS], cwd=ROOT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
