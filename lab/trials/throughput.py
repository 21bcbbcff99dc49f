"""How many articles a second: the driver in one process, one worker and two, over the same articles.

python -m lab.trials.throughput --articles 5000
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from pathlib import Path

from deployment import Deployment, json_lines
from load import articles
from server_processes import Kafka

from lab.trials.rebalance import in_one_process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=5_000)
    options = parser.parse_args()
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    made = articles(options.articles)
    with tempfile.TemporaryDirectory(prefix="naqid-trial-") as scratch, Kafka() as kafka:
        folder = Path(scratch)
        _, seconds = in_one_process(made, folder / "embedded")
        one_process = len(made) / seconds
        print(json.dumps({"what": "one process", "articles_per_second": round(one_process)}), flush=True)
        file = json_lines(folder / "all.jsonl", made)
        for count in (1, 2):
            with Deployment(kafka.bootstrap, folder / f"workers{count}", folder / "cache", partitions=8) as deployment:
                deployment.append(file)
                workers = [deployment.worker(f"w{number}") for number in range(count)]
                for worker in workers:
                    worker.wait_until_ready()
                began = time.monotonic()
                deployment.wait_until_done(600)
                rate = len(made) / (time.monotonic() - began)
                told = {"articles_per_second": round(rate), "of_one_process": round(rate / one_process, 2)}
                print(json.dumps({"what": f"workers: {count}", **told}), flush=True)
                for worker in workers:
                    worker.stop()


if __name__ == "__main__":
    main()
