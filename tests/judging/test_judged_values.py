"""Final values, differences and verdicts, against scipy, statsmodels and what must hold."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_curves import PUBLIC, curves, frame, judged, made_up_file, noisy
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from nagbench.judging.curves import checked
from nagbench.judging.groups import Group, deviation_interval
from nagbench.judging.judgement import Judgement, Question, judge
from nagbench.judging.names import Wanted
from nagbench.judging.readers.any_file import read
from nagbench.judging.two_groups import (
    WANTED,
    detectable,
    improvement_ends,
    improvement_p,
    shift_found,
    student_p,
    welch,
)
from nagbench.statistics.sign_flips import two_sided_p

FILES = ["made up", *(["public"] if PUBLIC.is_file() else [])]


@pytest.fixture(scope="module", params=FILES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """The judgement of a whole file against a baseline."""
    made = request.param == "made up"
    path = made_up_file(tmp_path_factory.mktemp("curves")) if made else PUBLIC
    found = checked([read(path, Wanted())])
    target = (1.5,) if made else (3.28,)
    return judge(found, Question(baseline="b" if made else "muon_lr035", targets=target))


def finals(judgement: Judgement) -> dict[str, np.ndarray]:
    """Last values by optimizer, taken from the curves in the plainest way."""
    last = judgement.curves.frame.sort_values("step").groupby(["optimizer", "run"]).tail(1)
    return {str(name): rows["value"].to_numpy() for name, rows in last.groupby("optimizer")}


def deciding(own: np.ndarray, other: np.ndarray) -> float:
    return max(stats.ttest_ind(own, other, equal_var=equal).pvalue for equal in (False, True))


def test_differences_are_those_of_scipy(whole: Judgement) -> None:
    values, tested = finals(whole), 0
    for row in whole.comparisons.itertuples():
        own, other = values[row.optimizer], values[row.reference]
        assert row.difference == pytest.approx(own.mean() - other.mean())
        if min(len(own), len(other)) < 2:
            assert math.isnan(row.p)
            assert math.isnan(row.p_welch)
            assert math.isnan(row.p_improvement)
            assert row.verdict == "not testable"
            assert row.reason.endswith("has one run")
            continue
        tested += 1
        expected = stats.ttest_ind(own, other, equal_var=False)
        ends = expected.confidence_interval(0.95)
        assert row.p_welch == pytest.approx(expected.pvalue, rel=1e-6)
        assert row.p == pytest.approx(deciding(own, other), rel=1e-6)
        assert (row.low, row.high) == pytest.approx((ends.low, ends.high), rel=1e-6)
        apart = own.min() > other.max() or own.max() < other.min()
        if apart:
            exact = 2 / math.comb(len(own) + len(other), len(own))
            assert row.p_improvement == pytest.approx(exact, rel=1e-6)
            assert row.improvement in (0, 1)
            assert row.reason
        else:
            by_ranks = stats.brunnermunzel(own, other).pvalue
            assert row.p_improvement == pytest.approx(by_ranks, rel=1e-6)
    assert tested > len(values) - 8


def test_holms_families_are_all_with_the_baseline_and_all_pairs(whole: Judgement) -> None:
    values = finals(whole)
    names = [name for name, own in values.items() if len(own) > 1]
    pairs = {(a, b): deciding(values[a], values[b]) for n, a in enumerate(names) for b in names[:n]}
    adjusted = multipletests(list(pairs.values()), method="holm")[1]
    by_pair = {frozenset(pair): p for pair, p in zip(pairs, adjusted, strict=True)}
    rows = whole.comparisons[whole.comparisons["p"].notna()]
    for row in rows[rows["against"] == "best"].itertuples():
        assert row.tests == len(pairs)
        pair = frozenset((row.optimizer, row.reference))
        assert row.p_adjusted == pytest.approx(by_pair[pair], rel=1e-6)
    own = rows[rows["against"] == "baseline"]
    assert (own["tests"] == len(own)).all()
    expected = multipletests(own["p"], method="holm")[1]
    assert own["p_adjusted"].to_numpy() == pytest.approx(expected, rel=1e-6)


def test_the_summary_describes_the_final_values(whole: Judgement) -> None:
    values = finals(whole)
    assert set(whole.summary["optimizer"]) == set(values)
    assert list(whole.summary["place"]) == list(range(1, len(values) + 1))
    assert whole.summary["mean"].is_monotonic_increasing
    for row in whole.summary.itertuples():
        own = values[row.optimizer]
        assert row.runs == len(own)
        assert row.mean == pytest.approx(own.mean())
        assert row.median == pytest.approx(np.median(own))
        assert row.interquartile_mean == pytest.approx(stats.trim_mean(own, 0.25))
        assert (row.best, row.worst) == (own.min(), own.max())
        if len(own) == 1:
            assert math.isnan(row.sd)
            assert math.isnan(row.low)
            continue
        assert row.sd == pytest.approx(own.std(ddof=1))
        interval = stats.ttest_1samp(own, 0).confidence_interval()
        assert (row.low, row.high) == pytest.approx((interval.low, interval.high))
        assert row.sd_low < row.sd < row.sd_high
        if not row.baseline and len(own) > 2:
            base = values[whole.question.baseline or ""]
            p = stats.levene(own, base, center="median").pvalue
            assert row.spread_p == pytest.approx(p, rel=1e-6)


def test_groups_of_different_lengths_are_named(whole: Judgement) -> None:
    (note,) = [note for note in whole.notes if "different numbers of steps" in note]
    low, high = ("200", "500") if whole.question.baseline == "b" else ("2,720", "8,500")
    assert f"({low} to {high})" in note


def test_the_interval_of_a_deviation_holds_it_as_often_as_it_says() -> None:
    noise = np.random.default_rng(0)
    ends = np.array([deviation_interval(noise.normal(0, 2, 6), 0.9) for _ in range(4000)])
    held = ((ends[:, 0] <= 2) & (ends[:, 1] >= 2)).mean()
    assert abs(held - 0.9) < 4 * math.sqrt(0.9 * 0.1 / 4000)


@pytest.mark.parametrize(("runs", "level"), [(2, 0.05), (5, 0.05), (12, 0.001), (40, 0.05 / 1081)])
def test_detectable_differences_are_those_of_statsmodels(runs: int, level: float) -> None:
    """Of equal groups of deviation 1, in which Welch's test is Student's."""
    values = np.arange(runs, dtype=float)
    values = (values - values.mean()) / values.std(ddof=1)
    expected = TTestIndPower().power(detectable(values, values + 1, level), runs, level)
    assert expected == pytest.approx(WANTED, abs=1e-4)


def test_many_runs_are_compared_as_few_are() -> None:
    """The interval of who ends better, on either side of where its rule changes."""
    noise, ends = np.random.default_rng(2), []
    first, second = noise.normal(0.3, 1, 101), noise.normal(0, 1, 100)
    for count in (99, 101):
        groups = [
            Group("a", tuple(map(str, range(len(values)))), values, values, 1.0)
            for values in (first[:count], second)
        ]
        ends.append(improvement_ends(*groups, 0.05))
    assert ends[0] == pytest.approx(ends[1], abs=0.02)
    apart = Group("a", ("0",) * 900, np.arange(900.0), first, 1.0)
    beyond = Group("b", ("0",) * 900, np.arange(900.0) - 2000, first, 1.0)
    assert 0 < improvement_p(apart, beyond) < 1e-300 or improvement_p(apart, beyond) == 0


def test_a_shift_is_found_more_easily_the_larger_the_level() -> None:
    found = [shift_found(8.0, level) for level in (0.5, 0.05, 0.001, 1e-6)]
    assert found == sorted(found)


def test_permuting_rows_changes_nothing(tmp_path: Path) -> None:
    table = pd.read_csv(made_up_file(tmp_path))
    first = judge(curves(tmp_path, table), Question(baseline="b", targets=(1.2, 1.6)))
    mixed = table.sample(frac=1, random_state=1)
    second = judge(curves(tmp_path, mixed), Question(baseline="b", targets=(1.2, 1.6)))
    for name in ("summary", "comparisons", "speed"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert first.notes == second.notes


def test_renaming_optimizers_renames_the_results(tmp_path: Path) -> None:
    table = pd.read_csv(made_up_file(tmp_path))
    new = dict(zip("abcdef", "zyxwvu", strict=True))
    renamed = table.assign(optimizer=table["optimizer"].map(new))
    first = judge(curves(tmp_path, table), Question(baseline="b"))
    second = judge(curves(tmp_path, renamed), Question(baseline="y"))
    expected = first.comparisons.replace({"optimizer": new, "reference": new})
    kept = [name for name in expected if name != "reason"]
    pd.testing.assert_frame_equal(expected[kept], second.comparisons[kept])


def test_a_higher_metric_is_the_mirror_of_a_lower_one(tmp_path: Path) -> None:
    table = pd.read_csv(made_up_file(tmp_path)).drop(columns="steps")
    mirrored = table.assign(accuracy=-table["val_loss"]).drop(columns="val_loss")
    lower = judge(curves(tmp_path, table), Question(baseline="b", targets=(1.5,)))
    higher = judge(curves(tmp_path, mirrored), Question(baseline="b", targets=(-1.5,)))
    assert list(lower.summary["optimizer"]) == list(higher.summary["optimizer"])
    assert list(lower.comparisons["verdict"]) == list(higher.comparisons["verdict"])
    for column in ("p", "p_adjusted", "improvement", "detectable"):
        found = higher.comparisons[column].to_numpy()
        assert lower.comparisons[column].to_numpy() == pytest.approx(found, nan_ok=True), column
    kept = ["median", "time_below", "p", "difference"]
    pd.testing.assert_frame_equal(lower.speed[kept], higher.speed[kept])


def test_one_group_split_in_two_gives_no_verdict(tmp_path: Path) -> None:
    """As often as the level says: in 60 such splits of eight runs each."""
    verdicts = 0
    for seed in range(60):
        values = np.random.default_rng(seed).normal(1, 0.01, 16)
        found = judged(tmp_path, frame({"a": list(values[:8]), "b": list(values[8:])}, every=100))
        verdicts += found.comparisons["verdict"].isin(["better", "worse"]).any()
    assert verdicts <= stats.binom.ppf(0.999, 60, 0.05)


def test_many_groups_of_one_kind_give_few_false_verdicts_against_the_best(tmp_path: Path) -> None:
    """The best is chosen by looking: corrected for all pairs, it is seldom told from any."""
    wrong = 0
    for seed in range(30):
        noise = np.random.default_rng(seed)
        finals_of = {f"o{n}": list(noise.normal(1, 0.01, 6)) for n in range(8)}
        found = judged(tmp_path, frame(finals_of, every=100))
        wrong += found.comparisons["verdict"].isin(["better", "worse"]).any()
    assert wrong <= stats.binom.ppf(0.999, 30, 0.05)


@pytest.mark.parametrize("runs", [2, 4, 8, 20])
def test_few_runs_beside_many_err_no_more_often_than_the_level_says(runs: int) -> None:
    """At a level of 0.05/41, at which Welch's test alone errs 30 times as often for 2 runs."""
    noise, level, trials = np.random.default_rng(runs), 0.05 / 41, 6000
    wrong = [0, 0]
    for _ in range(trials):
        own, other = noise.normal(size=runs), noise.normal(size=20)
        by_welch = welch(own, other, 0.05).p
        wrong[0] += by_welch <= level
        wrong[1] += max(by_welch, student_p(own, other)) <= level
    assert wrong[1] <= stats.binom.ppf(0.999, trials, level)
    if runs == 2:
        assert wrong[0] > 10 * trials * level


