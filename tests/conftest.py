"""Fixtures of all tests: the command line in process, and third-party data where it is present."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench import Cli, Ran


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public datasets beside the checkout; never part of it, for each keeps its own licence."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public datasets are not beside this checkout (../shared/data)")
    return folder


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run one command line in this process."""
    from ittools.cli.app import main

    def run(*words: object) -> Ran:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
