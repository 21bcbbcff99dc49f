"""Stands before an Elasticsearch 8, so that the client of version 9 can be tried where no Java runs a 9.

The client names its version in two headers, and a server of another version answers nothing but 400.
"""

from __future__ import annotations

import socket
import socketserver
import threading

WRITTEN, UNDERSTOOD = b"compatible-with=9", b"compatible-with=8"


class MediaTypeBridge:
    """Carries every connection to `port` on to `node_port`, until it is closed; both are of the loopback."""

    def __init__(self, port: int, node_port: int) -> None:
        open_connections: set[socket.socket] = set()

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    node = socket.create_connection(("127.0.0.1", node_port))
                except ConnectionRefusedError:
                    return
                with node:
                    open_connections.update((node, self.request))
                    answers = threading.Thread(target=carry, args=(node, self.request), daemon=True)
                    answers.start()
                    carry(self.request, node)
                    answers.join()
                    open_connections.difference_update((node, self.request))

        self._open = open_connections
        self._server = Listener(("127.0.0.1", port), Connection)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            end(connection)


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


def carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        # A client sends its headers in one piece and no second request before it is answered: none comes in two.
        while received := source.recv(65536):
            sink.sendall(received.replace(WRITTEN, UNDERSTOOD))
    except OSError:
        pass  # One side went: the other is told below.
    end(source)
    end(sink)


def end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # It has ended already.
