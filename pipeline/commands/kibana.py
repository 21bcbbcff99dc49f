"""`naqid kibana install`: naqid's data views, searches and dashboard into a Kibana."""

from __future__ import annotations

import argparse
import os

from pipeline.assembly import assemble
from pipeline.overlay import BadSettings
from pipeline.server_adapters import install_kibana


def kibana(options: argparse.Namespace) -> int:
    """The address is the option's, else NAQID_KIBANA's, which may hold a user and a password."""
    if options.url:
        text, named, public = options.url, "--url", True
    else:
        text, named, public = os.environ.get("NAQID_KIBANA", ""), "the environment: NAQID_KIBANA", False
    if not text:
        raise BadSettings(
            "where is Kibana? Give --url http://HOST:PORT, or NAQID_KIBANA=http://USER:PASSWORD@HOST:PORT"
        )
    assembly = assemble(options.config, options.data)
    where, count = install_kibana(assembly.settings, assembly.overlay.shipped, text, named, public)
    print(f"{count} objects installed into {where}")
    return 0
