# SPDX-License-Identifier: Apache-2.0
"""Makes the helpers of tests/house importable."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "house"))
