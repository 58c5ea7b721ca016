# The data set: generated, downloaded or decoded, verified, and kept in one form for all studies. Made
# where the workflow was started: nodes of a cluster often have no network.


rule data:
    input:
        code=sources(DATA_SET),
        source=data_source(),
    output:
        f"results/data/{STUDY.data}.npz",
    log:
        "<logs>/data.log",
    # Downloads fail and succeed a minute later.
    retries: 2
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        name=STUDY.data,
        source=source_arguments,
    shell:
        "nagbench data {params.name} {params.source:q} --output {output:q} > {log:q} 2>&1"


localrules:
    data,
