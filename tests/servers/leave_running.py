"""`make servers`: a Kafka and an Elasticsearch to try naqid on, until Ctrl-C."""

from __future__ import annotations

import signal
import sys

from server_processes import Elasticsearch, Failed, Kafka
from server_programs import Unavailable


def main() -> int:
    print("Starting Kafka and Elasticsearch (the first time fetches some 250 MB) ...", file=sys.stderr)
    # Whoever ends this ends the servers in good order too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Kafka() as kafka, Elasticsearch() as elasticsearch:
            print(f"Kafka:              {kafka.bootstrap}")
            print(f"Elasticsearch {elasticsearch.version}: {elasticsearch.url}")
            print("To use them in another terminal:")
            print(f"  export NAQID_LOG=kafka://{kafka.bootstrap} NAQID_INDEX={elasticsearch.url}")
            print("They run until Ctrl-C; what they hold is then gone.", flush=True)
            signal.pause()
    except (Unavailable, Failed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
