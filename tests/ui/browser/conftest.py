"""What the tests of `pages/ui/browser` share."""

from pathlib import Path

import pytest

from pages.ui.browser import assets


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of assets in place of `assets/`."""
    monkeypatch.setattr(assets, "OWN_FOLDER", tmp_path)
    (tmp_path / "a.js").write_text("export const a = 1;\n" * 100)
    (tmp_path / "b.css").write_text(".b { color: inherit }")
    (tmp_path / "notes.txt").write_text("not servable")
    return tmp_path
