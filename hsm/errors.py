"""What can go wrong between a permit and a signature.

``Busy``, ``Broken`` before the call, and ``Rejected`` are definite: no signature was made, a
reservation may be given back. ``Ambiguous`` is not: a signature may exist somewhere.
"""

from __future__ import annotations


class HsmError(Exception):
    """Base of all; never raised itself."""


class Busy(HsmError):
    """The queue is full, or no signer process took the call in time. Nothing was started."""


class Broken(HsmError):
    """The device cannot work now (token gone, module failing). Nothing was signed."""


class KeyGone(HsmError):
    """The key is not in the device. Nothing was signed."""


class Rejected(HsmError):
    """The activation module refused the call: a record, seal or binding does not hold."""


class Ambiguous(HsmError):
    """The signer process died, hung or failed half-way: a signature may have been made."""


class WrongSignature(Ambiguous):
    """A signature did not verify under the public key and was thrown away. An alarm."""


class PinRefused(Broken):
    """The token refused the PIN of its file. Never tried again: a few tries lock a token."""


class Stale(Broken):
    """A handle is no longer good: the object is gone, or the token was reset."""
