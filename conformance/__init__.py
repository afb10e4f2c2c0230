"""A test suite for any server of the Cloud Signature Consortium API.

Black box: base URLs and credentials in, a report by clause out. It knows no server's insides and
imports nothing of the project in whose repository it lives.
"""

from typing import Final

__version__: Final = "0.1.0"
