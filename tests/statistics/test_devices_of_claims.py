"""What trained the runs that a claim compares."""

import json
from dataclasses import replace
from typing import Any

from roled import judged, roled_records, roled_study


def test_claims_name_the_devices_where_several_trained_the_compared_runs(
    small: dict[str, Any],
) -> None:
    study = roled_study(small)
    runs, curves = roled_records(study, 0.28)
    assert [row["devices"] for row in judged(study, (runs, curves))] == ["", ""]
    # The rows of the setting that is fastest, of one optimizer: no other claim is about them.
    own = (runs["stage"] == "test") & (runs["trial"] == 1) & (runs["optimizer"] == "sgd")
    other = json.dumps({"device": "another", "threads": 1})
    mixed = runs.assign(provenance=runs["provenance"].mask(own, other))
    found = {row["hypothesis"]: row["devices"] for row in judged(study, (mixed, curves))}
    assert found == {"accurate": "", "fast": "a test and another"}
    # Step costs are measured apart: no runs are compared.
    cost = replace(study.hypotheses["fast"], metric="step_cost", direction="greater")
    (row,) = judged(replace(study, hypotheses={"cost": cost}), (mixed, curves))
    assert row["devices"] == ""
    # Of a record that does not say what trained it that is unknown.
    unknown = runs.assign(provenance=runs["provenance"].mask(own, "{}"))
    assert judged(study, (unknown, curves))[1]["devices"] == "a test and unknown"
