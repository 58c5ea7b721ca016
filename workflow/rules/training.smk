# tune ─▶ choose ─▶ test, band: every unit is a job and a file of records, trained from the plan of its stage.
# A diverged run is a result, not a fault, so it is never retried.


rule tune:
    input:
        code=partial(unit_code, "tune"),
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
        gpu=gpus_of_a_job,
        mem_mb=partial(unit_megabytes, "tune"),
        runtime=partial(unit_minutes, "tune"),
    params:
        plan=partial(plan_at_hand, "tune"),
        store=STORE,
        code=partial(unit_digest, "tune"),
        definition=partial(unit_definition, "tune"),
        device=device_argument,
    shell:
        "nagbench train {params.plan:q} --unit tune/{wildcards.workload}/{wildcards.optimizer}"
        " --data {input.data:q} --store {params.store:q} --device {params.device}"
        " --output {output:q} > {log:q} 2>&1"


rule choose:
    input:
        code=sources("nagbench.runner.decision", DATA_SET),
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
        plan=partial(plan_at_hand, "tune"),
    shell:
        "nagbench choose {params.plan:q} --unit tune/{wildcards.workload}/{wildcards.optimizer}"
        " --records {input.records:q} --output {output:q} > {log:q} 2>&1"


rule test:
    input:
        code=partial(unit_code, "test"),
        data=rules.data.output,
        chosen=partial(choice_file, "test"),
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
        gpu=gpus_of_a_job,
        mem_mb=partial(unit_megabytes, "test"),
        runtime=partial(unit_minutes, "test"),
    params:
        stage="test",
        plan=partial(plan_at_hand, "test"),
        store=STORE,
        code=partial(unit_digest, "test"),
        definition=partial(unit_definition, "test"),
        device=device_argument,
    shell:
        "nagbench train {params.plan:q}"
        " --unit {params.stage}/{wildcards.workload}/{wildcards.optimizer}"
        " --chosen {input.chosen:q} --data {input.data:q} --store {params.store:q}"
        " --device {params.device} --output {output:q} > {log:q} 2>&1"


use rule test as band with:
    input:
        code=partial(unit_code, "band"),
        data=rules.data.output,
        chosen=partial(choice_file, "band"),
    output:
        "<results>/band/{workload}/{optimizer}.parquet",
    log:
        "<logs>/band/{workload}/{optimizer}.log",
    benchmark:
        "<benchmarks>/band/{workload}/{optimizer}.tsv"
    resources:
        gpu=gpus_of_a_job,
        mem_mb=partial(unit_megabytes, "band"),
        runtime=partial(unit_minutes, "band"),
    params:
        stage="band",
        plan=partial(plan_at_hand, "band"),
        store=STORE,
        code=partial(unit_digest, "band"),
        definition=partial(unit_definition, "band"),
        device=device_argument,


rule collect:
    input:
        code=sources(
            "nagbench.records", "nagbench.study.plan", "nagbench.study.file", DATA_SET
        ),
        study=STUDY_FILE,
        extends=STUDY_FILES[1:],
        units=[f"<results>/{unit.name}.parquet" for unit in UNITS],
    output:
        "<results>/records/runs.parquet",
        "<results>/records/curves.parquet",
        "<results>/records/provenance.json",
        "<results>/records/SHA256SUMS",
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
        results=units_folder,
    shell:
        "nagbench collect {input.study:q} --output {params.folder:q} {params.results:q}"
        " > {log:q} 2>&1"


localrules:
    choose,
    collect,


# A plan is no job's output: what it says of a unit is among the parameters of that unit's jobs, so that
# an edit of the study trains the units alone that it changes. (Snakemake does not look at what follows
# a stale job by an ancient file, so a rule that made plans would hide which units are stale.)
onstart:
    stop_without_gpu()
    expect_faults()
    write_plans()
