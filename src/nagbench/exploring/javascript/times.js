// Time to a target: medians with their intervals, as the result table has them.
import { axisX, axisY, dot, plot, ruleY, text } from "@observablehq/plot";
import { brief, number } from "./words.js";

const ROW = 24;

export function timesOf(study, state, optimizers) {
    return study
        .result("time_to_target")
        .filter(
            (row) =>
                row.kind === "sustained" &&
                row.workload === state.workload &&
                row.clock === state.clock &&
                String(row.target) === state.target &&
                optimizers.includes(row.optimizer),
        )
        .map((row) => ({ ...row, came: typeof row.median === "number" }))
        .sort(
            (a, b) =>
                (a.came ? a.median : Infinity) - (b.came ? b.median : Infinity) ||
                b.reached - a.reached,
        );
}

export function timesFigure(study, rows, width, clock) {
    const left = Math.min(170, Math.max(110, width * 0.3));
    const came = rows.filter((row) => row.came);
    const open = (row) => typeof row.high !== "number";
    const most = Math.max(
        1,
        ...came.flatMap((row) => [row.median, open(row) ? row.median : row.high]),
    );
    const y = (row) => row.optimizer;
    return plot({
        width,
        height: ROW * rows.length + 48,
        marginLeft: left,
        marginRight: 54,
        marginTop: 8,
        marginBottom: 38,
        ariaLabel: `Median ${clock} to the target`,
        x: { domain: [0, most * 1.04], label: null },
        y: { type: "point", domain: rows.map(y), padding: 0.6 },
        color: { type: "identity" },
        marks: [
            axisX({
                ticks: Math.max(2, Math.floor((width - left) / 90)),
                tickSize: 3,
                label: null,
            }),
            axisY({
                tickSize: 0,
                label: null,
                tickFormat: (name) => brief(study.label(name), left > 150 ? 24 : 16),
            }),
            ruleY(rows, { y, stroke: "currentColor", strokeOpacity: 0.08 }),
            came.length
                ? ruleY(came, {
                      y,
                      x1: (row) => (typeof row.low === "number" ? row.low : row.median),
                      x2: (row) => (open(row) ? most * 1.04 : row.high),
                      stroke: (row) => study.colour(row.optimizer),
                      strokeWidth: 2,
                      strokeOpacity: 0.55,
                  })
                : null,
            dot(came, {
                x: "median",
                y,
                r: 4.5,
                fill: (row) => study.colour(row.optimizer),
                title: (row) => `${number(row.median)} ${clock}`,
            }),
            text(came, {
                x: "median",
                y,
                dy: -9,
                text: (row) => number(row.median, 3),
                fill: "currentColor",
                fontSize: 10,
                fillOpacity: 0.8,
            }),
            text(
                rows.filter((row) => !row.came),
                {
                    x: 0,
                    dx: 4,
                    y,
                    textAnchor: "start",
                    text: () => "fewer than half arrive",
                    fill: "var(--quiet)",
                    stroke: "var(--ground)",
                    strokeWidth: 6,
                },
            ),
            text(rows, {
                y,
                frameAnchor: "right",
                dx: 48,
                textAnchor: "end",
                text: (row) => `${row.reached}/${row.runs}`,
                fill: "currentColor",
                fillOpacity: 0.8,
            }),
        ],
    });
}
