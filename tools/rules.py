"""How many decisions of the access rules one core makes in a second, beside a bare call: `make rules`.

Every kind of caller × tie to the citizen × state of the record × action, as the tests have them; the least of several rounds, since the
other work of the machine only ever adds.
"""

import sys
import time
from collections.abc import Callable
from itertools import product

from tests.pure.test_rules import CALLERS, CASES, REGULATING, STATES, URGENT, facts_of

from healthspace.access.rules import Action, Facts, Verdict, decide
from healthspace.access.terms import Reason
from healthspace.identity.caller import Caller

ROUNDS = 7
NOTHING = Verdict(False, Reason.NO_RIGHT)

Question = tuple[Caller, Action, Facts]


def main() -> None:
    callers = [(CALLERS[who], tie) for who, tie in CASES] + [(caller, "none") for caller in (URGENT, REGULATING)]
    asked: list[Question] = [(caller, action, facts_of(tie, state)) for (caller, tie), state, action in product(callers, STATES, Action)]
    for name, decided in (("decisions", decide), ("bare calls", answer_nothing)):
        sys.stdout.write(f"{name:12}{len(asked) / time_of(decided, asked):>12,.0f} a second, of {len(asked):,}\n")


def answer_nothing(caller: Caller, action: Action, facts: Facts) -> Verdict:
    return NOTHING


def time_of(decided: Callable[[Caller, Action, Facts], Verdict], asked: list[Question]) -> float:
    """Seconds of processor for all questions once: the least of the rounds."""
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for caller, action, facts in asked:
            decided(caller, action, facts)
        spent.append(time.process_time() - began)
    return min(spent)


if __name__ == "__main__":
    main()
