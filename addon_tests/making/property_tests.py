"""How many examples a property is tried with: fixed ones in the suite, random ones in a search.

`scripts/test.py --search` runs every property with many more examples of a seed that it prints.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FIXED, SEARCH = "ci", "search"
EXAMPLES_VARIABLE = "HANDMOCAP_SEARCH_EXAMPLES"
# Hypothesis' own number where a test names none.
_USUAL = 100


def load_profiles() -> None:
    """The same examples every time, however slow the machine is; `--hypothesis-profile search` asks for random ones."""
    # A loaded machine is no fault of the code, and an example remembered from another run makes two runs differ.
    steady = settings(
        deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True, max_examples=_USUAL
    )
    settings.register_profile(FIXED, steady, derandomize=True)
    settings.register_profile(SEARCH, steady, max_examples=int(os.environ.get(EXAMPLES_VARIABLE, 10 * _USUAL)))
    settings.load_profile(FIXED)


def examples(count: int) -> settings:
    """So many examples in the suite, in place of a hundred; a search tries a property that has fewer of them less often."""
    return settings(max_examples=max(1, count * settings().max_examples // _USUAL))
