// Runs: their curves, what one of them was, and the times to a target.
import { curveFigure, drawn, light } from "./curvefigure.js";
import { choice, h, whenWide } from "./dom.js";
import { chooser } from "./optimizers.js";
import { runPanel } from "./run.js";
import { show } from "./state.js";
import { broken } from "./study.js";
import { timesFigure, timesOf } from "./times.js";
import { count, listed, number, title } from "./words.js";

const KINDS = {
    accuracy: "Test, setting chosen by accuracy",
    speed: "Test, setting chosen by speed",
    runner_up: "Test, second best setting",
    tune: "Tuning, every trial",
    band: "Rates round the chosen one",
};
const EACH = {
    epochs: "epoch",
    gradients: "gradient evaluations",
    seconds: "seconds, at the cost of a step that was measured side by side",
};
const CLOCKS = { epochs: "Epochs", gradients: "Gradient evaluations", seconds: "Seconds" };
const SMALL = 250; // pixels of a small figure, at least

export function curves(root, study) {
    const set = (name) => (value) => show({ at: "curves", run: "", [name]: value });
    const choices = {
        workload: choice("Workload", "workload", (value) =>
            show({ at: "curves", run: "", workload: value, target: "", optimizers: "" }),
        ),
        runs: choice("Runs", "runs", set("runs")),
        metric: choice("Metric", "metric", set("metric")),
        clock: choice("Clock", "clock", set("clock")),
        target: choice("Target", "target", set("target")),
        view: choice("Figures", "view", set("view")),
    };
    const optimizers = chooser(study, (names) =>
        show({ at: "curves", run: "", optimizers: names.join(",") }),
    );
    const figures = h("div", { class: "figures" });
    const told = h("p", { class: "quiet", "aria-live": "polite" });
    const about = h("h3", { class: "axis" });
    const panel = runPanel(study);
    const times = h("div", { class: "figure" });
    const timesTitle = h("h3", {});
    const timesAbout = h("p", { class: "quiet" });
    const timesPart = h("div", { class: "times" }, timesTitle, times, timesAbout);
    root.append(
        h(
            "div",
            { class: "controls" },
            Object.values(choices).map((one) => one.element),
        ),
        h(
            "div",
            { class: "explore" },
            optimizers.element,
            h("div", { class: "stage" }, about, figures, told, panel.element, timesPart),
        ),
    );
    let now = null;
    let key = "";
    let wide = 0;
    let wideTimes = 0;

    function draw() {
        if (!wide || !now) return;
        const { state, metric, view, names, target } = now;
        const clock = CLOCKS[state.clock].toLowerCase();
        const small = state.view === "panels";
        const most = small ? Math.floor((wide + 16) / (SMALL + 16)) : 1;
        const columns = Math.max(1, Math.min(names.length, most));
        const width = Math.floor((wide - 16 * (columns - 1)) / columns);
        const height = small ? 170 : Math.max(260, Math.min(440, Math.round(0.62 * wide)));
        const made = (small ? names : names.slice(0, 1).fill(null)).map((only) => {
            const words = `${metric.label} by ${clock}${only ? `, ${study.label(only)}` : ""}`;
            const figure = curveFigure(study, view, {
                width,
                height,
                target,
                clock,
                only,
                told: words,
            });
            figure.addEventListener("input", () => panel.hover(figure.value?.run ?? null));
            figure.addEventListener(
                "click",
                () => figure.value && show({ at: "curves", run: figure.value.run.run }),
            );
            return only
                ? h(
                      "figure",
                      {},
                      h("figcaption", {}, optimizers.swatch(only), ` ${study.label(only)}`),
                      figure,
                  )
                : figure;
        });
        figures.classList.toggle("small", small);
        figures.style.setProperty("--columns", columns);
        figures.replaceChildren(...made);
        panel.figures(
            made.map((one) => (one.matches("svg, figure.plot") ? one : one.lastElementChild)),
            light,
        );
    }

    function drawTimes() {
        if (!wideTimes || !now) return;
        const { state, names } = now;
        const rows = timesOf(study, state, names);
        timesPart.hidden = !rows.length && state.clock !== "seconds";
        times.replaceChildren(
            ...(rows.length
                ? [timesFigure(study, rows, wideTimes, CLOCKS[state.clock].toLowerCase())]
                : []),
        );
    }
    whenWide(figures, (width) => {
        wide = width;
        draw();
    });
    whenWide(times, (width) => {
        wideTimes = width;
        drawTimes();
    });

    return (given) => {
        const state = completed(study, given);
        const work = study.byWorkload.get(state.workload);
        const kinds = Object.entries(KINDS).filter(
            ([kind]) => study.runsOf(state.workload, kind).length,
        );
        choices.workload.show(
            study.workloads.map((one) => [one.name, one.label]),
            state.workload,
        );
        choices.runs.show(kinds.length ? kinds : [["accuracy", KINDS.accuracy]], state.runs);
        choices.metric.show(
            study.metrics.map((one) => [one.name, one.label]),
            state.metric,
        );
        choices.clock.show(
            Object.entries(CLOCKS).filter(
                ([name]) => name !== "seconds" || measured(study, state.workload),
            ),
            state.clock,
        );
        choices.target.show(
            work.targets.map((one) => [String(one), `${number(100 * one)} %`]),
            state.target,
        );
        choices.view.show(
            [
                ["together", "One for all"],
                ["panels", "One each"],
            ],
            state.view,
        );
        const all = study.runsOf(state.workload, state.runs);
        const names = state.optimizers.split(",").filter((name) => work.optimizers.includes(name));
        optimizers.show(work.optimizers, names, all);
        const metric = study.metrics.find((one) => one.name === state.metric);
        const runs = all.filter((run) => names.includes(run.optimizer));
        const part = JSON.stringify([
            state.workload,
            state.runs,
            state.metric,
            state.clock,
            state.target,
            state.view,
            names,
        ]);
        if (part !== key) {
            key = part;
            const shown = runs.filter(
                (run) => state.clock !== "seconds" || study.secondsOf(run) !== null,
            );
            const target = state.metric === "validation_accuracy" ? 100 * state.target : null;
            now = {
                state,
                metric,
                names: names.filter((name) => shown.some((run) => run.optimizer === name)),
                target,
                shown,
                view: drawn(study, state, shown, metric),
            };
            about.textContent = `${metric.label}${metric.share ? " (%)" : ""} by ${EACH[state.clock]}`;
            told.textContent = all.length
                ? words(study, shown, runs, state, metric, names)
                : `No runs yet on ${study.label(state.workload)}.`;
            timesTitle.textContent = `Time to ${number(100 * state.target)} % validation accuracy`;
            timesAbout.textContent =
                state.clock === "seconds"
                    ? "The result tables count time in epochs and in gradient evaluations."
                    : `Median ${CLOCKS[state.clock].toLowerCase()} until it was reached and held for three evaluations, with exact 95 % intervals; at the right the runs that arrived. Runs with the setting chosen by speed.`;
            draw();
            drawTimes();
        }
        panel.show(study.byRun.get(state.run) ?? null, runs);
    };
}

