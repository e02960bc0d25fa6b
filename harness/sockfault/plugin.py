# SPDX-License-Identifier: MIT
"""The pytest plugin: the fixture `sockfault`, its options, and what a failure says. The only module
that knows pytest.
"""

from __future__ import annotations

import shlex
import shutil
from typing import Any, Generator

import pytest

from . import failure
from .command import SockfaultError, version
from .harness import Options, Sockfault
from .run import TIMEOUT, seconds

KEY = pytest.StashKey[Sockfault]()
OPTIONS = pytest.StashKey[Options]()


def _duration(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise pytest.UsageError(f"--sockfault-timeout: {error}") from None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockfault", "sockfault: socket calls that fail")
    group.addoption(
        "--sockfault-seed", type=int, metavar="N", help="seed of all random choices (default: 1)"
    )
    group.addoption(
        "--sockfault-timeout",
        metavar="D",
        default=f"{TIMEOUT:g}s",
        help="end each run after D, as 10s or 500ms (default: %(default)s)",
    )
    group.addoption(
        "--sockfault-realism",
        choices=["kernel", "posix"],
        help="inject what Linux does, or all that POSIX allows (default: posix)",
    )
    group.addoption(
        "--sockfault-keep",
        action="store_true",
        help="keep the traces of tests that passed, too, and say where they are",
    )


def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    config.stash[OPTIONS] = Options(
        option.sockfault_seed, _duration(option.sockfault_timeout), option.sockfault_realism
    )


def pytest_report_header() -> str:
    try:
        return f"sockfault: {version()}"
    except SockfaultError as error:
        return f"sockfault: {error}"


@pytest.fixture
def sockfault(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Sockfault, None, None]:
    """Runs programs whose socket calls fail; see sockfault.run, sockfault.start, sockfault.peer."""
    folder = tmp_path_factory.mktemp("sockfault")
    made = Sockfault(folder, request.config.stash[OPTIONS])
    request.node.stash[KEY] = made
    yield made
    made.end()
    report = getattr(request.node, "sockfault_failed", False)
    if not report and not request.config.option.sockfault_keep:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    """A test whose rules did not all fire has proved nothing: it fails, in its call."""
    outcome = yield
    made = pyfuncitem.stash.get(KEY, None)
    if made is None or outcome.excinfo:
        return
    why = made.vacuous()
    if why:
        pytest.fail(why, pytrace=False)


def _repeat(item: pytest.Item, made: Sockfault) -> str:
    """The one command that repeats what failed: of the run, or of the test where that has a part in
    Python."""
    if len(made.runs) == 1 and not made.peers and not made.servers:
        return made.runs[0].repeat
    seed = made.runs[-1].seed if made.runs else 1
    return f"pytest {shlex.quote(item.nodeid)} --sockfault-seed {seed}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    outcome = yield
    made = item.stash.get(KEY, None)
    if made is None or call.when != "call":
        return
    report: pytest.TestReport = outcome.get_result()
    if report.failed:
        item.sockfault_failed = True  # type: ignore[attr-defined]
        for title, text in failure.sections(made.runs, _repeat(item, made)):
            _add_section(report, title, text)
    elif item.config.option.sockfault_keep and made.runs:
        kept = "\n".join(str(run.trace) for run in made.runs)
        report.sections.append(("sockfault traces", kept))
        report.user_properties.append(("sockfault-trace", kept))


def _add_section(report: pytest.TestReport, title: str, text: str) -> None:
    """Within the failure itself, so that JUnit files have it too."""
    add = getattr(report.longrepr, "addsection", None)
    if add:
        add(title, text)
    else:
        report.sections.append((title, text))
