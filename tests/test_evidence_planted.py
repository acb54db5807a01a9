"""The verdict is right where the truth is known, and seldom praises a map that knows nothing."""

from collections import Counter

import pytest

from hot_core.evidence import FORMS
from tests.planted import SIZES, accuracy, cases, nulls, results

QUICK = FORMS["quick"]


def test_there_are_cases_of_every_truth_for_every_kind_of_data():
    planted = cases()
    counts = Counter((case.plan.kind, case.truth) for case in planted)
    assert len(planted) >= 40
    assert set(counts) == {(kind, truth) for kind in SIZES for truth in ("supported", "weak", "not supported")}


def test_the_quick_verdict_is_right_in_nineteen_of_twenty_cases():
    found = results(QUICK)
    wrong = [f"{case.plan.kind}, {case.name}: {said}, not {case.truth}" for case, said in found if said != case.truth]
    assert accuracy(found) >= 0.95, f"{len(wrong)} of {len(found)} wrong: {'; '.join(wrong)}"


def test_maps_that_know_nothing_are_seldom_called_supported():
    found = {null.name: null for null in nulls(QUICK, 40)}["all"]
    low, high = found.interval
    print(f"false alarm rate of 'supported': {100 * found.rate:.1f} % [{100 * low:.1f}, {100 * high:.1f}]")
    assert found.draws >= 100
    assert found.rate <= 0.05, f"{found.supported} of {found.draws} null maps were called supported"


@pytest.mark.parametrize("kind", SIZES)
def test_the_full_verdict_agrees_on_one_case_of_each_truth(kind):
    from tests.planted import verdict_of

    for name in ("through the attention", "needed but not enough", "values of 0, right places"):
        case = next(case for case in cases() if case.plan.kind == kind and case.name == name)
        assert verdict_of(case, FORMS["full"])[0].verdict == case.truth, f"{kind}, {name}"