// The state with what it leaves open filled in.
function completed(study, given) {
    const state = { ...given };
    const run = study.byRun.get(state.run);
    if (run) state.workload = state.workload || run.workload;
    if (!study.byWorkload.has(state.workload)) state.workload = study.workloads[0].name;
    const work = study.byWorkload.get(state.workload);
    const kinds = Object.keys(KINDS).filter((kind) => study.runsOf(state.workload, kind).length);
    if (!kinds.includes(state.runs)) state.runs = kinds[0] ?? "accuracy";
    if (!study.metrics.some((one) => one.name === state.metric))
        state.metric = study.metrics[0].name;
    if (!(state.clock in CLOCKS) || (state.clock === "seconds" && !measured(study, state.workload)))
        state.clock = "epochs";
    if (!work.targets.some((one) => String(one) === state.target))
        state.target = String(work.targets[Math.floor((work.targets.length - 1) / 2)]);
    const known = (name) => name === "none" || work.optimizers.includes(name);
    if (!state.optimizers.split(",").some(known))
        state.optimizers = usual(study, work, state.runs).join(",");
    if (run && !state.optimizers.split(",").includes(run.optimizer))
        state.optimizers += `,${run.optimizer}`;
    return state;
}

// The baseline and those that the first decided claims are about, as far as they have runs.
function usual(study, work, kind) {
    const trained = new Set(study.runsOf(work.name, kind).map((run) => run.optimizer));
    const claimed = study.headline
        .flatMap((name) => study.byClaim.get(name).arms ?? [])
        .map((arm) => arm.optimizer);
    const wanted = work.optimizers.filter(
        (name) => trained.has(name) && [study.study.baseline, ...claimed].includes(name),
    );
    return wanted.length ? wanted : work.optimizers.filter((name) => trained.has(name)).slice(0, 5);
}

const measured = (study, workload) => study.seconds.some((one) => one.workload === workload);

// How many runs are drawn, and every one that broke off or could not be drawn.
function words(study, shown, runs, state, metric, names) {
    if (!names.length) return "No optimizer is chosen.";
    if (!runs.length)
        return `No runs yet of ${listed(names.map(study.label, study))} on ${study.label(state.workload)}.`;
    const said = [`${title(metric.about)}. ${count(shown.length, "run")}`];
    for (const status of ["diverged", "failed", "stopped"]) {
        const number = shown.filter((run) => run.status === status).length;
        if (number)
            said.push(
                `${number} ${{ diverged: "diverged (✕ where they broke off)", failed: "failed with an error (✕)", stopped: "stopped at a rung of tuning" }[status]}`,
            );
    }
    const unseen = shown.filter(
        (run) => broken(run) && !study.points(run, metric, state.clock).length,
    ).length;
    if (unseen) said.push(`${unseen} of these broke off before anything was measured`);
    const left = [
        ...new Set(
            runs.filter((run) => !shown.includes(run)).map((run) => study.label(run.optimizer)),
        ),
    ];
    if (left.length) said.push(`steps of ${listed(left)} were not measured`);
    return `${said.join("; ")}.`;
}
