// Claims as cards; one that is opened shows the pairs that it rests on, seed by seed.
import { found } from "./answer.js";
import { command, h, whenWide } from "./dom.js";
import { pairsFigure, pairsWords } from "./pairs.js";
import { address, show } from "./state.js";
import { verdict } from "./verdict.js";
import { count, minus, number, quoted, sentence, signed } from "./words.js";

const UNTESTED = ["not testable here", "not tested yet"];
const isTested = (claim) => !UNTESTED.includes(claim.verdict);

export function claims(root, study) {
    if (!study.claims.length) {
        root.append(h("p", {}, "The study states no claims."));
        return () => {};
    }
    const tested = study.claims.filter(isTested).length;
    const choices = [
        ...(tested && tested < study.claims.length ? [["tested", `Tested ${tested}`]] : []),
        ["all", `All ${study.claims.length}`],
        ...study.counts.map(({ verdict: word, count: number }) => [word, `${word} ${number}`]),
    ];
    const buttons = choices.map(([key, text]) =>
        h(
            "button",
            {
                type: "button",
                "data-key": key,
                click: () => show({ at: "claims", verdict: key, claim: "" }),
            },
            text,
        ),
    );
    const grid = h("div", { class: "cards" });
    root.append(
        h(
            "p",
            { class: "about" },
            "Stated before the runs. A card opens the pairs of runs behind its verdict.",
        ),
        h("div", { class: "chips", role: "group", "aria-label": "Claims by verdict" }, buttons),
        grid,
    );
    const cards = new Map(study.claims.map((claim) => [claim.name, card(study, claim)]));
    let shown = "";
    return (state) => {
        const known = choices.some(([key]) => key === state.verdict)
            ? state.verdict
            : choices[0][0];
        for (const button of buttons)
            button.setAttribute("aria-pressed", button.dataset.key === known);
        const wanted = study.claims.filter(
            (claim) =>
                known === "all" ||
                claim.name === state.claim ||
                (known === "tested" ? isTested(claim) : claim.verdict === known),
        );
        const key = JSON.stringify([known, wanted.map((claim) => claim.name)]);
        if (key !== shown)
            grid.replaceChildren(...wanted.flatMap((claim) => cards.get(claim.name).elements));
        shown = key;
        for (const [name, one] of cards) one.open(name === state.claim);
    };
}

function card(study, claim) {
    const id = `claim-${claim.name}`;
    const button = h(
        "button",
        { type: "button", "aria-expanded": "false", "aria-controls": id },
        sentence(claim.claim),
    );
    const element = h(
        "article",
        { class: "card" },
        h(
            "p",
            { class: "top" },
            verdict(study, claim.verdict),
            h("span", { class: "id" }, claim.shown),
        ),
        h("h3", {}, button),
        h("p", { class: "found" }, isTested(claim) ? found(claim) : claim.said),
    );
    const panel = h("div", { class: "panel", id, role: "region", "aria-label": claim.claim });
    button.addEventListener("click", () =>
        show({ at: "claims", claim: element.classList.contains("open") ? "" : claim.name }),
    );
    return {
        elements: [element, panel],
        open(wanted) {
            button.setAttribute("aria-expanded", wanted);
            element.classList.toggle("open", wanted);
            panel.hidden = !wanted;
            if (wanted && !panel.hasChildNodes()) panel.append(...detail(study, claim));
        },
    };
}

function detail(study, claim) {
    const facts = [
        ["Verdict", [verdict(study, claim.verdict), claim.said ? ` ${claim.said}` : ""]],
        [
            "Effect",
            claim.effect === "–" ? "" : minus(`${claim.effect}, interval ${claim.interval}`),
        ],
        [
            "Decided by",
            claim.statistic &&
                `${claim.statistic.replace(" : ", " to ")}, ${count(claim.pairs, "pair")}, p ${claim.p.startsWith("<") ? "" : "= "}${claim.p}`,
        ],
        [
            "Margin",
            claim.margin
                ? `${number(claim.margin)} ${claim.unit}: differences within it do not matter`
                : "",
        ],
        [
            "Power",
            claim.power === null ? "" : `${claim.power.toFixed(2)} to see an effect of the margin`,
        ],
        ["Conditions", [claim.conditions, claim.conditions_note].filter(Boolean).join("; ")],
        ["Claimed by", claim.source],
    ].filter(([, text]) => text && text.length);
    const list = h(
        "dl",
        {},
        facts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
    );
    const { study: named } = study.commands;
    const again = command(`nagbench explain ${quoted(named)} ${quoted(claim.name)}`);
    const parts = [
        h(
            "div",
            { class: "about-claim" },
            list,
            h("p", { class: "quiet" }, "Down to its runs, and how to train one again:"),
            again,
        ),
    ];
    if (!claim.seeds) return parts;
    const figure = h("div", { class: "figure" });
    whenWide(figure, (width) => figure.replaceChildren(pairsFigure(study, claim, width)));
    const seeds = h(
        "details",
        { class: "seeds" },
        h("summary", {}, claim.metric === "step_cost" ? "Every round" : "Every seed"),
        h(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": "Values by seed" },
            seedTable(study, claim),
        ),
    );
    return [
        h(
            "div",
            { class: "drawn" },
            figure,
            h("p", { class: "quiet" }, pairsWords(study, claim), " ", curves(claim)),
            seeds,
        ),
        ...parts,
    ];
}

// A link to the curves of the runs that are compared.
function curves(claim) {
    const { measured } = claim;
    if (!measured) return null;
    const optimizers = claim.arms.map((arm) => arm.optimizer).join(",");
    const { workload } = claim.arms[0];
    const href = address({ at: "curves", run: "", workload, optimizers, runs: measured });
    return h("a", { href }, "Their curves");
}

function seedTable(study, claim) {
    const several = new Set(claim.arms.map((arm) => arm.workload)).size > 1;
    const name = (arm) =>
        study.label(arm.optimizer) + (several ? ` on ${study.label(arm.workload)}` : "");
    const unit = claim.unit === "points" ? "%" : claim.unit;
    const head = [
        claim.metric === "step_cost" ? "Round" : "Seed",
        ...claim.arms.map((arm) => `${name(arm)} (${unit})`),
        ...(claim.differences ? [`Difference (${claim.unit})`] : []),
    ];
    const cell = (arm, n) => [
        number(arm.values[n]),
        arm.fails[n] ? h("span", { class: "broken" }, " fails") : null,
    ];
    return h(
        "table",
        {},
        h(
            "thead",
            {},
            h(
                "tr",
                {},
                head.map((text, n) => h("th", { scope: "col", class: n ? "number" : "" }, text)),
            ),
        ),
        h(
            "tbody",
            {},
            claim.seeds.map((seed, n) =>
                h(
                    "tr",
                    {},
                    h("th", { scope: "row" }, seed),
                    claim.arms.map((arm) => h("td", { class: "number" }, cell(arm, n))),
                    claim.differences
                        ? h("td", { class: "number" }, signed(claim.differences[n]))
                        : null,
                ),
            ),
        ),
    );
}
