"""Where the documents lent to the developers are, when they are."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
CDA = SHARED / "data" / "cda"

needs_shared = pytest.mark.skipif(not CDA.is_dir(), reason="the shared documents are not beside this checkout")