def test_a_shifted_copy_is_found(tmp_path: Path) -> None:
    values = list(np.random.default_rng(3).normal(1, 0.01, 10))
    shifted = [value + 0.05 for value in values]
    table = frame({"a": values, "b": shifted, "c": [v + 0.02 for v in values]})
    found = judged(tmp_path, table, baseline="b").comparisons
    against = found.set_index(["against", "optimizer"])["verdict"]
    assert against["baseline", "a"] == against["baseline", "c"] == "better"
    assert against["best", "b"] == "worse"
    assert found["difference"].abs().max() == pytest.approx(0.05)


def test_pairs_find_what_unpaired_runs_do_not(tmp_path: Path) -> None:
    base = np.random.default_rng(4).normal(1, 0.1, 9)
    gain = np.random.default_rng(5).normal(0.02, 0.004, 9)
    table = frame({"a": list(base), "b": list(base + gain)})
    alone = judged(tmp_path, table, baseline="a").comparisons.iloc[0]
    paired = judged(tmp_path, table, baseline="a", paired=True).comparisons.iloc[0]
    assert alone["verdict"] == "not told apart"
    assert (paired["verdict"], paired["test"], paired["pairs"]) == ("worse", "sign flips", 9)
    assert paired["p"] == pytest.approx(two_sided_p(gain))
    assert paired["low"] < paired["difference"] < paired["high"]
    assert paired["detectable_alone"] < alone["detectable_alone"]


