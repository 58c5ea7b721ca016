# Records ─▶ result tables.


rule statistics:
    input:
        code=sources("statistics"),
        study=STUDY_FILE,
        runs="<records>/runs.parquet",
        curves="<records>/curves.parquet",
    output:
        directory("<results>/statistics"),
    log:
        "<logs>/statistics.log",
    params:
        records=subpath(input.runs, parent=True),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    conda:
        ENVIRONMENT
    shell:
        "nagbench statistics {config[study]:q} --records {params.records:q} --output {output:q}"
        " > {log:q} 2>&1"
