#!/bin/sh
# Usage: create_venv.sh FOLDER [PYTHON]
# Makes the virtual environment FOLDER with PYTHON, or with the first Python on PATH that is
# 3.11 or newer. Leaves a working environment alone unless PYTHON names another version.
set -eu

venv=$1
wanted=${2:-}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
can_make_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
fail() { echo "$1" >&2; exit 1; }

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    if [ -z "$wanted" ] || [ "$(version_of "$wanted")" = "$(version_of "$venv/bin/python")" ]; then
        exit 0
    fi
fi

chosen= without_venv=
# Each is run, not only looked up: a name on PATH may be a shim with nothing behind it.
for candidate in ${wanted:-python3.13 python3.12 python3.11 python3}; do
    new_enough "$candidate" || continue
    if can_make_venv "$candidate"; then
        chosen=$candidate
        break
    fi
    without_venv=${without_venv:-$candidate}
done

if [ -z "$chosen" ] && [ -n "$without_venv" ]; then
    fail "$without_venv cannot make virtual environments because its venv package is missing: install it (Debian, Ubuntu: sudo apt-get install python$(version_of "$without_venv")-venv) and run the same command again."
elif [ -z "$chosen" ] && [ -n "$wanted" ]; then
    fail "'$wanted' is not a Python 3.11 or newer: name one that is, for example PYTHON=python3.12."
elif [ -z "$chosen" ]; then
    fail "No Python 3.11 or newer was found: install one (https://www.python.org/downloads/) or name it, for example PYTHON=/path/to/python3."
fi

echo "Making the virtual environment $venv with $chosen (Python $(version_of "$chosen"))"
exec "$chosen" -m venv --clear "$venv"
