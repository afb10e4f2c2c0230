"""Is this the account's password? Answered by a key of the HSM. (NIST SP 800-63B-4 3.1.1.2)

argon2id is the caller's work; here comes the keyed step after it, whose key never leaves the HSM:
who has a copy of the database, and nothing else, cannot tell a right guess from a wrong one. The
key has versions, so that it can be changed: each verifier is renewed when its password is next
seen. Wrong guesses are not counted here, as those at codes are: an account that a stranger guesses
at must stay open to its owner.
"""

from __future__ import annotations

import hmac

from hsm import records
from hsm.interface import PasswordCheck
from hsm.secret_keys import SecretKeys
from policies.secret import PasswordTag
from policies.values import AccountId, PasswordVerifier


class Passwords:
    """Makes and checks verifiers with the service's password keys.

    Every method raises ``Broken`` when the device fails.
    """

    def __init__(self, keys: SecretKeys) -> None:
        self._keys = keys

    def stamp(self, account_id: AccountId, tag: PasswordTag) -> PasswordVerifier:
        """What is to be kept of a new password."""
        version = self._keys.newest_password_key()
        return PasswordVerifier(version, self._mac(version, account_id, tag))

    def check(
        self, account_id: AccountId, tag: PasswordTag, verifier: PasswordVerifier | None
    ) -> PasswordCheck:
        """Right or wrong; the HSM computes as much for an account that does not exist.

        Raises:
            Rejected: A verifier of a key that is not there.
        """
        newest = self._keys.newest_password_key()
        version = verifier.version if verifier else 0
        found = self._mac(version or newest, account_id, tag)
        if not version:
            found = bytes.fromhex(tag.value)
        kept = verifier.mac if verifier else bytes(len(found))
        right = hmac.compare_digest(found, kept) and verifier is not None
        renew = right and version < newest
        return PasswordCheck(right, self.stamp(account_id, tag) if renew else None)

    def _mac(self, version: int, account_id: AccountId, tag: PasswordTag) -> bytes:
        return self._keys.password_mac(version, records.encode_password(account_id, tag))
