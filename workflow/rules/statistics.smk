# Records ─▶ result tables.


rule theory:
    input:
        code=theory_sources(),
        study="workflow/studies/theory.yaml",
    output:
        "results/theory/rates.parquet",
    log:
        "<logs>/theory.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    shell:
        "nagbench theory {input.study:q} --output {output:q} > {log:q} 2>&1"


rule calibration:
    input:
        code=sources("statistics"),
    output:
        "results/calibration.parquet",
    log:
        "<logs>/calibration.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        trials=400,
    shell:
        "nagbench calibrate --trials {params.trials} --output {output:q} > {log:q} 2>&1"


rule statistics:
    input:
        code=sources("statistics"),
        study=STUDY_FILE,
        runs="<records>/runs.parquet",
        curves="<records>/curves.parquet",
        theory=rules.theory.output[0],
        calibration=rules.calibration.output[0],
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
    shell:
        "nagbench statistics {input.study:q} --records {params.records:q} --theory {input.theory:q}"
        " --calibration {input.calibration:q} --output {output:q} > {log:q} 2>&1"
