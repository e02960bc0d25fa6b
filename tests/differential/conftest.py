# SPDX-License-Identifier: MIT
"""The marker of what only `make test-all` runs."""


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; part of `make test-all` only")
