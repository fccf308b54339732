"""What a program waits for that imports the engine."""

import subprocess
import sys

IMPORT = """
import sys
import hmmcore
parts = "pandas", "scipy.cluster", "scipy.linalg", "scipy.optimize", "scipy.special"
print(*(name for name in parts if name in sys.modules))
"""


def test_what_takes_long_is_imported_when_it_is_needed():
    # Each takes a tenth of a second or more. `import scipy` alone does not, and brings them then.
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == []
