"""The facts that an independent reader found in the documents lent to the developers; empty when they are not there."""

import json
from typing import Any

from tests.shared import CDA

EXPECTED: list[dict[str, Any]] = json.loads((CDA / "expected.json").read_text("utf-8")) if CDA.is_dir() else []
