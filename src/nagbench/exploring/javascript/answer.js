// What the study found, before anything else.
import { h, put } from "./dom.js";
import { address } from "./state.js";
import { verdict } from "./verdict.js";
import { count, fixed, listed, percent, sentence, title } from "./words.js";

const STAGES = { tune: "tuning", test: "test", band: "bands of rates" };

export function answer(root, study) {
    const facts = study.study;
    put(
        root,
        h(
            "p",
            { class: "facts" },
            [
                facts.edition,
                count(facts.runs, "run"),
                facts.seeds,
                facts.device,
            ].join(" · "),
        ),
        h("h1", {}, facts.title),
        ...marks(study),
        facts.pilot && study.headline.length
            ? h("p", { class: "quiet" }, "What today’s rules say of the pilot’s runs:")
            : null,
        h(
            "ul",
            { class: "headline" },
            study.headline.map((name) => line(study, study.byClaim.get(name))),
        ),
        h("p", { class: "summary" }, summary(study)),
        study.leaders.length ? h("ul", { class: "leaders" }, study.leaders.map(leader)) : null,
        h("p", { class: "quiet" }, facts.registration),
        amendments(facts.amendments),
    );
}

function amendments(told) {
    if (!told.length) return null;
    return h(
        "details",
        { class: "quiet" },
        h("summary", {}, count(told.length, "amendment")),
        told.map((one) => h("p", {}, one)),
    );
}

function marks(study) {
    const { demo, pilot, remark, failed, failures } = study.study;
    const word = demo ? "Demonstration. " : pilot ? "Pilot. " : "";
    const told = pilot ? remark.replace(/^A pilot, of/, "Of") : remark;
    return [
        remark || word
            ? h("p", { class: "remark" }, word ? h("strong", {}, word) : null, told)
            : null,
        failed
            ? h("p", { class: "remark" }, `Failed with an error, counted as chance: ${failures}.`)
            : null,
        underWay(study),
    ];
}

function line(study, claim) {
    return h(
        "li",
        {},
        verdict(study, claim.verdict, study.byVerdict.get(claim.verdict).answer),
        h(
            "span",
            {},
            h(
                "a",
                { href: address({ at: "claims", claim: claim.name, verdict: "all" }) },
                sentence(claim.claim),
            ),
            h("span", { class: "found" }, ` ${found(claim)}`),
        ),
    );
}

export function found(claim) {
    const caveats = claim.caveats ? `; ${claim.caveats}` : "";
    const { effect, low, high } = claim.scaled;
    if (effect === null) return claim.statistic.replace(/(\d+) : (\d+)/, "$1 to $2") + caveats;
    const [mean, from, to] = [effect, low, high].map((value) => fixed(value, claim.digits));
    return `${mean} ${claim.unit} [${from}, ${to}]${caveats}`;
}

function summary(study) {
    const total = study.claims.length;
    if (!total) return "The study states no claims.";
    const each = study.counts.map(({ verdict: word, count: number }) => `${number} ${word}`);
    return `Of ${count(total, "claim")}, stated before the runs: ${listed(each)}.`;
}

function leader({ workload, label, accuracy, of, level }) {
    const beside = level.length
        ? `; no test tells ${listed(level)} from it`
        : `; the tests tell it from the other${of > 2 ? ` ${of - 1}` : ""}`;
    return h(
        "li",
        {},
        `Most accurate of ${of} on ${workload}: `,
        h("strong", {}, label),
        `, ${percent(accuracy)}${beside}.`,
    );
}

// Units without records, by stage and workload.
function underWay(study) {
    if (!study.missing.length) return null;
    const groups = Map.groupBy
        ? Map.groupBy(study.missing, (unit) => `${unit.stage} ${unit.workload}`)
        : study.missing.reduce((map, unit) => {
              const key = `${unit.stage} ${unit.workload}`;
              return map.set(key, [...(map.get(key) ?? []), unit]);
          }, new Map());
    const begun = study.missing.filter((unit) => unit.runs).length;
    const units = [...groups.values()].map((group) =>
        h("tr", {}, [
            h("th", { scope: "row" }, title(STAGES[group[0].stage])),
            h("td", {}, study.label(group[0].workload)),
            h(
                "td",
                {},
                group
                    .map(
                        (unit) =>
                            study.label(unit.optimizer) +
                            (unit.runs ? ` (${unit.runs} of ${unit.of} runs)` : ""),
                    )
                    .join(", "),
            ),
        ]),
    );
    return h(
        "details",
        { class: "remark under-way" },
        h(
            "summary",
            {},
            h("strong", {}, "Under way. "),
            `${study.missing.length} of ${count(study.study.units, "unit")} ${study.missing.length === 1 ? "has" : "have"} no results yet` +
                `${begun ? `, ${begun} of them begun` : ""}; claims about them are not tested yet.`,
        ),
        h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, units))),
    );
}
