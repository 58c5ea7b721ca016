# tune ─▶ choose ─▶ test: every unit is a job and a file of records. A diverged run is a result, not a
# fault, so it is never retried.


rule tune:
    input:
        code=tune_sources,
        data=rules.data.output,
    output:
        "<results>/tune/{workload}/{optimizer}.parquet",
    log:
        "<logs>/tune/{workload}/{optimizer}.log",
    benchmark:
        "<benchmarks>/tune/{workload}/{optimizer}.tsv"
    retries: 1
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=GPUS_OF_A_JOB,
        mem_mb=4000,
        runtime=240,
    params:
        definition=tune_definition,
        study=study_argument,
        device=device_argument,
    shell:
        "nagbench train {params.study:q} --unit tune/{wildcards.workload}/{wildcards.optimizer}"
        " --data {input.data:q} --device {params.device} --output {output:q} > {log:q} 2>&1"


rule choose:
    input:
        code=sources("choice.py"),
        records=rules.tune.output,
    output:
        "<results>/chosen/{workload}/{optimizer}.json",
    log:
        "<logs>/choose/{workload}/{optimizer}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=study_argument,
    shell:
        "nagbench choose {params.study:q} --unit tune/{wildcards.workload}/{wildcards.optimizer}"
        " --records {input.records:q} --output {output:q} > {log:q} 2>&1"


rule test:
    input:
        code=test_sources,
        data=rules.data.output,
        chosen=rules.choose.output,
    output:
        "<results>/test/{workload}/{optimizer}.parquet",
    log:
        "<logs>/test/{workload}/{optimizer}.log",
    benchmark:
        "<benchmarks>/test/{workload}/{optimizer}.tsv"
    retries: 1
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=GPUS_OF_A_JOB,
        mem_mb=4000,
        runtime=240,
    params:
        definition=test_definition,
        study=study_argument,
        device=device_argument,
    shell:
        "nagbench train {params.study:q} --unit test/{wildcards.workload}/{wildcards.optimizer}"
        " --chosen {input.chosen:q} --data {input.data:q} --device {params.device}"
        " --output {output:q} > {log:q} 2>&1"


rule collect:
    input:
        code=sources("records.py"),
        units=[f"<results>/{unit.name}.parquet" for unit in STUDY.units()],
    output:
        "<results>/records/runs.parquet",
        "<results>/records/curves.parquet",
    log:
        "<logs>/collect.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        folder=subpath(output[0], parent=True),
        study=study_argument,
    shell:
        "nagbench collect {params.study:q} --output {params.folder:q} {input.units:q}"
        " > {log:q} 2>&1"


localrules:
    choose,
    collect,


onstart:
    stop_without_gpu()
