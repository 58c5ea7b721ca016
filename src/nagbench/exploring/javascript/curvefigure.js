// Curves of runs: thin lines, over them the mean of each optimizer with its name at the end.
import {
    axisX,
    axisY,
    dot,
    gridY,
    line,
    plot,
    pointer,
    ruleY,
    text,
    tip,
} from "@observablehq/plot";
import { broken } from "./study.js";
import { brief, number } from "./words.js";

const WIDE = 620;

// What is drawn: the points of each run, the means that result tables have, and where axes end.
export function drawn(study, state, runs, metric) {
    const lines = runs.map((run) => ({ run, points: study.points(run, metric, state.clock) }));
    const means =
        metric.share || metric.name.endsWith("loss")
            ? meansOf(study, state, lines, metric)
            : new Map();
    const log = metric.name === "gradient_norm" || metric.name === "learning_rate";
    const all = lines
        .flatMap(({ points }) => points.map(({ y }) => y))
        .filter((y) => !log || y > 0);
    const finished = lines
        .filter(({ run }) => !broken(run))
        .flatMap(({ points }) => points.map(({ y }) => y));
    if (!all.length) all.push(0.1, 1);
    const capped = !metric.share && !log && finished.length; // what diverged may be without end
    const [least, most] = [Math.min(...all), Math.max(...(capped ? finished : all))];
    const low = metric.share || log ? least : Math.min(0, least);
    const room = 0.04 * (most - low || 1);
    const y = log ? [low / 1.2, most * 1.2] : [low && low - room, most + room];
    return {
        lines,
        means,
        log,
        y,
        ticks: log ? decades(y) : null,
        x: [0, Math.max(0, ...lines.flatMap(({ points }) => points.map(({ x }) => x)))],
    };
}

// Powers of ten, if two lie within the ends of an axis; else it says what it can.
function decades([low, high]) {
    const first = Math.ceil(Math.log10(low));
    const count = Math.floor(Math.log10(high)) - first + 1;
    return count > 1 ? Array.from({ length: count }, (_, n) => 10 ** (first + n)) : null;
}

// By optimizer its mean curve, if these are the runs that the result table is about and their
// evaluations came at the same times of the clock.
function meansOf(study, state, lines, metric) {
    const found = new Map();
    if (state.runs !== "accuracy") return found;
    for (const row of study.result("learning_curves")) {
        if (row.workload !== state.workload || row.metric !== metric.name) continue;
        const own = lines.filter(({ run }) => run.optimizer === row.optimizer);
        const whole = own.filter(({ run }) => !broken(run)).map(({ run }) => run);
        if (!whole.length || new Set(whole.map((run) => run.gradients)).size > 1) continue;
        const { clocks } = study.curves;
        const place = clocks[whole[0].epochs].indexOf(+row.epoch.toPrecision(4));
        if (place < 0) continue;
        const at = clocks[whole[0][state.clock === "epochs" ? "epochs" : "gradients"]][place];
        const cost = state.clock === "seconds" ? study.secondsOf(whole[0]) : 1;
        const scale = metric.share ? 100 : 1;
        if (typeof row.mean !== "number" || cost === null) continue;
        const list = found.get(row.optimizer) ?? found.set(row.optimizer, []).get(row.optimizer);
        list.push({ x: at * cost, y: scale * row.mean, optimizer: row.optimizer });
    }
    for (const list of found.values()) list.sort((a, b) => a.x - b.x);
    return found;
}

