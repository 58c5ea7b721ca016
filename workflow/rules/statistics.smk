# Records ─▶ result tables.


rule statistics:
    input:
        code=statistics_code(),
        study=STUDY_FILE,
        extends=STUDY_FILES[1:],
        runs=f"{RECORDS}/runs.parquet",
        curves=f"{RECORDS}/curves.parquet",
        sums=f"{RECORDS}/SHA256SUMS",
        costs=step_cost_files(),
        registration=registration_files(),
        theory=f"{VALIDATION}/theory.parquet",
        calibration=f"{VALIDATION}/calibration.parquet",
        cross_check=cross_check_files(),
        elsewhere=elsewhere_sums(),
    output:
        directory("<results>/statistics"),
    log:
        "<logs>/statistics.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        records=subpath(input.runs, parent=True),
        elsewhere=[os.path.dirname(path) for path in elsewhere_sums()],
    shell:
        "nagbench statistics {input.study:q} --records {params.records:q} --theory {input.theory:q}"
        " --calibration {input.calibration:q} --cross-check {input.cross_check:q}"
        " --elsewhere {params.elsewhere:q} --output {output:q} > {log:q} 2>&1"
