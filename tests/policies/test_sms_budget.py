"""A budget of SMS for the whole service. (security-and-pki 5.7)"""

from __future__ import annotations

import pytest

from policies import errors, sms_budget


@pytest.mark.parametrize(("sent", "good"), [(0, True), (2, True), (3, False), (4, False)])
def test_as_many_as_the_budget_says(sent: int, good: bool) -> None:
    """The third of three goes out, the fourth does not."""
    if good:
        sms_budget.admit(sent, 3)
        return
    with pytest.raises(errors.SmsBudgetSpent):
        sms_budget.admit(sent, 3)


@pytest.mark.parametrize(("per_day", "at"), [(1000, 800), (10, 8), (5, 4), (3, 2), (2, 1), (1, 1)])
def test_the_alarm_comes_once_and_in_time(per_day: int, at: int) -> None:
    """With one SMS of the day, before the last one where there is more than one."""
    alarms = [sent for sent in range(1, per_day + 1) if sms_budget.alarming(sent, per_day)]
    assert alarms == [at]
