# SPDX-License-Identifier: MIT
"""Certificates for a TLS peer, made for the test by trustme."""

from __future__ import annotations

import pathlib
import shutil
import ssl
import tempfile

from .command import SockfaultError


class Authority:
    """An authority of this test alone, and a certificate of it for one host. `path` is the file
    that a client is to trust."""

    def __init__(self, host: str) -> None:
        try:
            import trustme
        except ImportError:
            raise SockfaultError(
                "a TLS peer needs trustme: the package python3-trustme of Debian, "
                "or `pip install trustme`"
            ) from None
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", host).configure_cert(self.context)
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="sockfault-"))
        self.path = str(self._folder / "ca.pem")
        authority.cert_pem.write_to_path(self.path)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
