"""The desk: documents are handled by processes that live for one piece of work. (docs/adr/0012)

``Desk`` (``ades.desk.client``) starts one parent process (``ades.desk.parent``) with the libraries
loaded; that forks a child for each ``Work`` (``ades.desk.works``), limits it and kills it at its
deadline (``ades.desk.child``). What a hostile file does to a child ends with it.
"""

from ades.desk.client import Desk
from ades.desk.errors import (
    Busy,
    Crashed,
    DeskError,
    DiskFull,
    Lost,
    OutOfMemory,
    Overdue,
    Oversized,
)
from ades.desk.near import perform
from ades.desk.works import MIB, Limits, Work

__all__ = [
    "MIB",
    "Busy",
    "Crashed",
    "Desk",
    "DeskError",
    "DiskFull",
    "Limits",
    "Lost",
    "OutOfMemory",
    "Overdue",
    "Oversized",
    "Work",
    "perform",
]
