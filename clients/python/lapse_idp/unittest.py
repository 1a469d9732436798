"""For unittest: a sandbox for each test, as pytest's fixture `lapse_tenant` gives it."""

from __future__ import annotations

import contextlib
import sys
import unittest
from typing import Any

from .client import Lapse, Tenant
from .environment import applied
from .session import StartError, session
from .story import text


class LapseTestCase(unittest.TestCase):
    """A test case whose `lapse_tenant` is a sandbox of the test's own, and whose `lapse` is the server, which the whole run shares.

    Both are there in `setUp`. The sandbox is removed after the test's cleanups, and the environment names it until then. Below the
    traceback of a test that failed stands what Lapse saw. pytest runs these, too.
    """

    lapse: Lapse
    lapse_tenant: Tenant

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        result = self.defaultTestResult() if result is None else result
        if any(getattr(each, "__unittest_skip__", False) for each in (type(self), getattr(self, self._testMethodName))):
            return super().run(result)
        with contextlib.ExitStack() as stack:
            try:
                self.lapse = session.server()
                self.lapse_tenant = stack.enter_context(self.lapse.sandbox())
                stack.enter_context(applied(self.lapse_tenant))
            except Exception as error:
                self._cannot_run(result, error)
                return result
            done = super().run(result)
            if not _is_shown_by_pytest(result, self.lapse_tenant, stack):
                _tell(self, result)
            return done

    def _cannot_run(self, result: unittest.TestResult, error: Exception) -> None:
        result.startTest(self)
        if isinstance(error, StartError) and error.was_told:
            result.addSkip(self, "Lapse did not start: see the error of the first test that needs it")
        else:
            result.addError(self, sys.exc_info())
        result.stopTest(self)


def _is_shown_by_pytest(result: object, tenant: Tenant, stack: contextlib.ExitStack) -> bool:
    """Where pytest runs the test, its report comes later, and so does the end of the sandbox."""
    if "pytest" not in sys.modules:
        return False
    import pytest

    from .pytest_plugin import show

    if not isinstance(result, pytest.Item):
        return False
    result.addfinalizer(stack.pop_all().close)
    show(result, tenant)
    return True


def _tell(case: LapseTestCase, result: unittest.TestResult) -> None:
    """Adds what Lapse saw to what the result says of the test."""
    for found in (result.failures, result.errors):
        # A subtest stands for its test.
        mine: list[Any] = [index for index, (test, _) in enumerate(found) if getattr(test, "test_case", test) is case]
        for index in mine[-1:]:
            test, said = found[index]
            found[index] = (test, f"{said}\n{text(case.lapse_tenant)}\n")
