"""The browser in which the page of the fake is tested, if this machine has it."""

import shutil
from typing import Final

CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")
"""Its path."""
