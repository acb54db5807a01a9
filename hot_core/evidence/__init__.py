"""How far to trust a map: does the prediction depend on it, does it depend on what was learnt, do others agree?"""

from hot_core.evidence.focus import Focus
from hot_core.evidence.form import FORMS, Form, FormName
from hot_core.evidence.gather import MAP, ROLLOUT, Evidence, gather
from hot_core.evidence.probe import Done
from hot_core.evidence.summary import summary
from hot_core.evidence.target import Target
from hot_core.evidence.verdict import RULE, Judgement, Verdict, judge

__all__ = [
    "FORMS", "MAP", "ROLLOUT", "RULE", "Done", "Evidence", "Focus", "Form", "FormName", "Judgement", "Target",
    "Verdict", "gather", "judge", "summary",
]  # fmt: skip
