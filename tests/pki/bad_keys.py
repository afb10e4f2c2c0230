"""Keys as bad generators make them, and one as a good generator does; primes found once.

(security-and-pki 1.5: weak-key checks with a corpus of seeded bad keys)
"""

from __future__ import annotations

from functools import cache

from asn1crypto import keys
from cryptography.hazmat.primitives.asymmetric import rsa

P = int(
    "da83021d4117031f5e4afb9bc0d3c5123c492664bf321f80a4d9862ce114cc6cc7edf5ba5f4e78b12ee6f73f"
    "6e1f94e84fcbd84dc3c5717de02078af1ac7199b042e2dc8b1bc28a840f5f09b3da18d1779ec9bbca9a47e75"
    "c9995e2970a38abb867d4234f9262210380749bae28c64e7fb417687225610d78f23cc69d4b0867b1753a46c"
    "5ea0dda32fad65b8c15012de23602824b18fdc7b57b784a0d9455a034c816388270402808a988125d7a85036"
    "4ba85213fc8a55950d7c7f607600b437",
    16,
)
Q = int(
    "ef232b8c1a8ea1f78db647fac6a3fadf2cc6d359c140c178baf3fd37b7f6f66339ac6d712cd8c4873856221c"
    "a92e1011936e6b0bfa9c8824df666065387c22e9cd3af411382162b0f32c59af8f3103fcce5f45985387b2da"
    "3767721f910ad2ddd99be46c66c0e9f5c82c151b0702a75e5fb54f6cbb86f28d95649199c2c963933d6179df"
    "b0ff64955efa08d8a482983d695430cf9b08f67bdc6b6acb7a179d6ba4dd794e65ffdcc26dd138178c9eeae2"
    "a36f1af3c033358c5f342f36ee65b98f",
    16,
)
ANOTHER = int(
    "dfc36061d15be6c764f793de1f6311c0b6fce2d8bb796fd98f4e548c37d5b25dbaa70f4cd8cacebdae3e9179"
    "93f7e0b40736411fc879d26b4a02ddb580972bc57d11cc272455129c1ed59798016915b8ea9c326f39140bbd"
    "a3e95d6179a5520bb43ae4d3bbec7941dcd5531a5aba522652c32d5cc7f1b6b2a2d7cc34da6441cda3ac35a6"
    "a3e379d0ce7cb9488b6c82775907818c5a948f444a0218efa92167e60b7867840d3be3be1318f36dd98acbf6"
    "8fc590a2a746c6efae20a9cbc1ebdcc1",
    16,
)
"""A third prime: ``P * ANOTHER`` shares a factor with ``P * Q``."""
CLOSE = P + (1 << 770) + 292
"""The next prime above that offset: Fermat finds it in a few rounds."""
ROCA = (
    int(
        "e111902f88d86dc238c0fb92bc5312514c67800dc9d136dd31eaf67ac05752309a55e932d36588a03bd94e2c"
        "7f7beead5a3ebd369c539f8dbc6671c8670cc5396635b7d663f171222c5a7cf400d2f060b3782793d226a0aa"
        "340227a90b5c60af1a7dc7e2b817db05e7ed0a590ee78f8e16630799a44a08da7cf849508683bca2898ae406"
        "dec6871f30fdf6d85febcb94a5c6663428126c8e437c57ca02cef063a1b66c5b7817f35da861b4779848a5f7"
        "01f33ca6bb53b350b821a424d3fa4191",
        16,
    ),
    int(
        "d1d410bfa16bc664121d726017d184583c6c5871059c6ae7294670415b1dd05b791f9efad6ff4f7a4dbbd253"
        "92b13b2b4225dca0ef48243f61837ecff968f09099717215f45104ca3095c5405f0f889ed86549b399c64465"
        "8241257edd7997c72dadcd50f6035e3c0f3b5528cf74d36cbf0a0210ebe2a71beabf6fbeb69ad6fd2a5c224c"
        "7d555a4211bef3e56396508a240d4597e31d2810e9fd830ea10296c85f4b8d7d9d43fd7db5f5a5508ec030dc"
        "508b716b3215a574eb33e8efb5005a95",
        16,
    ),
)
"""Primes ``k * M + 65537**a mod M``, M the product of the first 126 primes (CVE-2017-15361)."""


def spki(modulus: int, exponent: int = 65537) -> bytes:
    """SubjectPublicKeyInfo (DER) of these numbers, whatever they are worth."""
    numbers = keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
    return bytes(keys.PublicKeyInfo.wrap(numbers, "rsa").dump())


@cache
def private(p: int, q: int) -> rsa.RSAPrivateKey:
    """The key of two primes."""
    exponent = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    crt = (exponent % (p - 1), exponent % (q - 1), pow(q, -1, p))
    return rsa.RSAPrivateNumbers(p, q, exponent, *crt, public).private_key()


def with_small_factor(prime: int) -> int:
    """A modulus of 3072 bits that this prime divides."""
    return prime * ((1 << 3071) // prime + 2 | 1)
