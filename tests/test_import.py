"""Importing the engine is fast."""

import subprocess
import sys

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