// One figure; of small ones `only` is the optimizer that stands before the others' means.
export function curveFigure(study, view, { width, height, target, clock, only, told }) {
    const own = view.lines.filter(({ run }) => !only || run.optimizer === only);
    const points = own.flatMap((one) => one.points);
    const top = view.y[1];
    const stopped = own
        .filter(({ run, points: all }) => broken(run) && all.length)
        .map(({ points: all }) => all.at(-1))
        .map((point) => ({ ...point, y: Math.min(point.y, top) }));
    const means = [...view.means.values()]
        .flat()
        .map((point) => ({ ...point, before: !only || point.optimizer === only }));
    const front = means.filter((point) => point.before);
    const labelled = !only && !view.log && width >= WIDE && own.length > 0;
    const faint = Math.max(0.13, Math.min(0.5, 12 / own.length)) * (view.means.size ? 1 : 1.7);
    const figure = plot({
        width,
        height,
        marginLeft: view.log ? 56 : 44,
        marginRight: labelled
            ? Math.max(
                  ...view.lines.map(
                      ({ run }) => 30 + 6.9 * brief(study.label(run.optimizer)).length,
                  ),
              )
            : 14,
        marginTop: 12,
        marginBottom: only ? 26 : 38,
        ariaLabel: told,
        x: { domain: view.x, label: null },
        y: { domain: view.y, type: view.log ? "log" : "linear", nice: false },
        color: { type: "identity" },
        marks: [
            axisX({ ticks: Math.max(2, Math.floor(width / 110)), tickSize: 3, label: null }),
            axisY({
                ticks: view.ticks ?? (only ? 4 : 6),
                tickSize: 0,
                label: null,
                tickFormat: view.log ? (d) => number(d, 3) : undefined,
            }),
            gridY({ ticks: view.ticks ?? (only ? 4 : 6), strokeOpacity: 0.09 }),
            target === null
                ? null
                : [
                      ruleY([target], {
                          stroke: "currentColor",
                          strokeOpacity: 0.6,
                          strokeDasharray: "2,3",
                      }),
                      only
                          ? null
                          : text([target], {
                                y: (d) => d,
                                frameAnchor: "left",
                                dx: 6,
                                dy: -7,
                                text: (d) => `target ${number(d)} %`,
                                fill: "currentColor",
                                fillOpacity: 0.8,
                                textAnchor: "start",
                                stroke: "var(--ground)",
                                strokeWidth: 4,
                            }),
                  ],
            only
                ? line(
                      means.filter((point) => !point.before),
                      {
                          x: "x",
                          y: "y",
                          z: "optimizer",
                          stroke: "var(--back)",
                          strokeWidth: 1,
                          clip: true,
                      },
                  )
                : null,
            line(points, {
                x: "x",
                y: "y",
                z: (point) => point.run.run,
                stroke: (point) => study.colour(point.run.optimizer),
                strokeWidth: 1,
                strokeOpacity: faint,
                clip: true,
                ariaDescription: "runs",
            }),
            [...new Set(front.map((point) => point.optimizer))].map((name) =>
                line(
                    front.filter((point) => point.optimizer === name),
                    {
                        x: "x",
                        y: "y",
                        stroke: study.colour(name),
                        strokeWidth: 2.2,
                        clip: true,
                        ariaDescription: "mean",
                        strokeDasharray:
                            study.byOptimizer
                                .get(name)
                                .dashes.map((part) => 2.2 * part)
                                .join(" ") || undefined,
                    },
                ),
            ),
            dot(stopped, {
                x: "x",
                y: "y",
                symbol: "times",
                r: 3.2,
                stroke: (point) => study.colour(point.run.optimizer),
                strokeWidth: 1.5,
                ariaDescription: "broke off",
            }),
            own.length && !points.length
                ? text(["Nothing was measured: all broke off before."], {
                      frameAnchor: "middle",
                      fill: "var(--broken)",
                      lineWidth: 16,
                  })
                : null,
            labelled ? ends(study, view, height - 50) : null,
            tip(
                points,
                pointer({
                    x: "x",
                    y: "y",
                    maxRadius: 60,
                    lineHeight: 1.3,
                    title: (point) =>
                        `${study.label(point.run.optimizer)}, seed ${point.run.seed}\n${number(point.x)} ${clock}: ${number(point.y)}${point.run.status === "finished" ? "" : `\n${point.run.status}`}`,
                }),
            ),
        ],
    });
    figure.lines = own.filter((one) => one.points.length).map(({ run }) => run.run);
    return figure;
}

// Names at the ends of lines, set apart where they would overlap.
function ends(study, view, height) {
    const span = view.y[1] - view.y[0] || 1;
    const gap = (13 * span) / height;
    const last = (name) => {
        const mean = view.means.get(name);
        if (mean) return mean.at(-1);
        const own = view.lines.filter(({ run, points }) => run.optimizer === name && points.length);
        return own.map(({ points }) => points.at(-1)).sort((a, b) => a.y - b.y)[
            Math.floor(own.length / 2)
        ];
    };
    const names = [
        ...new Set(
            view.lines.filter(({ points }) => points.length).map(({ run }) => run.optimizer),
        ),
    ];
    const labels = names
        .map((name) => ({ name, y: Math.min(last(name).y, view.y[1]) }))
        .sort((a, b) => b.y - a.y);
    if (!labels.length || labels.length * gap > span * 1.05) return null; // no room: the list of optimizers names them
    labels.forEach((label, n) => {
        if (n) label.y = Math.min(label.y, labels[n - 1].y - gap);
    });
    const below = view.y[0] - labels.at(-1).y;
    if (below > 0)
        for (let n = labels.length - 1; n >= 0; n -= 1) {
            const floor = n === labels.length - 1 ? view.y[0] : labels[n + 1].y + gap;
            labels[n].y = Math.max(labels[n].y, floor);
        }
    return [
        text(labels, {
            x: () => view.x[1],
            y: "y",
            dx: 24,
            textAnchor: "start",
            text: (label) => brief(study.label(label.name)),
            fill: "currentColor",
        }),
        dot(labels, {
            x: () => view.x[1],
            y: "y",
            dx: 14,
            r: 4,
            fill: (label) => study.colour(label.name),
        }),
    ];
}

// Makes the line of a run stand out in a figure, or of none.
export function light(figure, run) {
    const paths = figure.querySelectorAll("g[aria-description='runs'] path");
    figure.lines.forEach((name, n) => paths[n]?.classList.toggle("lit", name === run));
}
