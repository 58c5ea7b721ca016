// The figure of a claim: the paired difference of each seed, and above them the mean with its interval.
import {
    axisX,
    axisY,
    dot,
    plot,
    rect,
    ruleX,
    ruleY,
    text,
    tip,
    pointer,
} from "@observablehq/plot";
import { brief, minus, number, signed } from "./words.js";

const ROW = 17;

export function pairsFigure(study, claim, width) {
    return claim.differences ? differences(study, claim, width) : strips(study, claim, width);
}

function differences(study, claim, width) {
    const [own, other] = claim.arms;
    const named = (arm) => brief(study.label(arm.optimizer), width < 500 ? 16 : 24);
    const rows = claim.seeds
        .map((seed, n) => ({
            seed,
            value: claim.differences[n],
            failing: claim.arms.filter((arm) => arm.fails[n]).map(named),
            words: claim.arms.map((arm) => `${named(arm)} ${number(arm.values[n])}`).join("\n"),
        }))
        .sort(
            (a, b) =>
                Boolean(a.failing.length) - Boolean(b.failing.length) ||
                (a.value ?? 0) - (b.value ?? 0),
        );
    const whole = rows.filter((row) => !row.failing.length && row.value !== null);
    const failing = rows.filter((row) => row.failing.length);
    const { effect, low, high } = claim.scaled;
    const mean = "mean";
    const ends = [
        0,
        low,
        high,
        claim.margin,
        -claim.margin,
        ...whole.map((row) => row.value),
    ].filter(Number.isFinite);
    const pad = 0.06 * (Math.max(...ends) - Math.min(...ends)) || 1;
    const domain = [Math.min(...ends) - pad, Math.max(...ends) + pad];
    const twoArms = claim.arms.length === 2 && other;
    const sign = claim.better === "less" ? -1 : 1;
    const colour = (row) => {
        if (!twoArms) return study.colour(own.optimizer);
        const ahead = sign * row.value >= 0 ? own : other;
        return study.colour(ahead.optimizer);
    };
    const sides =
        twoArms && claim.better && own.optimizer !== other.optimizer
            ? [
                  {
                      x: domain[0],
                      anchor: "start",
                      label: `← ${named(sign > 0 ? other : own)} better`,
                  },
                  {
                      x: domain[1],
                      anchor: "end",
                      label: `${named(sign > 0 ? own : other)} better →`,
                  },
              ]
            : [];
    return plot({
        width,
        height: ROW * (rows.length + (effect === null ? 0 : 1)) + 48,
        marginLeft: 40,
        marginRight: 12,
        marginTop: 24,
        marginBottom: 24,
        ariaLabel: `Differences by seed: ${claim.claim}`,
        x: { domain, label: null },
        y: {
            domain: [...(effect === null ? [] : [mean]), ...rows.map((row) => row.seed)],
            type: "point",
            padding: 0.6,
        },
        color: { type: "identity" },
        marks: [
            claim.margin && claim.margin < 1e6
                ? rect(
                      [
                          {
                              x1: Math.max(-claim.margin, domain[0]),
                              x2: Math.min(claim.margin, domain[1]),
                          },
                      ],
                      {
                          x1: "x1",
                          x2: "x2",
                          fill: "currentColor",
                          fillOpacity: 0.055,
                      },
                  )
                : null,
            ruleX([0], { stroke: "currentColor", strokeOpacity: 0.45 }),
            axisX({
                ticks: Math.max(3, Math.floor(width / 90)),
                tickSize: 3,
                label: null,
                tickFormat: (d) => minus(String(+d.toPrecision(6))),
            }),
            axisY({ tickSize: 0, fontSize: 10, label: null, ticks: rows.map((row) => row.seed) }),
            effect === null
                ? null
                : [
                      ruleY([{}], {
                          x1: low,
                          x2: high,
                          y: () => mean,
                          stroke: "currentColor",
                          strokeWidth: 2,
                      }),
                      dot([{}], {
                          x: effect,
                          y: () => mean,
                          r: 4.5,
                          fill: "currentColor",
                          symbol: "diamond2",
                      }),
                      axisY({
                          ticks: [mean],
                          tickSize: 0,
                          fontSize: 11,
                          label: null,
                          tickFormat: () => "mean",
                      }),
                  ],
            dot(whole, { x: "value", y: "seed", r: 3.6, fill: colour, ariaDescription: "pairs" }),
            text(failing, {
                x: () => (domain[0] + domain[1]) / 2,
                y: "seed",
                fill: "var(--broken)",
                fontSize: 11,
                text: (row) => `✕ ${row.failing.join(" and ")} fails`,
            }),
            sides.map((side) =>
                text([side], {
                    x: "x",
                    text: "label",
                    textAnchor: side.anchor,
                    frameAnchor: "top",
                    dy: -18,
                    fill: "currentColor",
                    fillOpacity: 0.75,
                }),
            ),
            tip(
                whole,
                pointer({
                    lineHeight: 1.3,
                    x: "value",
                    y: "seed",
                    title: (row) =>
                        `seed ${row.seed}: ${signed(row.value)} ${claim.unit}\n${row.words}`,
                }),
            ),
        ],
    });
}

// What the figure of a claim shows.
export function pairsWords(study, claim) {
    const [own, other] = claim.arms.map((arm) => study.label(arm.optimizer));
    const unit = claim.unit === "points" ? "percentage points" : claim.unit;
    const each = claim.metric === "step_cost" ? "a dot for each round" : "a dot for each seed";
    if (!claim.differences) return `${unit}, ${each}`;
    const less = !other
        ? `${own} less the stated value`
        : claim.arms.length > 2
          ? "The gain on one workload less that on the other"
          : `${own} less ${other}`;
    const margin =
        claim.margin && claim.margin < 1e6 ? "; shaded: differences that do not matter" : "";
    return `${less}, ${unit}, ${each}${margin}.`;
}

// Of a ranking: the values of each that is ranked.
function strips(study, claim, width) {
    const several = new Set(claim.arms.map((arm) => arm.optimizer)).size === 1;
    const named = (arm) => study.label(several ? arm.workload : arm.optimizer);
    const values = claim.arms.flatMap((arm) =>
        claim.seeds
            .map((seed, n) => ({ arm, seed, value: arm.values[n] }))
            .filter(({ value }) => value !== null),
    );
    return plot({
        width,
        height: 34 * claim.arms.length + 34,
        marginLeft: Math.min(150, width / 3),
        marginBottom: 24,
        ariaLabel: `Values by seed: ${claim.claim}`,
        x: { label: null, grid: true },
        y: { domain: claim.arms.map(named), type: "point", label: null, tickSize: 0 },
        color: { type: "identity" },
        marks: [
            dot(values, {
                x: "value",
                y: (d) => named(d.arm),
                r: 3.5,
                fill: (d) => study.colour(d.arm.optimizer),
            }),
            tip(
                values,
                pointer({
                    lineHeight: 1.3,
                    x: "value",
                    y: (d) => named(d.arm),
                    title: (d) =>
                        `${named(d.arm)}\nseed ${d.seed}: ${number(d.value)} ${claim.unit}`,
                }),
            ),
        ],
    });
}
