# Committed records of a study ─▶ those of a part of it.


rule part_records:
    input:
        code=sources("nagbench.migration", "nagbench.study.plan", "nagbench.study.file"),
        study=STUDY_FILE,
        extends=STUDY_FILES[1:],
        records=[
            f"{COMMITTED}/{name}"
            for name in ("runs.parquet", "curves.parquet", "SHA256SUMS")
        ],
        costs=step_cost_files(),
    output:
        f"{RECORDS}/runs.parquet",
        f"{RECORDS}/curves.parquet",
        f"{RECORDS}/provenance.json",
        f"{RECORDS}/SHA256SUMS",
    log:
        "<logs>/part_records.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        committed=COMMITTED,
        folder=subpath(output[0], parent=True),
    shell:
        "nagbench records part --study {input.study:q} --output {params.folder:q}"
        " {params.committed:q} > {log:q} 2>&1"


localrules:
    part_records,
