"""The first bytes of PostgreSQL's protocol, to learn whether a server takes connections: no driver, no event loop.

https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import socket
import struct

PROTOCOL = 3 << 16
TIMEOUT = 5.0


def server_version(path: str, *, role: str, database: str) -> str | None:
    """The version (as "18.4") of the server on the Unix socket `path` if it lets `role` into `database` now, else None."""
    words = b"".join(word.encode() + b"\0" for word in ("user", role, "database", database)) + b"\0"
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(TIMEOUT)
        try:
            server.connect(path)
            server.sendall(struct.pack("!II", len(words) + 8, PROTOCOL) + words)
            version = _read_until_ready(server)
            server.sendall(struct.pack("!cI", b"X", 4))
        except OSError:
            return None
    return version


def _read_until_ready(server: socket.socket) -> str | None:
    version = None
    with server.makefile("rb") as answers:
        while len(head := answers.read(5)) == 5:
            kind, length = struct.unpack("!cI", head)
            content = answers.read(length - 4)
            if kind == b"S" and content.startswith(b"server_version\0"):
                version = content.split(b"\0")[1].decode().split()[0]
            if kind == b"Z":
                return version
            if kind == b"E":
                return None
    return None
