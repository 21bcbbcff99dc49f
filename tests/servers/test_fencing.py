"""A worker that was halted beyond its session writes nothing over what the others have done meanwhile."""

from __future__ import annotations

import time
from pathlib import Path

from command import Naqid
from deployment import Deployment, json_lines
from load import articles
from server_processes import Kafka
from test_stream import embedded, told

SESSION = 6.0


def test_a_worker_halted_beyond_its_session_ends_before_it_writes(
    kafka: Kafka, naqid: Naqid, tmp_path: Path, warm_cache: Path
) -> None:
    made = articles(1500)
    first, second = (json_lines(tmp_path / f"{part}.jsonl", made[part::2]) for part in (0, 1))
    with Deployment(kafka.bootstrap, tmp_path / "deployment", warm_cache, session=SESSION) as deployment:
        halted = deployment.worker("halted")
        halted.wait_until_ready()
        deployment.naqid("ingest", str(first))
        while deployment.backlog()["claims"] == 0:
            time.sleep(0.05)
        # In the middle of its work, with dossiers in hand.
        halted.halt()
        other = deployment.worker("other")
        other.wait_until_ready()
        deployment.naqid("ingest", str(second))
        deployment.wait_until_done(90)
        halted.go_on()
        assert halted.wait(20) == 1
        assert "was halted for" in halted.log.read_text(encoding="utf-8")
        # Whoever supervises it starts it again: it takes its share, and the dossiers that it gets are the newer ones.
        again = deployment.worker("halted")
        again.wait_until_ready()
        changed = [{**article, "text": f"{article['text']} تحديث."} for article in made[:200]]
        deployment.naqid("ingest", str(json_lines(tmp_path / "changed.jsonl", changed)))
        deployment.wait_until_done(90)
        expected = embedded(naqid, json_lines(tmp_path / "all.jsonl", [*made, *changed]))
        assert told(deployment.alerts()) == expected
        assert [worker.stop() for worker in (again, other)] == [0, 0]
