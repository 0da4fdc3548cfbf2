"""`python -m portico`: the same as the `portico` command."""

from __future__ import annotations

import sys

from portico.cli import main

sys.exit(main())