def test_more_pairs_than_sign_flips_take_have_the_t_test(tmp_path: Path) -> None:
    noise = np.random.default_rng(6)
    first, second = noise.normal(1, 0.1, 45), noise.normal(1.02, 0.1, 45)
    table = frame({"a": list(first), "b": list(second)}, every=100)
    row = judged(tmp_path, table, baseline="a", paired=True).comparisons.iloc[0]
    expected = stats.ttest_rel(second, first)
    assert row["test"] == "paired t"
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["low"] == pytest.approx(expected.confidence_interval().low)


def test_only_shared_seeds_make_pairs(tmp_path: Path) -> None:
    table = frame({"a": [1.0, 1.1, 1.2, 1.4], "b": [1.1, 1.3], "c": [1.2]})
    rows = judged(tmp_path, table, baseline="a", paired=True).comparisons
    rows = rows[rows["against"] == "baseline"].set_index("optimizer")
    assert list(rows["pairs"][["b", "c"]]) == [2, 1]
    assert rows.loc["b", "reason"] == "2 pairs cannot reject"
    assert math.isinf(rows.loc["b", "detectable"])
    assert rows.loc["c", "reason"] == "fewer than two shared seeds"
    assert math.isnan(rows.loc["c", "p"])


def test_where_a_run_diverged_ranks_decide(tmp_path: Path) -> None:
    good, bad = [1.0 + n / 1000 for n in range(8)], [1.1 + n / 1000 for n in range(8)]
    table = frame({"a": good, "b": [*bad[:6], math.nan, math.nan]})
    found = judged(tmp_path, table, baseline="a")
    row = found.comparisons.iloc[0]
    assert (row["test"], row["verdict"]) == ("ranks", "worse")
    assert math.isnan(row["difference"])
    assert math.isnan(row["p_welch"])
    assert row["p"] == pytest.approx(2 / math.comb(16, 8))
    assert row["improvement"] == 0
    b = found.summary.set_index("optimizer").loc["b"]
    assert (b["diverged"], b["runs"]) == (2, 8)
    assert b["mean"] == pytest.approx(np.mean(bad[:6]))
    assert b["median"] == pytest.approx((bad[3] + bad[4]) / 2)
    assert any("Runs diverged: b (2)" in note for note in found.notes)


