"""Bindings of credentials that this process has found true.

A MAC over the same text under the same key is the same MAC for ever, so one that the HSM has
confirmed need not be asked for again with each approval of the same credential. What is changed
in a row makes another text and is asked for. Memory of one process and one login to the tokens.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from hsm import errors, records
from hsm.interface import BindingClaim
from hsm.secret_keys import Purpose, SecretKeys

MOST: Final = 10_000
"""Bindings remembered, about 100 bytes each; the one used longest ago is forgotten first."""


class Bindings:
    """Checks claims about credentials."""

    def __init__(self, keys: SecretKeys, most: int = MOST) -> None:
        self._keys = keys
        self._most = most
        self._true: OrderedDict[bytes, None] = OrderedDict()
        """SHA-256 of MAC and text."""

    def check(self, claim: BindingClaim, binding: bytes) -> None:
        """Return when ``binding`` is the MAC over exactly this claim.

        Raises:
            Rejected: It is not.
            Broken: The token fails.
        """
        text = records.encode_claim(claim)
        # The length first: no byte of the one can be taken for a byte of the other.
        name = records.sha256(len(binding).to_bytes(8, "big") + binding + text)
        if name in self._true:
            self._true.move_to_end(name)
            return
        if not self._keys.holds(Purpose.BINDING_MAC, text, binding):
            raise errors.Rejected(f"binding of credential {claim.credential_id}")
        self._true[name] = None
        if len(self._true) > self._most:
            self._true.popitem(last=False)
