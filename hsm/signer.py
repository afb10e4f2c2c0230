"""A signer process: one thread, one login, one request at a time. ``python -m hsm.signer``

Started by ``hsm.process`` with one end of a socket pair and the settings as JSON. Says once that
it is ready, then answers requests until the socket closes; dies with its parent. What it does
with a request stands in ``hsm.handler``.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import socket
import sys
from datetime import UTC, datetime
from typing import Final

from ades import parent
from hsm import errors, exits, messages, softhsm
from hsm.handler import Handler
from hsm.messages import Answer
from hsm.settings import PoolSettings
from policies import codec

# linux/prctl.h
_PR_SET_DUMPABLE: Final = 4

_EXIT_OF: Final = {None: exits.DONE, errors.PinRefused.__name__: exits.PIN_REFUSED}

log = logging.getLogger("hsm.signer")


def main(arguments: list[str]) -> int:
    """Serve until the socket closes.

    Args:
        arguments: File descriptor of the socket, settings as JSON.

    Returns:
        One of ``hsm.exits``.
    """
    descriptor, text = arguments
    _harden()
    _log_as_json()
    settings: PoolSettings = codec.reader(PoolSettings)(codec.decode(text.encode()))
    if settings.softhsm_conf is not None:
        os.environ["SOFTHSM2_CONF"] = str(settings.softhsm_conf)
        softhsm.mend(settings.softhsm_conf)
    with socket.socket(fileno=int(descriptor)) as line:
        try:
            handler = Handler(settings, lambda: datetime.now(UTC))
            opened = handler.open()
            if settings.softhsm_conf is not None:
                softhsm.keep(settings.softhsm_conf)
            line.sendall(messages.encode_answer(Answer(opened)))
            return _serve(handler, line)
        except errors.PinRefused as error:
            log.critical("a token refused its PIN (%s); not trying again", error)
            return exits.PIN_REFUSED
        except errors.Broken as error:
            log.error("the device does not work: %s", error)
            return exits.BROKEN
        except ConnectionError:
            return exits.DONE


def _serve(handler: Handler, line: socket.socket) -> int:
    while (payload := _receive(line)) is not None:
        answer = handler.answer(payload)
        line.sendall(messages.encode_answer(answer))
        if answer.leaving:
            return _EXIT_OF.get(answer.error, exits.BROKEN)
    return exits.DONE


def _receive(line: socket.socket) -> bytes | None:
    """The next frame; ``None`` when the other side is gone or out of step."""
    head = _exactly(line, messages.LENGTH_BYTES)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    return _exactly(line, length) if length <= messages.LONGEST_FRAME else None


def _exactly(line: socket.socket, length: int) -> bytes | None:
    data = bytearray()
    while len(data) < length:
        # MSG_WAITALL: one system call unless a signal comes in between.
        chunk = line.recv(length - len(data), socket.MSG_WAITALL)
        if not chunk:
            return None
        data += chunk
    return bytes(data)


def _log_as_json() -> None:
    """One JSON object a line on standard error, as the processes that start us write theirs."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter())
    logging.basicConfig(handlers=[handler])


class _JsonFormatter(logging.Formatter):
    """Event, level, name, process and time of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """A line without its end."""
        line = {
            "event": super().format(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "timestamp": datetime.fromtimestamp(record.created, UTC),
        }
        return codec.encode(line).decode()


def _harden() -> None:
    """Die with the parent, leave shutdown to it, and keep PINs out of core dumps."""
    parent.die_with_parent()
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Both may go to the whole process group while the parent still drains.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    # Not sys.exit: finalizers of some modules crash at the end of a process.
    os._exit(code)