def test_in_pairs_of_which_one_diverged_wins_decide(tmp_path: Path) -> None:
    good = [1.0 + n / 1000 for n in range(8)]
    table = frame({"a": good, "b": [*(value + 0.01 for value in good[:7]), math.nan]})
    row = judged(tmp_path, table, baseline="a", paired=True).comparisons.iloc[0]
    assert (row["test"], row["verdict"]) == ("pair wins", "worse")
    assert row["p"] == pytest.approx(2 / 2**8)


@pytest.mark.parametrize("everything", [["a"], ["a", "b"]])
def test_what_all_diverged_has_defined_results(tmp_path: Path, everything: list[str]) -> None:
    finals_of = {"a": [1.0, 1.1, 1.2], "b": [1.1, 1.2, 1.3], "c": [1.0, 1.3, 1.2]}
    for name in everything:
        finals_of[name] = [math.nan] * 3
    found = judged(tmp_path, frame(finals_of), baseline="a", targets=(1.5, 1.2))
    assert set(found.summary["optimizer"][-len(everything) :]) == set(everything)
    assert found.summary["mean"].isna().sum() == len(everything)
    both = found.comparisons[found.comparisons["optimizer"].isin(everything)]
    assert both["improvement"].between(0, 1).all()


def test_runs_that_do_not_spread_are_not_tested(tmp_path: Path) -> None:
    found = judged(tmp_path, frame({"a": [1.0, 1.0, 1.0], "b": [1.1, 1.1, 1.1]}), baseline="a")
    row = found.comparisons.iloc[0]
    assert row["verdict"] == "not testable"
    assert row["reason"] == "no run differs from another within either group"
    assert row["difference"] == pytest.approx(0.1)


