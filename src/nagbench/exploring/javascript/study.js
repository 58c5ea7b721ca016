// The study's data, looked up by name.

export class Study {
    constructor(data) {
        Object.assign(this, data);
        this.byOptimizer = new Map(data.optimizers.map((one, n) => [one.name, { ...one, n }]));
        this.byWorkload = new Map(data.workloads.map((one) => [one.name, one]));
        this.byClaim = new Map(data.claims.map((one) => [one.name, one]));
        this.byRun = new Map(data.curves.runs.map((one) => [one.run, one]));
        this.byVerdict = new Map(data.verdicts.map((one, n) => [one.verdict, { ...one, n }]));
        this.rows = new Map();
    }

    label(name) {
        return (this.byOptimizer.get(name) ?? this.byWorkload.get(name))?.label ?? name;
    }

    colour(optimizer) {
        return `var(--o${this.byOptimizer.get(optimizer).n})`;
    }

    // Rules that give each optimizer its colour and each verdict its own.
    colours() {
        const of = (kind) => this.optimizers.map((one, n) => `--o${n}:${one[kind]}`).join(";");
        const chips = this.verdicts.map(
            ({ fill, ink }, n) => `.verdict.v${n}{background:${fill};color:${ink}}`,
        );
        return (
            `:root{${of("colour")}}${chips.join("")}` +
            `@media(prefers-color-scheme:dark){:root{${of("dark")}}}`
        );
    }

    // The rows of a result table, as mappings.
    result(name) {
        if (!this.rows.has(name)) {
            const table = this.tables.find((one) => one.kind === "result" && one.name === name);
            const rows = table?.rows.map((row) =>
                Object.fromEntries(table.header.map((column, n) => [column, row[n]])),
            );
            this.rows.set(name, rows ?? []);
        }
        return this.rows.get(name);
    }

    // Runs of a workload whose setting had this role in the test; or of another stage.
    runsOf(workload, kind) {
        return this.curves.runs.filter(
            (run) =>
                run.workload === workload &&
                (run.stage === "test" ? run.roles.split(", ").includes(kind) : run.stage === kind),
        );
    }

    // Where a run stands at each of its evaluations: `x` on a clock, `y` by a metric.
    points(run, metric, clock) {
        const cost = clock === "seconds" ? this.secondsOf(run) : 1;
        const values = run[metric.name];
        return this.curves.clocks[run[clock === "seconds" ? "gradients" : clock]]
            .map((time, n) => ({
                x: time === null || cost === null ? null : cost * time,
                y: values[Math.min(n, values.length - 1)], // the last one holds from there
                run,
            }))
            .filter(({ x, y }) => x !== null && y !== null)
            .map((point) => (metric.share ? { ...point, y: 100 * point.y } : point));
    }

    secondsOf(run) {
        const same = (one) => one.workload === run.workload && one.optimizer === run.optimizer;
        return this.seconds.find(same)?.seconds ?? null;
    }
}

export const broken = (run) => run.status === "diverged" || run.status === "failed";
