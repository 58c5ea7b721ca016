// What one run was, and the command that trains it again.
import { command, h } from "./dom.js";
import { show } from "./state.js";
import { percent, quoted, title } from "./words.js";

const STAGES = { test: "test", tune: "tuning", band: "band of rates" };

export function runPanel(study) {
    const body = h("div", { class: "body" });
    const step = (by) => () => {
        const at = among.findIndex((run) => run === kept);
        const next = among[(at + by + among.length + (at < 0 && by < 0 ? 1 : 0)) % among.length];
        if (next) show({ at: "curves", run: next.run });
    };
    const buttons = h(
        "p",
        { class: "picks" },
        h("button", { type: "button", click: step(-1) }, "Previous run"),
        h("button", { type: "button", click: step(1) }, "Next run"),
        h(
            "button",
            { type: "button", class: "release", click: () => show({ at: "curves", run: "" }) },
            "Let go",
        ),
    );
    const element = h("section", { class: "run", "aria-label": "One run" }, body, buttons);
    let [kept, hovered, among, figures, light] = [null, null, [], [], () => {}];

    function update() {
        const run = hovered ?? kept;
        if (run) element.classList.add("used"); // its place stays, so that nothing moves while one hovers
        body.replaceChildren(
            ...(run
                ? about(study, run, run === kept)
                : [
                      h(
                          "p",
                          { class: "quiet" },
                          "Hover over a curve to see which run it is; a click keeps it here.",
                      ),
                  ]),
        );
        for (const figure of figures) light(figure, run?.run ?? "");
        buttons.hidden = !among.length;
        buttons.lastElementChild.hidden = !kept;
    }
    return {
        element,
        hover(run) {
            if (run !== hovered) {
                hovered = run;
                update();
            }
        },
        show(run, runs) {
            [kept, hovered, among] = [run, null, runs];
            update();
        },
        figures(made, how) {
            [figures, light] = [made, how];
            update();
        },
    };
}

function about(study, run, kept) {
    const { study: named, records, data } = study.commands;
    const place = [
        `${STAGES[run.stage]} on ${study.label(run.workload)}`,
        run.stage === "test" ? "" : `trial ${run.trial}`,
    ];
    const facts = [
        ["Settings", run.settings],
        ["Ran in", place.filter(Boolean).join(", ")],
        ["Setting chosen by", run.roles.replaceAll("runner_up", "runner-up")],
        ["Ended", ended(run)],
        [
            "Final accuracy",
            [
                ["validation", run.final_validation],
                ["test", run.final_test],
            ]
                .filter(([, value]) => value !== undefined && value !== null)
                .map(([part, value]) => `${part} ${percent(value, 2)}`)
                .join(", "),
        ],
        ["Name", run.run],
    ].filter(([, text]) => text);
    const again = `nagbench verify ${quoted(named)} --run ${quoted(run.run)} --records ${quoted(records)} --data ${quoted(data)}`;
    return [
        h(
            "h3",
            {},
            h("span", { class: "blot", style: `background:${study.colour(run.optimizer)}` }),
            `${study.label(run.optimizer)}, seed ${run.seed}`,
            kept ? null : h("small", {}, " click to keep"),
        ),
        h(
            "dl",
            {},
            facts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
        ),
        h("p", { class: "quiet" }, "Train it again, beside its record:"),
        command(again),
    ];
}

function ended(run) {
    const at = run.diverged_step >= 0 ? ` at step ${run.diverged_step}` : "";
    return (
        title(`${run.status}${at}`) +
        (run.message ? `: ${run.message}` : "") +
        (run.status === "diverged" || run.status === "failed" ? "; counted as chance" : "")
    );
}