def test_single_runs_alone_are_no_ground_for_any_verdict(tmp_path: Path) -> None:
    found = judged(
        tmp_path, frame({"a": [1.0], "b": [1.5], "c": [1.1]}), baseline="b", targets=(1.5,)
    )
    assert (found.comparisons["verdict"] == "not testable").all()
    assert found.comparisons[["p", "p_welch", "p_improvement", "low"]].isna().all(axis=None)
    assert found.speed["p"].isna().all()


def test_one_optimizer_has_nothing_to_compare_with(tmp_path: Path) -> None:
    found = judged(tmp_path, frame({"a": [1.0, 1.1]}))
    assert found.comparisons.empty
    assert any("nothing to compare" in note for note in found.notes)


def test_the_best_needs_two_runs(tmp_path: Path) -> None:
    found = judged(tmp_path, frame({"lucky": [0.9], "a": [1.0, 1.01, 1.02], "b": [1.2, 1.21]}))
    assert list(found.summary["optimizer"]) == ["lucky", "a", "b"]
    assert list(found.summary["best_of_all"]) == [False, True, False]


def test_workloads_are_judged_apart(tmp_path: Path) -> None:
    count = {"a": 6, "b": 6}
    near = frame(noisy(count, {"a": 1.0, "b": 1.2})).assign(workload="near")
    far = frame(noisy(count, {"a": 1.2, "b": 1.0})).assign(workload="far")
    found = judged(tmp_path, pd.concat([near, far]), baseline="a")
    best = found.summary[found.summary["best_of_all"]].set_index("workload")["optimizer"]
    assert dict(best) == {"near": "a", "far": "b"}
    assert (found.comparisons["tests"] == 1).all()


def test_an_evaluation_that_was_due_and_has_no_value_is_a_divergence(tmp_path: Path) -> None:
    """As pandas writes NaN: as nothing. A step at which no run has a value was none."""
    text = "optimizer,run,step,val_loss\n"
    text += "".join(f"a,0,{s},{v}\na,1,{s},{w}\n" for s, v, w in [(0, 2, 2), (9, 1, 1.1)])
    text += "a,0,12,\na,1,12,\nb,0,0,2\nb,0,9,\n"
    path = tmp_path / "curves.csv"
    path.write_text(text)
    runs = checked([read(path, Wanted())]).runs.set_index(["optimizer", "run"])
    assert list(runs["diverged"]) == [False, False, True]
    assert runs.loc[("a", "0"), "end"] == 9


def test_a_value_beyond_all_bounds_is_a_divergence(tmp_path: Path) -> None:
    table = frame({"a": [1.0, 1.1, 1.2], "b": [1.0, 1.2, 1.1]})
    table.loc[table.index[-1], "val_loss"] = 1e200
    found = judged(tmp_path, table, baseline="a", targets=(1.5,))
    assert list(found.summary.set_index("optimizer")["diverged"][["a", "b"]]) == [0, 1]


def test_only_some_are_judged_as_if_there_were_no_others(tmp_path: Path) -> None:
    table = pd.read_csv(made_up_file(tmp_path))
    some = judge(curves(tmp_path, table, only=["a", "b"]), Question(baseline="a"))
    alone = judged(tmp_path, table[table["optimizer"].isin(["a", "b"])], baseline="a")
    pd.testing.assert_frame_equal(some.comparisons, alone.comparisons)
