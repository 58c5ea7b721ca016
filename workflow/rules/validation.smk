# What does not depend on a study: the methods where the answer is known.


rule theory:
    input:
        code=theory_code(),
        study=local("src/nagbench/validation/theory.yaml"),
    output:
        "<validation>/theory.parquet",
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
        code=sources("nagbench.validation.calibration"),
    output:
        "<validation>/calibration.parquet",
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
