"""`naqid worker` with Faust's own consumer, to see what it loses: python -m lab.trials.stock_worker worker"""

from __future__ import annotations

import sys

from pipeline.cli import make_parser
from pipeline.commands.worker import worker

if __name__ == "__main__":
    sys.exit(worker(make_parser().parse_args(), stock=True))
